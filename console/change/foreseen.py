"""The picture that a plan would leave behind, when each of its steps does what its op says. Pure: nothing is touched.

What only time tells is left out: the seconds in which a member does not stand for election, and what a stop takes.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import reduce
from itertools import chain

from console.change.ops import (
    AddServers,
    DeleteServers,
    Entry,
    ForceReconfigure,
    Op,
    Place,
    Reconfigure,
    Resize,
    SetAdmin,
    SetWeights,
    StepDown,
    WriteLines,
)
from console.change.plan import Plan
from console.cluster.candidates import caught_up, succession
from console.cluster.configuration import Lines
from console.cluster.merge import judged
from console.cluster.snapshot import (
    Admin,
    AppServer,
    Backend,
    Health,
    Member,
    MemberState,
    Node,
    PoolMember,
    ReplicaSet,
    Size,
    Snapshot,
)
from console.cluster.suppose import elected, led_by


def foreseen(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """The picture after every step of the plan."""
    return judged(reduce(_after, (step.op for step in plan.steps), snapshot))


def _after(snapshot: Snapshot, op: Op) -> Snapshot:
    match op:
        case SetAdmin(states=states):
            admins = dict(states)
            return _pools(snapshot, lambda place, pool: replace(pool, admin=admins.get(place, pool.admin)))
        case SetWeights(weights=weights):
            shares = dict(weights)
            return _pools(snapshot, lambda place, pool: replace(pool, weight=shares.get(place, pool.weight)))
        case AddServers(entries=entries):
            return reduce(_joined, entries, snapshot)
        case DeleteServers(places=places):
            gone = frozenset(places)
            snapshot = _missing(snapshot, gone)
            return _sorted_out(_pools(snapshot, lambda place, pool: None if place in gone else pool))
        case StepDown(address=address, follow=follow):
            return replace(snapshot, replica_set=_handed_over(snapshot.replica_set, address, follow))
        case Reconfigure(after=after) | ForceReconfigure(after=after):
            return _reconfigured(snapshot, after)
        case WriteLines(lines=lines):
            return _missing(snapshot, frozenset(), frozenset(one.place for one in lines if one.after is None))
        case Resize(node=name, size=size):
            nodes = (replace(n, size=_sized(n, size)) if n.name == name else n for n in snapshot.nodes)
            return replace(snapshot, nodes=tuple(nodes))
        case _:  # a wait, a stop and its start: the picture is the same afterwards
            return snapshot


def _pools(snapshot: Snapshot, change: Callable[[Place, PoolMember], PoolMember | None]) -> Snapshot:
    def changed(server: AppServer) -> AppServer:
        pools = (change(Place(pool.balancer, pool.backend, pool.server), pool) for pool in server.pools)
        return replace(server, pools=tuple(pool for pool in pools if pool is not None))

    return replace(snapshot, app_servers=tuple(map(changed, snapshot.app_servers)))


def _missing(snapshot: Snapshot, gone: frozenset[Place], unwritten: frozenset[Place] = frozenset()) -> Snapshot:
    """Servers that stand in a balancer's configuration alone: those that leave its pools, until their line does too."""
    written = {
        Place(pool.balancer, pool.backend, pool.server)
        for server in snapshot.app_servers
        for pool in server.pools
        if pool.dynamic is False
    }

    def pool_of(balancer: str, pool: Backend) -> Backend:
        leaving = [place.server for place in gone & written if (place.balancer, place.backend) == (balancer, pool.name)]
        missing = dict.fromkeys((*pool.missing, *sorted(leaving)))
        return replace(
            pool, missing=tuple(name for name in missing if Place(balancer, pool.name, name) not in unwritten)
        )

    balancers = (replace(b, pools=tuple(pool_of(b.name, pool) for pool in b.pools)) for b in snapshot.balancers)
    return replace(snapshot, balancers=tuple(balancers))


def _sorted_out(snapshot: Snapshot) -> Snapshot:
    """A prepared server that stands in no pool any more is a spare."""
    spare = {node.name for node in snapshot.nodes if node.spare}
    gone = tuple(server for server in snapshot.app_servers if not server.pools and server.name in spare)
    left = tuple(server for server in snapshot.app_servers if server not in gone)
    return replace(snapshot, app_servers=left, spare_servers=(*snapshot.spare_servers, *gone))


def _joined(snapshot: Snapshot, entry: Entry) -> Snapshot:
    place = entry.place
    pool = PoolMember(
        balancer=place.balancer,
        backend=place.backend,
        server=place.server,
        admin=Admin.MAINT,
        check=Health.UP if entry.checked else Health.UNKNOWN,
        check_says="",
        weight=entry.weight,
        sessions=0,
        queue=0,
        address=entry.address,
        checked=entry.checked,
        options=entry.options,
        dynamic=True,
    )
    there = {server.name: server for server in (*snapshot.spare_servers, *snapshot.app_servers)}
    server = there.get(place.server, AppServer(name=place.server, address=entry.address))
    joined = replace(server, pools=(*server.pools, pool))
    return replace(
        snapshot,
        app_servers=(*(s for s in snapshot.app_servers if s.name != server.name), joined),
        spare_servers=tuple(s for s in snapshot.spare_servers if s.name != server.name),
    )


def _handed_over(replica_set: ReplicaSet, address: str, follow: tuple[tuple[str, str], ...]) -> ReplicaSet:
    """The successor that the plan counts on leads; without one, whoever would be elected."""
    ranked = sorted((m for m in replica_set.members if caught_up(m) and m.address != address), key=succession)
    successor = next(chain((member for member, _ in follow), (m.address for m in ranked)), "")
    return led_by(replica_set, successor)


def _reconfigured(snapshot: Snapshot, lines: Lines) -> Snapshot:
    """Whoever is in the configuration then, as they are or joined and caught up; and whoever is in it no more."""
    replica_set, version = snapshot.replica_set, (snapshot.replica_set.config_version or 0) + 1
    there = {member.address: member for member in replica_set.members}
    members = []
    for line in lines:
        values = {f.name: getattr(line, f.name) for f in fields(line) if f.name != "address"}
        member = there.get(line.address) or _new(snapshot, line.address)
        members.append(replace(member, **values, configured=True, config_version=version))
    inside = {member.address for member in members}
    names = {member.name for member in members}
    seen_inside = (replace(m, seen_by=tuple(view for view in m.seen_by if view[0] in names)) for m in members)
    outside = (_outside(member) for member in replica_set.members if member.address not in inside)
    votes = sum(member.voting for member in members)
    left = replace(
        replica_set,
        members=(*seen_inside, *outside),
        votes=votes,
        majority=votes // 2 + 1,
        config_version=version,
    )
    spares = tuple(spare for spare in snapshot.spare_members if spare.address not in inside)
    return replace(snapshot, replica_set=elected(left), spare_members=spares)


def _new(snapshot: Snapshot, address: str) -> Member:
    """A prepared member once it has all data: seen as a secondary of the set is."""
    spare = next((s for s in snapshot.spare_members if s.address == address), None)
    members = snapshot.replica_set.members
    like = next((m for m in members if m.state is MemberState.SECONDARY and m.up), members[0])
    return replace(
        like,
        name=spare.name if spare else address,
        address=address,
        domain=spare.domain if spare else "",
        state=MemberState.SECONDARY,
        health=Health.UP,
        writable=False,
        lag_s=0.0,
        process_id=spare.process_id if spare else "",
    )


def _outside(member: Member) -> Member:
    """It runs on and belongs to no set; one that is down stays so."""
    if member.health is not Health.UP:
        return replace(member, configured=False, votes=0, priority=0.0)
    return Member(
        name=member.name,
        address=member.address,
        domain=member.domain,
        state=MemberState.REMOVED,
        health=Health.UP,
        configured=False,
        process_id=member.process_id,
        age_s=member.age_s,
    )


def _sized(node: Node, size: Size) -> Size:
    was = node.size or Size()
    return replace(was, **{f.name: value for f in fields(Size) if (value := getattr(size, f.name)) is not None})
