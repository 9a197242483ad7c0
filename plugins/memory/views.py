"""What can be seen of a world: the same views as of a real cluster."""

from console.cluster.snapshot import Admin, Health, Member, MemberState, PeerView, PoolMember
from console.cluster.views import BalancerView, HealthView, HostView, MemberConfig, MemberView

from .world import BACKENDS, MEMBERS, Balancer, Place, World

GIB = 2**30
REASONS = {Health.UP: "", Health.DOWN: "connection refused", Health.UNKNOWN: "no answer within 2 s"}
CHECKS = {Health.UP: "L7OK/200 in 3 ms", Health.DOWN: "L4CON in 0 ms", Health.UNKNOWN: "L4TOUT in 2001 ms"}


def health_view(world: World, server: str) -> HealthView:
    """An application server's own answer."""
    health, reason = _seen(world, server)
    return HealthView(server=server, health=health, reason=reason, latency_ms=3.0 if health is Health.UP else None)


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
        servers=tuple(_pool_member(world, name, balancer, place) for place in balancer.admins),
    )


def member_view(world: World, name: str) -> MemberView:
    """One member's own view of itself and of the others."""
    address = address_of(name)
    health, reason = _seen(world, name)
    if health is not Health.UP:
        return MemberView(address=address, itself=Member(name="", address=address, health=health, reason=reason))
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
            oplog_window_s=86_400.0,
            oplog_full_s=86_400.0,
            lag_s=_lag_s(world, name),
            sync_source=None if leads else primary,
            election_at=world.elected_at if leads else None,
            process_id=name,
        ),
        set_name="rs0",
        peers=tuple(_peer(world, peer) for peer in MEMBERS),
        config=tuple(MemberConfig(address=address_of(m), priority=world.priority.get(m, 1.0)) for m in MEMBERS),
        config_version=1,
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


def address_of(member: str) -> str:
    """Where a member is, as the replica set writes it."""
    return f"{member}:27017"


def _seen(world: World, name: str) -> tuple[Health, str]:
    health = world.health.get(name, Health.UP)
    return health, REASONS[health]


def _pool_member(world: World, name: str, balancer: Balancer, place: Place) -> PoolMember:
    backend, server = place
    health, admin = world.health.get(server, Health.UP), balancer.admins[place]
    # A server in maintenance is not checked, and a check knows no third answer.
    check = Health.UNKNOWN if admin is Admin.MAINT else Health.UP if health is Health.UP else Health.DOWN
    return PoolMember(
        balancer=name,
        backend=backend,
        server=server,
        admin=admin,
        check=check,
        check_says=CHECKS[health],
        weight=1,
        sessions=balancer.sessions[place],
        queue=0,
        requests=balancer.requests[place],
        errors=balancer.errors[place],
        sticky=BACKENDS[backend],
        check_reads_body=True,
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
    return MemberState.PRIMARY if name == world.primary else MemberState.SECONDARY


def _lag_s(world: World, name: str) -> float:
    return 0.0 if name == world.primary else world.lag_s.get(name, 0.0)
