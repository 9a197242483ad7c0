"""An abstract state as the snapshot that the program would have of such a cluster."""

from datetime import UTC, datetime
from functools import cache

from console.cluster.snapshot import (
    Admin,
    AppServer,
    Backend,
    Balancer,
    Health,
    Member,
    MemberState,
    Node,
    PeerView,
    PoolMember,
    ReplicaSet,
    ServiceState,
    Size,
    Snapshot,
    SpareMember,
)
from tests.model.states import B, M, Place, S, State

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
NOW_S, OLD_S = 0.5, 7.0
"""Ages: lately, and too long ago for a change though not yet stale."""

SPARE_MEMBER, SPARE_SERVER = "db9", "app9"
"""Prepared, and good in themselves."""


def member_name(number: int) -> str:
    """`db1` is number 0."""
    return f"db{number + 1}"


def server_name(number: int) -> str:
    """`app1` is number 0."""
    return f"app{number + 1}"


def picture(state: State) -> Snapshot:
    """What the program would see."""
    votes = sum(m.votes and not m.newly_added for m in state.members)
    answering = {f"lb{number + 1}": b.up for number, b in enumerate(state.balancers)}
    return Snapshot(
        cluster="model",
        at=AT,
        app_servers=tuple(_server(number, server, answering) for number, server in enumerate(state.servers)),
        balancers=tuple(_balancer(number, balancer) for number, balancer in enumerate(state.balancers)),
        replica_set=ReplicaSet(
            name="rs0",
            term=9,
            config_version=3,
            votes=votes,
            majority=votes // 2 + 1,
            members=tuple(_member(number, m, state) for number, m in enumerate(state.members)),
            operable=state.operable,
        ),
        nodes=(
            *(_node(member_name(number), "member", m.up) for number, m in enumerate(state.members)),
            *(_node(server_name(number), "app", True) for number in range(len(state.servers))),
            _node(SPARE_SERVER, "app", True),
        ),
        spare_servers=(_spare_server(),),
        spare_members=(_spare_member(len(state.members)),),
    )


@cache
def _spare_server() -> AppServer:
    address = f"{SPARE_SERVER}:8080"
    return AppServer(name=SPARE_SERVER, address=address, health=Health.UP, age_s=NOW_S, pools=())


@cache
def _spare_member(members: int) -> SpareMember:
    return SpareMember(
        name=SPARE_MEMBER,
        address=f"{SPARE_MEMBER}:27017",
        health=Health.UP,
        awaits_config=True,
        version="6.0.5",
        compatibility="6.0",
        clock_skew_s=0.0,
        process_id=SPARE_MEMBER,
        empty=True,
        reached_by=tuple((member_name(number), True) for number in range(members)),
        age_s=NOW_S,
    )


@cache
def _node(name: str, role: str, running: bool) -> Node:
    return Node(
        name=name,
        address=name,
        roles=(role,),
        health=Health.UP,
        has_service=True,
        service=ServiceState.RUNNING if running else ServiceState.STOPPED,
        service_age_s=NOW_S,
        has_size=True,
        size=Size(cpus=4.0, memory_bytes=8 * 2**30),
        size_age_s=NOW_S,
        age_s=NOW_S,
    )


def _member(number: int, m: M, state: State) -> Member:
    name, leads = member_name(number), number in state.primaries
    common = {"name": name, "address": f"{name}:27017", "domain": m.domain, "hidden": m.hidden, "arbiter": m.arbiter}
    config = {"votes": int(m.votes), "priority": float(m.priority), "newly_added": m.newly_added}
    if not m.up:
        return Member(
            **common,  # type: ignore[arg-type]
            **config,  # type: ignore[arg-type]
            state=MemberState.UNKNOWN if m.silent else MemberState.DOWN,
            health=Health.UNKNOWN if m.silent else Health.DOWN,
            reason="no answer",
            age_s=NOW_S,
        )
    word = MemberState.ARBITER if m.arbiter else MemberState.RECOVERING if m.recovering else MemberState.SECONDARY
    return Member(
        **common,  # type: ignore[arg-type]
        **config,  # type: ignore[arg-type]
        state=MemberState.PRIMARY if leads else word,
        health=Health.UP,
        config_version=3,
        writable=leads,
        lag_s=None if m.arbiter else 0.0 if leads else 0.4 if m.newest else 120.0,
        version="6.0.5",
        compatibility="6.0",
        process_id=name,
        data_bytes=2**30,
        oplog_full_s=172_800.0,
        oplog_window_s=172_800.0,
        term=9 - state.primaries.index(number) if leads else 9,
        seen_by=tuple((member_name(peer), _seen(name, m)) for peer in _peers(number, state)),
        age_s=NOW_S if m.lately else OLD_S,
    )


def _peers(number: int, state: State) -> list[int]:
    others = [peer for peer, m in enumerate(state.members) if m.up and peer != number]
    return [peer for peer in state.primaries if peer in others] or others[:1]


def _seen(name: str, m: M) -> PeerView:
    return PeerView(
        address=f"{name}:27017",
        state=MemberState.SECONDARY,
        health=Health.UP,
        heartbeat_age_s=1.0 if m.heard else 8.0,
    )


def _balancer(number: int, b: B) -> Balancer:
    return Balancer(
        name=f"lb{number + 1}",
        domain=b.domain,
        health=Health.UP if b.up else Health.DOWN,
        writable=b.writable if b.up else None,
        pools=(Backend(name="app"), Backend(name="web")) if b.up else (),
        age_s=NOW_S if b.lately else OLD_S,
    )


def _server(number: int, s: S, answering: dict[str, bool]) -> AppServer:
    name = server_name(number)
    return AppServer(
        name=name,
        address=f"{name}:8080",
        domain=s.domain,
        health=Health(s.says),
        age_s=NOW_S if s.lately else OLD_S,
        pools=tuple(_pool(name, place, known=answering[place.balancer]) for place in s.places),
    )


def _pool(name: str, place: Place, *, known: bool) -> PoolMember:
    return PoolMember(
        balancer=place.balancer,
        backend=place.backend,
        server=name,
        admin=Admin(place.admin),
        check=Health(place.check) if known else Health.UNKNOWN,
        check_says="",
        weight=place.weight,
        sessions=1,
        queue=0,
        sticky=place.sticky,
        backup=place.backup,
        known=known,
    )
