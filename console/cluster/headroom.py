"""What is there, against what the peak of the last minutes needs: now, and with one server and one member gone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from console.cluster.capacity import session_limit
from console.cluster.snapshot import AppServer, Balancer, Health, Member, Snapshot
from console.cluster.standing import Standing
from console.cluster.whatif import impact

FULL = 0.8
"""More than this part of what a server can take leaves no room for a rise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """One measure of what is there."""

    what: str
    now: str
    one_less: str
    """With one server, or one member, gone: the one whose loss hurts most."""
    holds: bool | None
    """Whether it is enough with one gone; None where that cannot be known."""


def headroom(snapshot: Snapshot) -> tuple[Headroom, ...]:
    """Every measure, application servers first."""
    whole = impact(snapshot, snapshot, tier="app")
    kept = impact(snapshot, snapshot, tier="replica_set")
    return (
        *_app(snapshot, whole.before, whole.after_one_more),
        *_members(snapshot, kept.before, kept.after_one_more),
    )


def servers_needed(snapshot: Snapshot) -> int | None:
    """How many carry the peak at FULL with one gone, by their limit of sessions; None where that is not known."""
    limits = [limit for server in snapshot.app_servers if (limit := session_limit(server))]
    sessions = snapshot.load.peak_sessions
    if not limits or not snapshot.load.over_s or sessions is None:
        return None
    return ceil(sessions / (min(limits) * FULL)) + 1


def processors_used(snapshot: Snapshot) -> float | None:
    """The part that the busiest server would use at the peak with one gone; estimated from its load average."""
    load, serving = snapshot.load, [server for server in snapshot.app_servers if server.serving]
    nodes = [node for server in serving if (node := snapshot.node(server.name))]
    used = [
        node.load1 / node.cpus for node in nodes if node.load1 is not None and node.cpus and node.health is Health.UP
    ]
    if not used or len(serving) < 2 or not load.requests_s or not load.peak_requests_s:
        return None
    rise = max(1.0, load.peak_requests_s / load.requests_s)
    return max(used) * rise * len(serving) / (len(serving) - 1)


def _app(snapshot: Snapshot, now: Standing, less: Standing) -> Iterator[Headroom]:
    parts: list[AppServer | Balancer] = [*snapshot.app_servers, *snapshot.balancers]
    yield Headroom(
        what="application servers serving",
        now=str(now.serving),
        one_less=str(less.serving),
        holds=_enough(less.serving > 0, parts),
    )
    carried, later, seen = now.burden.requests_s, less.burden.requests_s, snapshot.load.peak_of_one_s
    if carried is not None:
        # What nobody has carried yet may still be possible: that is not known before it is tried.
        yield Headroom(
            what="requests/s on the busiest server at the peak",
            now=f"{carried:.0f}",
            one_less="nobody left" if later is None else f"{later:.0f}",
            holds=False if later is None else True if seen is not None and later <= seen else None,
        )
    if now.burden.of_limit is not None:
        left = less.burden.of_limit
        yield Headroom(
            what="sessions at the peak, of one server's limit",
            now=f"{now.burden.of_limit:.0%}",
            one_less="nobody left" if left is None else f"{left:.0%}",
            holds=left is not None and left <= FULL,
        )
    if (used := processors_used(snapshot)) is not None:
        before = used * (now.serving - 1) / now.serving if now.serving > 1 else used
        yield Headroom(
            what="processors of the busiest server at the peak, estimated",
            now=f"{before:.0%}",
            one_less=f"{used:.0%}",
            holds=used <= FULL,
        )


def _members(snapshot: Snapshot, now: Standing, less: Standing) -> Iterator[Headroom]:
    there = snapshot.replica_set.members
    yield Headroom(
        what="votes up, of those that a majority needs",
        now=f"{now.votes_up} of {now.majority}",
        one_less=f"{less.votes_up} of {less.majority}",
        holds=_enough(0 < less.majority <= less.votes_up, there),
    )
    yield Headroom(
        what="members that can be Primary",
        now=str(now.electable),
        one_less=str(less.electable),
        holds=_enough(less.electable > 0, there),
    )
    yield Headroom(
        what="copies up, of those that a majority write needs",
        now=f"{now.copies_up} of {now.write_majority}",
        one_less=f"{less.copies_up} of {less.write_majority}",
        holds=_enough(0 < less.write_majority <= less.copies_up, there),
    )


def _enough(known: bool, parts: Iterable[AppServer | Balancer | Member]) -> bool | None:
    """What is known to be there counts; where that is too little, what is not known may be there as well."""
    return True if known else None if any(part.health is Health.UNKNOWN for part in parts) else False
