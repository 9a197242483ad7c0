"""What if one of them goes away: what would still stand, and who would take over. Pure: nothing is touched."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from console.cluster.candidates import Candidate, Predicate, caught_up, electable_after_step_down, succession, successor
from console.cluster.snapshot import Admin, AppServer, Health, Member, MemberState, ReplicaSet, Snapshot
from console.cluster.standing import Standing, pools_known, serves, standing, tolerates

__all__ = [
    "Candidate",
    "Grade",
    "Impact",
    "Predicate",
    "Standing",
    "electable_after_step_down",
    "impact",
    "standing",
    "successor",
    "tolerates",
    "with_joined",
    "with_server",
    "with_weight",
    "without_left",
    "without_member",
    "without_server",
]


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


def without_server(snapshot: Snapshot, name: str) -> Snapshot:
    """The same picture when that server takes no traffic; its findings are not judged anew."""
    return _with_places(snapshot, name, admin=Admin.MAINT)


def with_server(snapshot: Snapshot, name: str) -> Snapshot:
    """The same picture when that server is ready in every backend; its findings are not judged anew."""
    return _with_places(snapshot, name, admin=Admin.READY)


def with_joined(snapshot: Snapshot, server: AppServer) -> Snapshot:
    """The same picture when that server stands in its pools and is counted; its findings are not judged anew."""
    others = tuple(other for other in snapshot.app_servers if other.name != server.name)
    spares = tuple(spare for spare in snapshot.spare_servers if spare.name != server.name)
    return _judged(replace(snapshot, app_servers=(*others, server), spare_servers=spares))


def without_left(snapshot: Snapshot, name: str) -> Snapshot:
    """The same picture when that server has left every pool; its findings are not judged anew."""
    return _judged(replace(snapshot, app_servers=tuple(s for s in snapshot.app_servers if s.name != name)))


def with_weight(snapshot: Snapshot, name: str, weight: int) -> Snapshot:
    """The same picture when that server has that weight in every pool; its findings are not judged anew."""
    return _with_places(snapshot, name, weight=weight)


def without_member(snapshot: Snapshot, name: str) -> Snapshot:
    """The same picture when that member is down and the others have elected; its findings are not judged anew."""
    lost = snapshot.member(name)
    if lost is None:
        return snapshot
    down = replace(
        lost, state=MemberState.DOWN, health=Health.DOWN, reason="taken away", writable=False, lag_s=None, seen_by=()
    )
    members = tuple(down if member is lost else member for member in snapshot.replica_set.members)
    return _judged(replace(snapshot, replica_set=_elected(replace(snapshot.replica_set, members=members))))


def impact(before: Snapshot, after: Snapshot, tier: str = "") -> Impact:
    """What lies between two pictures, graded for `app` or `replica_set`; without a tier, for whatever differs."""
    tiers = (tier,) if tier else _differing(before, after)
    now, then = standing(before), standing(after)
    further = standing(_one_less(after, tiers))
    return Impact(
        grade=_grade(then, further, tiers),
        says="; ".join(_app_says(then) if tier == "app" else _members_say(then) for tier in tiers),
        before=now,
        after=then,
        after_one_more=further,
    )


def _with_places(snapshot: Snapshot, name: str, **changes: Any) -> Snapshot:
    servers = tuple(
        replace(server, pools=tuple(replace(pool, **changes) for pool in server.pools))
        if server.name == name
        else server
        for server in snapshot.app_servers
    )
    return _judged(replace(snapshot, app_servers=servers))


def _judged(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, tolerates=tolerates(snapshot), findings=())


def _elected(replica_set: ReplicaSet) -> ReplicaSet:
    """The set after its members have noticed: one Primary with a majority, none without."""
    quorum = 0 < replica_set.majority <= replica_set.voters_up
    if replica_set.primary and quorum:
        return replica_set
    ranked = sorted((m for m in replica_set.members if caught_up(m)), key=succession)
    leader = ranked[0] if ranked and quorum else None
    term = (replica_set.term or 0) + 1 if leader else replica_set.term
    return replace(replica_set, term=term, members=tuple(_after_election(m, leader, term) for m in replica_set.members))


def _after_election(member: Member, leader: Member | None, term: int | None) -> Member:
    if member is leader:
        return replace(member, state=MemberState.PRIMARY, writable=True, term=term, lag_s=0.0)
    if member.state is MemberState.PRIMARY:
        return replace(member, state=MemberState.SECONDARY, writable=False)
    return member


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
        losses = [without_member(snapshot, m.name) for m in snapshot.replica_set.members if m.up]
        snapshot = min(losses, key=_writes_left, default=snapshot)
    return snapshot


def _heaviest(snapshot: Snapshot) -> str:
    """The server whose loss would hurt most: of those that serve in the scarcest backend, the one of most weight."""
    serving = [[entry for entry in pool if serves(*entry)] for pool in pools_known(snapshot).values()]
    scarcest = min(serving, key=len, default=[])
    return max(((pool.weight, server.name) for server, pool in scarcest), default=(0, ""))[1]


def _writes_left(snapshot: Snapshot) -> tuple[bool, int, int]:
    left = standing(snapshot)
    return (left.writes_stand, left.members, left.electable)


def _grade(after: Standing, further: Standing, tiers: tuple[str, ...]) -> Grade:
    def stands(left: Standing) -> bool:
        return ("app" not in tiers or left.serving > 0) and ("replica_set" not in tiers or left.writes_stand)

    if not stands(after):
        return Grade.UNSAFE
    return Grade.SAFE if stands(further) else Grade.DEGRADED


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


def _votes(after: Standing) -> str:
    return "1 vote" if after.votes_up == 1 else f"{after.votes_up} votes"


def _more(spare: int) -> str:
    words = {0: "no", 1: "one"}
    return f"{words.get(spare, spare)} more may be lost"
