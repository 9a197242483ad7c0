"""The same picture after something was done or lost. Pure: nothing is touched, and findings are not judged anew."""

from collections.abc import Callable, Iterable, Set
from dataclasses import replace

from console.cluster.candidates import caught_up, succession
from console.cluster.snapshot import (
    Admin,
    AppServer,
    Health,
    Member,
    MemberState,
    PoolMember,
    ReplicaSet,
    Snapshot,
)
from console.cluster.standing import tolerates


def without_server(snapshot: Snapshot, name: str) -> Snapshot:
    """That server takes no traffic."""
    return _with_pools(snapshot, name, lambda pool: replace(pool, admin=Admin.MAINT))


def with_server(snapshot: Snapshot, name: str) -> Snapshot:
    """That server is ready in every backend."""
    return _with_pools(snapshot, name, lambda pool: replace(pool, admin=Admin.READY))


def with_weight(snapshot: Snapshot, name: str, weight: int) -> Snapshot:
    """That server has this weight in every backend."""
    return _with_pools(snapshot, name, lambda pool: replace(pool, weight=weight))


def with_joined(snapshot: Snapshot, server: AppServer) -> Snapshot:
    """That server stands in its pools and is counted."""
    others = tuple(other for other in snapshot.app_servers if other.name != server.name)
    spares = tuple(spare for spare in snapshot.spare_servers if spare.name != server.name)
    return _judged(replace(snapshot, app_servers=(*others, server), spare_servers=spares))


def with_new_server(snapshot: Snapshot, name: str) -> Snapshot:
    """A spare server serves in every backend, as its neighbours do."""
    spare = next((server for server in snapshot.spare_servers if server.name == name), None)
    new = spare or AppServer(name=name, address=name)
    neighbours: dict[tuple[str, str], PoolMember] = {}
    for server in snapshot.app_servers:
        for pool in server.pools:
            if not pool.backup:
                neighbours.setdefault((pool.balancer, pool.backend), pool)
    pools = tuple(
        replace(pool, server=name, address=new.address, admin=Admin.READY, check=Health.UP, sessions=0, queue=0)
        for pool in neighbours.values()
    )
    return with_joined(snapshot, replace(new, health=Health.UP, pools=pools))


def without_left(snapshot: Snapshot, name: str) -> Snapshot:
    """That server stands in no pool any more."""
    return _judged(replace(snapshot, app_servers=tuple(s for s in snapshot.app_servers if s.name != name)))


def without_member(snapshot: Snapshot, name: str) -> Snapshot:
    """That member is down, and the others have elected."""
    lost = snapshot.member(name)
    left = set_without(snapshot.replica_set, {lost.name} if lost else set())
    return _judged(replace(snapshot, replica_set=left))


def set_without(replica_set: ReplicaSet, names: Set[str]) -> ReplicaSet:
    """The set alone, when the members of these names are down and the others have elected."""
    members = tuple(_down(m) if m.name in names else m for m in replica_set.members)
    return elected(replace(replica_set, members=members))


def member_removed(snapshot: Snapshot, name: str) -> Snapshot:
    """That member is in the configuration no more, so votes and majority are counted without it."""
    gone = snapshot.member(name)
    return snapshot if gone is None else _with_members(snapshot, (m for m in _members(snapshot) if m is not gone))


def with_member_added(snapshot: Snapshot, name: str, votes: int = 1) -> Snapshot:
    """That member has joined and caught up; without a vote it has no priority either."""
    spare = next((s for s in snapshot.spare_members if name in (s.name, s.address)), None)
    joined = Member(
        name=spare.name if spare else name,
        address=spare.address if spare else name,
        domain=spare.domain if spare else "",
        state=MemberState.SECONDARY,
        health=Health.UP,
        votes=votes,
        priority=1.0 if votes else 0.0,
        lag_s=0.0,
    )
    spares = tuple(s for s in snapshot.spare_members if s is not spare)
    return _with_members(replace(snapshot, spare_members=spares), (*_members(snapshot), joined))


def with_priority(snapshot: Snapshot, name: str, priority: float) -> Snapshot:
    """That member has this priority; 0 also stands for one that is frozen."""
    changed = snapshot.member(name)
    return _with_members(snapshot, (replace(m, priority=priority) if m is changed else m for m in _members(snapshot)))


def _with_pools(snapshot: Snapshot, name: str, change: Callable[[PoolMember], PoolMember]) -> Snapshot:
    servers = tuple(
        replace(server, pools=tuple(map(change, server.pools))) if server.name == name else server
        for server in snapshot.app_servers
    )
    return _judged(replace(snapshot, app_servers=servers))


def _with_members(snapshot: Snapshot, members: Iterable[Member]) -> Snapshot:
    listed = tuple(members)
    votes = sum(member.voting for member in listed)
    replica_set = replace(snapshot.replica_set, members=listed, votes=votes, majority=votes // 2 + 1)
    return _judged(replace(snapshot, replica_set=elected(replica_set)))


def _members(snapshot: Snapshot) -> tuple[Member, ...]:
    return snapshot.replica_set.members


def _down(member: Member) -> Member:
    return replace(
        member, state=MemberState.DOWN, health=Health.DOWN, reason="taken away", writable=False, lag_s=None, seen_by=()
    )


def _judged(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, tolerates=tolerates(snapshot), findings=())


def led_by(replica_set: ReplicaSet, address: str) -> ReplicaSet:
    """The set in its next term, after that member was elected."""
    term = (replica_set.term or 0) + 1

    def turned(member: Member) -> Member:
        leads = member.address == address
        now = replace(member, term=term, believes_primary=address)
        if not leads and member.state is not MemberState.PRIMARY:
            return now
        state = MemberState.PRIMARY if leads else MemberState.SECONDARY
        seen_by = tuple((name, replace(view, state=state)) for name, view in member.seen_by)
        return replace(now, state=state, writable=leads, lag_s=0.0, seen_by=seen_by)

    return replace(replica_set, term=term, members=tuple(map(turned, replica_set.members)))


def elected(replica_set: ReplicaSet) -> ReplicaSet:
    """The set after its members have noticed: one Primary with a majority, none without."""
    quorum = 0 < replica_set.majority <= replica_set.voters_up
    if replica_set.primary and quorum:
        return replica_set
    ranked = sorted((m for m in replica_set.members if caught_up(m)), key=succession)
    if ranked and quorum:
        return led_by(replica_set, ranked[0].address)
    left = (_no_primary(member) for member in replica_set.members)
    return replace(replica_set, members=tuple(left))


def _no_primary(member: Member) -> Member:
    leads = member.state is MemberState.PRIMARY
    return replace(member, state=MemberState.SECONDARY, writable=False) if leads else member
