"""Whether to scale out or up, and by how much: from the peak of the last minutes, what is there, and what may fail."""

from collections.abc import Callable, Iterable
from functools import partial

from console.cluster.advice.advice import Advice
from console.cluster.advice.members import lag, more_members
from console.cluster.advice.nodes import cache, memory, vendor
from console.cluster.advice.servers import more_balancers, more_servers
from console.cluster.duration import span
from console.cluster.sizing import Sizing
from console.cluster.snapshot import Snapshot

__all__ = ["Advice", "advise"]

ENOUGH_S = 300.0
"""Peaks of less than this are no ground to call a cluster large enough."""


def advise(snapshot: Snapshot, sizing: Sizing | None = None, users: int | None = None) -> tuple[Advice, ...]:
    """What should be done, what keeps from failing first; a last one says how far the data reaches."""
    rules: tuple[Callable[[Snapshot], Iterable[Advice]], ...] = (
        more_members,
        more_servers,
        more_balancers,
        memory,
        cache,
        lag,
        partial(vendor, sizing=sizing, users=users),
    )
    found = [advice for rule in rules for advice in rule(snapshot)]
    return (*found, _reach(snapshot, enough=not found))


def _reach(snapshot: Snapshot, *, enough: bool) -> Advice:
    load = snapshot.load
    if load.peak_requests_s is None:
        return Advice(subject=snapshot.cluster, says="No peak was seen yet: whether this is enough is not known.")
    over = f"watched for {span(load.over_s)}" + (" only" if load.over_s < ENOUGH_S else "")
    sessions = "sessions that are not known" if load.peak_sessions is None else f"{load.peak_sessions} sessions"
    peak = f"the peak was {load.peak_requests_s:.0f} requests/s and {sessions}, {over}"
    if not load.peak_requests_s:
        says = "No traffic was seen: whether this is enough is not known."
    elif load.over_s < ENOUGH_S:
        says = "Watch for longer: what was seen is little to rest on."
    else:
        says = "Nothing is missing for this peak." if enough else "This rests on the peak that was seen."
    return Advice(subject=snapshot.cluster, says=says, because=(peak,))
