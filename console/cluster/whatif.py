"""What if one of them goes away: what would still stand, and who would take over. Pure: nothing is touched."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from console.cluster.candidates import Candidate, Predicate, electable_after_step_down, successor
from console.cluster.capacity import Burden
from console.cluster.duration import span
from console.cluster.finding import listed
from console.cluster.snapshot import AppServer, Balancer, Member, ReplicaSet, Snapshot
from console.cluster.standing import Standing, pools_known, quorum, serves, serving, standing, tolerates
from console.cluster.suppose import (
    member_removed,
    set_without,
    with_joined,
    with_member_added,
    with_new_server,
    with_priority,
    with_server,
    with_weight,
    without_left,
    without_member,
    without_server,
)

__all__ = [
    "Candidate",
    "Grade",
    "Impact",
    "Predicate",
    "Standing",
    "electable_after_step_down",
    "impact",
    "member_removed",
    "oplog_covers",
    "standing",
    "successor",
    "tolerates",
    "with_joined",
    "with_member_added",
    "with_new_server",
    "with_priority",
    "with_server",
    "with_weight",
    "without_left",
    "without_member",
    "without_server",
]

OPLOG_MARGIN = 2.0
"""An oplog must reach back so many times further than a member is planned to be away."""
PEAK_S = 60.0
"""A peak seen over less than this is told with a warning."""

STOPS = {"app": "service", "replica_set": "writes"}
"""What an outage of each tier is."""


class Grade(StrEnum):
    """How close a change comes to an outage."""

    SAFE = "safe"
    DEGRADED = "degraded"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a change would leave standing, and what one further loss would leave."""

    grade: Grade
    says: str
    before: Standing
    after: Standing
    after_one_more: Standing
    weighed: tuple[str, ...] = ()
    """What else was weighed, a sentence each: the peak, failure domains, the oplog."""


def impact(before: Snapshot, after: Snapshot, tier: str = "", absence_s: float = 0.0) -> Impact:
    """What lies between two pictures, graded for `app` or `replica_set`; without a tier, for whatever differs.

    `absence_s`: how long the members that go away are planned to be gone; 0 when they are not to come back.
    """
    tiers = (tier,) if tier else _differing(before, after)
    now, then, further = standing(before), standing(after), standing(_one_less(after, tiers))
    exposed = _newly_exposed(before, after, tiers)
    return Impact(
        grade=_grade(then, further, tiers, exposed=bool(exposed)),
        says="; ".join(_app_says(then) if tier == "app" else _members_say(then) for tier in tiers),
        before=now,
        after=then,
        after_one_more=further,
        weighed=(
            *(_peak_says(after, then.burden, further.burden) if "app" in tiers else ()),
            *exposed,
            *(_oplog_says(before, after, absence_s) if absence_s else ()),
        ),
    )


def oplog_covers(snapshot: Snapshot, name: str, absence_s: float) -> Predicate:
    """Whether a member can catch up from the others' oplogs after so many seconds, with margin."""
    # One member whose oplog reaches back far enough will do: whoever comes back looks for such a one.
    others = [m for m in snapshot.replica_set.members if name not in (m.name, m.address) and m.up]
    # A young oplog has not lost anything yet: it reaches back as far as it will when it is full.
    window_s = max((reach for m in others if (reach := m.oplog_full_s or m.oplog_window_s)), default=None)
    return Predicate(
        name="oplog window",
        ok=window_s is not None and window_s >= absence_s * OPLOG_MARGIN,
        value="not known" if window_s is None else _exactly(window_s),
        limit=f"at least {_exactly(absence_s * OPLOG_MARGIN)}",
    )


def _exactly(seconds: float) -> str:
    """Near each other, two times must not read the same."""
    return f"{seconds:.0f} s" if seconds < 3600 else span(seconds)


def _differing(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    differs = {
        "app": before.app_servers != after.app_servers,
        "replica_set": before.replica_set != after.replica_set,
    }
    return tuple(tier for tier, moved in differs.items() if moved) or ("app",)


def _one_less(snapshot: Snapshot, tiers: tuple[str, ...]) -> Snapshot:
    """The worst that one further loss in each tier concerned would leave."""
    if "app" in tiers:
        snapshot = without_server(snapshot, _heaviest(snapshot))
    if "replica_set" in tiers:
        whole = snapshot.replica_set
        losses = [set_without(whole, {member.name}) for member in whole.members if member.up]
        snapshot = replace(snapshot, replica_set=min(losses, key=_writes_left, default=whole))
    return snapshot


def _heaviest(snapshot: Snapshot) -> str:
    """The server whose loss would hurt most: of those that serve in the scarcest backend, the one of most weight."""
    serving = [[entry for entry in pool if serves(*entry)] for pool in pools_known(snapshot).values()]
    scarcest = min(serving, key=len, default=[])
    return max(((pool.weight, server.name) for server, pool in scarcest), default=(0, ""))[1]


def _writes_left(replica_set: ReplicaSet) -> tuple[bool, int, int]:
    left = quorum(replica_set)
    return (left.writes_stand, left.members, left.electable)


def _grade(after: Standing, further: Standing, tiers: tuple[str, ...], *, exposed: bool) -> Grade:
    def stands(left: Standing) -> bool:
        return ("app" not in tiers or left.serving > 0) and ("replica_set" not in tiers or left.writes_stand)

    if not stands(after):
        return Grade.UNSAFE
    overloaded = "app" in tiers and (after.burden.too_much or further.burden.too_much)
    return Grade.SAFE if stands(further) and not overloaded and not exposed else Grade.DEGRADED


def _newly_exposed(before: Snapshot, after: Snapshot, tiers: tuple[str, ...]) -> tuple[str, ...]:
    """What the loss of one failure domain would stop after the change and would not have stopped before."""
    things: tuple[AppServer | Balancer | Member, ...] = (
        *after.balancers,
        *after.app_servers,
        *after.replica_set.members,
    )
    stops: dict[str, list[str]] = {}
    for domain in sorted({thing.domain for thing in things if thing.domain}):
        for tier in tiers:
            if not _outlasts(after, tier, domain) and _outlasts(before, tier, domain):
                stops.setdefault(tier, []).append(domain)
    return tuple(f"the loss of {_either(domains)} would then stop {STOPS[tier]}" for tier, domains in stops.items())


def _outlasts(snapshot: Snapshot, tier: str, domain: str) -> bool:
    """Whether that tier goes on when everything in the domain is lost."""
    if tier == "app":
        return serving(snapshot, without=domain) > 0
    members = {m.name for m in snapshot.replica_set.members if m.domain == domain}
    return quorum(set_without(snapshot.replica_set, members)).writes_stand


def _app_says(after: Standing) -> str:
    if not after.serving:
        return f"none of {after.app_servers} application servers would serve: service stops"
    return f"{after.serving} of {after.app_servers} application servers keep serving; {_more(after.serving - 1)}"


def _members_say(after: Standing) -> str:
    if after.votes_up < after.majority:
        return f"{_votes(after)} would be up and {after.majority} are needed: writes stop"
    if not after.electable:
        return "no member could be Primary: writes stop"
    if after.copies_up < after.write_majority:
        return (
            f"{after.copies_up} voting members with data would be up and a majority write needs "
            f"{after.write_majority}: writes stall"
        )
    return f"{_votes(after)} stay up and {after.majority} are needed; {_more(after.members)}"


def _peak_says(after: Snapshot, then: Burden, further: Burden) -> Iterator[str]:
    load = after.load
    if not then.server:
        return
    if then.requests_s is None:
        yield f"the peak is not known: the balancers were watched for {span(load.over_s)} only"
        return
    over = span(load.over_s) + (" only" if load.over_s < PEAK_S else "")
    more = "" if further.requests_s is None else f", {further.requests_s:.0f} after one more loss"
    seen = f"; the most that one was seen to carry is {load.peak_of_one_s:.0f}" if load.peak_of_one_s else ""
    peak = f"of the peak of {load.peak_requests_s:.0f} requests/s (watched for {over})"
    yield f"{peak} one server would carry {then.requests_s:.0f}{more}{seen}"
    if then.of_limit is None:
        yield "no limit of sessions is set for the servers: what one can carry is not known"
    else:
        later = "" if further.of_limit is None else f", {further.of_limit:.0%} after one more loss"
        yield f"the peak of {load.peak_sessions} sessions would fill {then.of_limit:.0%} of one server's limit{later}"


def _oplog_says(before: Snapshot, after: Snapshot, absence_s: float) -> Iterator[str]:
    for member in before.replica_set.members:
        left = after.member(member.name)
        if member.up and left is not None and not left.up:
            covers = oplog_covers(after, member.name, absence_s)
            word = "reaches back" if covers.ok else "is too short: it reaches back"
            away = f"{member.name} is to be away for {span(absence_s)}, which needs {covers.limit}"
            yield f"the oplog {word} {covers.value}; {away}"


def _either(names: list[str]) -> str:
    return listed(names).replace(" and ", " or ")


def _votes(after: Standing) -> str:
    return "1 vote" if after.votes_up == 1 else f"{after.votes_up} votes"


def _more(spare: int) -> str:
    words = {0: "no", 1: "one"}
    return f"{words.get(spare, spare)} more may be lost"
