"""What can be seen of a world: the same views as of a real cluster."""

from dataclasses import replace

from console.cluster.snapshot import (
    Admin,
    Backend,
    Health,
    Member,
    MemberState,
    PeerView,
    PoolMember,
    SyncProgress,
    WrittenLine,
)
from console.cluster.views import BalancerView, HealthView, HostView, MemberView, SpareView

from .members import address_of
from .world import BACKENDS, OPTIONS, Balancer, Place, World, weight_in

GIB = 2**30
NO_DRAIN = "it has no drain"
REASONS = {Health.UP: "", Health.DOWN: "connection refused", Health.UNKNOWN: "no answer within 2 s"}
CHECKS = {Health.UP: "L7OK/200 in 3 ms", Health.DOWN: "L4CON in 0 ms", Health.UNKNOWN: "L4TOUT in 2001 ms"}


def health_view(world: World, server: str) -> HealthView:
    """An application server's own answer."""
    health, reason = _seen(world, server)
    latency_ms = world.latency_ms.get(server, 3.0)
    return HealthView(
        server=server,
        health=health,
        reason=reason,
        latency_ms=latency_ms if health is Health.UP else None,
        database=Health.UP if health is Health.UP else None,
    )


def balancer_view(world: World, name: str) -> BalancerView:
    """Everything that one balancer says."""
    health, reason = _seen(world, name)
    if health is not Health.UP:
        return BalancerView(balancer=name, health=health, reason=reason)
    balancer = world.balancers[name]
    return BalancerView(
        balancer=name,
        health=Health.UP,
        version="memory",
        process_id=balancer.process_id,
        writable=True,
        backends=tuple(BACKENDS),
        pools=tuple(_pool(balancer, backend) for backend in BACKENDS),
        servers=tuple(_pool_member(world, name, balancer, place) for place in balancer.admins),
    )


def member_view(world: World, name: str) -> MemberView:
    """One member's own view of itself and of the others."""
    address = address_of(name)
    health, reason = _seen(world, name)
    if health is not Health.UP:
        return MemberView(address=address, itself=Member(name="", address=address, health=health, reason=reason))
    if name not in world.members:
        outside = Member(name="", address=address, health=health, state=MemberState.REMOVED, process_id=name)
        return MemberView(address=address, itself=outside)
    leads, primary = name == world.primary, address_of(world.primary) if world.primary else None
    return MemberView(
        address=address,
        itself=Member(
            name="",
            address=address,
            state=_state(world, name),
            health=Health.UP,
            writable=leads,
            believes_primary=primary,
            term=world.term,
            version="memory",
            compatibility="memory",
            config_version=world.config_version,
            progress=SyncProgress(copied_bytes=GIB, total_bytes=2 * GIB) if name in world.syncing else None,
            oplog_window_s=86_400.0,
            oplog_full_s=86_400.0,
            data_bytes=2 * GIB,
            lag_s=_lag_s(world, name),
            sync_source=None if leads else primary,
            election_at=world.elected_at if leads else None,
            process_id=name,
        ),
        set_name="rs0",
        peers=tuple(_peer(world, peer) for peer in world.members),
        config=world.config,
        config_version=world.config_version,
        operable=True,
    )


def host_view(node: str) -> HostView:
    """What a host says of itself."""
    return HostView(
        node=node,
        health=Health.UP,
        cpus=4,
        memory_bytes=8 * GIB,
        memory_used_bytes=2 * GIB,
        disk_bytes=100 * GIB,
        disk_used_bytes=20 * GIB,
        load1=0.2,
    )


def spare_view(world: World, name: str) -> SpareView:
    """A prepared member as it is looked at; one that was removed is a former member."""
    health, reason = _seen(world, name)
    spare = world.spares[name]
    if name in world.members:
        return SpareView(itself=replace(spare, health=Health.UNKNOWN, reason="it has joined the set"))
    return SpareView(itself=replace(spare, health=health, reason=reason))


def _seen(world: World, name: str) -> tuple[Health, str]:
    health = world.health.get(name, Health.UP)
    return health, REASONS[health]


def _pool(balancer: Balancer, backend: str) -> Backend:
    return Backend(
        name=backend,
        refuses_servers=balancer.refuses_in.get(backend, ""),
        refuses_weights=balancer.refuses_in.get(backend, ""),
        refuses_drain=NO_DRAIN if balancer.bare else "",
        checks=not balancer.bare,
        lasts=balancer.bare,
        options=OPTIONS,
        line=f"server {{server}} {{address}} {OPTIONS} weight {{weight}}",
        refuses_lines="all that is changed is written anyway" if balancer.bare else balancer.refuses_lines,
        written=tuple(_written(server, line) for (name, server), line in balancer.lines.items() if name == backend),
        missing=tuple(
            s for b, s in balancer.lines if b == backend and (b, s) not in balancer.admins and not balancer.bare
        ),
    )


def _written(server: str, line: str) -> WrittenLine:
    ready = line.removesuffix(" disabled")
    weighed = line.replace(f" weight {weight_in(line)}", " weight {weight}")
    return WrittenLine(server=server, line=line, ready=ready, maint=f"{ready} disabled", weighed=weighed)


def _pool_member(world: World, name: str, balancer: Balancer, place: Place) -> PoolMember:
    backend, server = place
    health, admin = world.health.get(server, Health.UP), balancer.admins[place]
    # A server in maintenance is not checked, and a check knows no third answer.
    line = balancer.lines.get(place)
    bare, checked = balancer.bare, place in balancer.checking and not balancer.bare
    check = Health.UP if health is Health.UP else Health.DOWN
    failed = 7 if server in balancer.failing and admin is Admin.READY else 0
    return PoolMember(
        balancer=name,
        backend=backend,
        server=server,
        admin=admin,
        check=Health.UNKNOWN if admin is Admin.MAINT or not checked else check,
        check_says=CHECKS[health],
        weight=balancer.weights[place],
        sessions=None if bare else balancer.sessions[place],
        queue=0,
        requests=None if bare else 120 + balancer.requests[place],
        errors=None if bare else balancer.errors[place] + failed,
        address=balancer.addresses[place],
        sticky=BACKENDS[backend],
        checked=checked,
        check_reads_body=True,
        dynamic=place not in balancer.lines and not bare,
        written_weight=balancer.weights[place] if bare else weight_in(line) if line else None,
        options=OPTIONS,
    )


def _peer(world: World, name: str) -> PeerView:
    up = world.up(name)
    return PeerView(
        address=address_of(name),
        state=_state(world, name),
        health=Health.UP if up else Health.DOWN,
        heartbeat_age_s=0.5,
        lag_s=_lag_s(world, name) if up else None,
    )


def _state(world: World, name: str) -> MemberState:
    if not world.up(name):
        return MemberState.DOWN
    if name in world.syncing:
        return MemberState.STARTUP2
    return MemberState.PRIMARY if name == world.primary else MemberState.SECONDARY


def _lag_s(world: World, name: str) -> float:
    return 0.0 if name == world.primary else world.lag_s.get(name, 0.0)
