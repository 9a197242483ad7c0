"""Whole snapshots for tests: one calm cluster of three tiers, and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from console.cluster.merge import judged
from console.cluster.snapshot import (
    Admin,
    AppServer,
    Backend,
    Balancer,
    Health,
    Hold,
    Lease,
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

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
BACKENDS = ("app", "web")
GIB = 2**30
HOUR = timedelta(hours=1)


def calm() -> Snapshot:
    """Three application servers, two balancers with two backends each, three members, nothing wrong."""
    members = tuple(_member(number, primary=1) for number in (1, 2, 3))
    return judged(
        Snapshot(
            cluster="passwork-prod",
            environment="production",
            at=AT,
            app_servers=tuple(_app_server(number) for number in (1, 2, 3)),
            balancers=(_balancer(1), _balancer(2)),
            replica_set=_replica_set(*members, term=7),
            nodes=tuple(_node(role, number) for role in ("app", "balancer", "member") for number in _numbers(role)),
        )
    )


def primary_lost() -> Snapshot:
    """db1 was Primary and is dead; nobody has been elected yet."""
    db1, *others = calm().replica_set.members
    down = PeerView(
        address=db1.address, state=MemberState.DOWN, health=Health.DOWN, says="Connection refused", heartbeat_age_s=0.8
    )
    dead = Member(
        name=db1.name,
        address=db1.address,
        domain=db1.domain,
        state=MemberState.DOWN,
        health=Health.DOWN,
        reason="connection refused",
        votes=1,
        priority=1.0,
        seen_by=tuple((other.name, down) for other in others),
        age_s=0.4,
    )
    left = tuple(
        replace(other, believes_primary=None, sync_source=None, seen_by=tuple(_without(other, db1.name)))
        for other in others
    )
    return with_members(calm(), dead, *left)


def draining(server: str = "app2") -> Snapshot:
    """One server drains on every balancer; the sessions of pinned clients are not over yet."""
    return with_pools(calm(), server, admin=Admin.DRAIN, sessions=2)


def with_spares(snapshot: Snapshot) -> Snapshot:
    """The same with a prepared application server and a prepared member beside it, and who keeps app2 in drain."""
    since = AT - timedelta(minutes=42)
    hold = Hold(
        target="app2", admin=Admin.DRAIN, owner="ann@bastion1", reason="kernel update", since=since, until=AT + HOUR
    )
    lease = Lease(
        owner="bob@bastion2", run="0badcafe", says="Drain app2, step 2", reason="kernel", fence=7, left_s=52.0
    )
    return replace(
        snapshot,
        spare_servers=(replace(_app_server(4), pools=()),),
        spare_members=(
            SpareMember(
                name="db4",
                address="db4:27017",
                domain="rack-d",
                health=Health.UP,
                awaits_config=True,
                version="6.0.5",
                compatibility="6.0",
                clock_skew_s=0.0,
                empty=True,
                reached_by=(("db1", True), ("db2", True), ("db3", False)),
                age_s=0.4,
            ),
        ),
        holds=(hold,),
        lease=lease,
    )


def unknown() -> Snapshot:
    """Everything is configured and nothing has answered for longer than the limit."""
    was, reason = calm(), "last seen 42 s ago"
    lost: dict[str, Any] = {"health": Health.UNKNOWN, "reason": reason, "age_s": 42.0}
    return judged(
        replace(
            was,
            app_servers=tuple(
                replace(
                    server,
                    **lost,
                    latency_ms=None,
                    database=Health.UNKNOWN,
                    pools=tuple(
                        replace(pool, check=Health.UNKNOWN, check_says=reason, known=False) for pool in server.pools
                    ),
                )
                for server in was.app_servers
            ),
            balancers=tuple(replace(balancer, **lost, writable=None) for balancer in was.balancers),
            replica_set=replace(
                was.replica_set,
                operable=None,
                members=tuple(
                    Member(name=m.name, address=m.address, domain=m.domain, votes=1, priority=1.0, **lost)
                    for m in was.replica_set.members
                ),
            ),
            nodes=tuple(
                Node(name=node.name, address=node.address, roles=node.roles, domain=node.domain, **lost)
                for node in was.nodes
            ),
        )
    )


def begun() -> Snapshot:
    """A console was opened this moment: nothing has been looked at yet, nor is it known who is in the set."""
    lost: dict[str, Any] = {"health": Health.UNKNOWN, "reason": "not looked at yet", "age_s": None}
    was = unknown()
    lb: dict[str, Any] = {**lost, "version": "", "uptime_s": None, "pools": ()}
    return judged(
        replace(
            was,
            app_servers=tuple(replace(server, **lost, database=None, pools=()) for server in was.app_servers),
            balancers=tuple(replace(balancer, **lb) for balancer in was.balancers),
            replica_set=ReplicaSet(),
            nodes=tuple(replace(node, **lost) for node in was.nodes),
        )
    )


def empty() -> Snapshot:
    """A cluster file with a name and nothing else."""
    return judged(Snapshot(cluster="passwork-prod", environment="production", at=AT))


def large(app_servers: int = 200) -> Snapshot:
    """The calm cluster with many application servers."""
    numbers = range(1, app_servers + 1)
    was = calm()
    return judged(
        replace(
            was,
            app_servers=tuple(_app_server(number) for number in numbers),
            nodes=(
                *(_node("app", number) for number in numbers),
                *(node for node in was.nodes if "app" not in node.roles),
            ),
        )
    )


def with_spare_server(snapshot: Snapshot, **changes: Any) -> Snapshot:
    """The same with app4, healthy and in no pool."""
    spare = replace(_app_server(4), pools=(), **changes)
    node = replace(_node("app", 4), spare=True)
    return judged(replace(snapshot, spare_servers=(spare,), nodes=(*snapshot.nodes, node)))


def with_backend(snapshot: Snapshot, balancer: str, backend: str, /, **changes: Any) -> Snapshot:
    """The same with other words on how servers join one backend of one balancer."""
    found = snapshot.balancer(balancer)
    assert found
    pools = tuple(replace(pool, **changes) if pool.name == backend else pool for pool in found.pools)
    return with_balancer(snapshot, balancer, pools=pools)


def with_server(snapshot: Snapshot, name: str, /, **changes: Any) -> Snapshot:
    """The same with other values in one application server."""
    servers = tuple(replace(s, **changes) if s.name == name else s for s in snapshot.app_servers)
    return judged(replace(snapshot, app_servers=servers))


def with_pools(snapshot: Snapshot, name: str, /, balancer: str = "", backend: str = "", **changes: Any) -> Snapshot:
    """The same with other values in one server's pool entries, of one balancer and backend or of all."""
    server = snapshot.app_server(name)
    assert server
    pools = tuple(
        replace(pool, **changes) if balancer in ("", pool.balancer) and backend in ("", pool.backend) else pool
        for pool in server.pools
    )
    return with_server(snapshot, name, pools=pools)


def with_balancer(snapshot: Snapshot, name: str, /, **changes: Any) -> Snapshot:
    """The same with other values in one balancer."""
    balancers = tuple(replace(b, **changes) if b.name == name else b for b in snapshot.balancers)
    return judged(replace(snapshot, balancers=balancers))


def with_member(snapshot: Snapshot, name: str, /, **changes: Any) -> Snapshot:
    """The same with other values in one member."""
    members = (replace(m, **changes) if m.name == name else m for m in snapshot.replica_set.members)
    return with_members(snapshot, *members)


def with_members(snapshot: Snapshot, *members: Member) -> Snapshot:
    """The same with other members; votes and majority follow."""
    return judged(replace(snapshot, replica_set=_replica_set(*members, term=snapshot.replica_set.term)))


def with_spare(snapshot: Snapshot, /, **changes: Any) -> Snapshot:
    """The same with db4 prepared to be a member, just as it should be but for these values."""
    spare = SpareMember(
        name="db4",
        address="10.0.2.14:27017",
        domain="rack-a",
        health=Health.UP,
        awaits_config=True,
        version="6.0.5",
        compatibility="6.0",
        clock_skew_s=0.01,
        process_id="655f00000000000000000004",
        empty=True,
        former=False,
        reached_by=tuple((member.name, True) for member in snapshot.replica_set.members),
        age_s=0.5,
    )
    return replace(snapshot, spare_members=(replace(spare, **changes),))


def with_node(snapshot: Snapshot, name: str, /, **changes: Any) -> Snapshot:
    """The same with other values in one node."""
    nodes = tuple(replace(n, **changes) if n.name == name else n for n in snapshot.nodes)
    return judged(replace(snapshot, nodes=nodes))


def _numbers(role: str) -> tuple[int, ...]:
    return (1, 2) if role == "balancer" else (1, 2, 3)


def _domain(number: int) -> str:
    return f"rack-{'abc'[(number - 1) % 3]}"


def _app_server(number: int) -> AppServer:
    name, address = f"app{number}", f"10.0.1.{10 + number}"
    return AppServer(
        name=name,
        address=address,
        domain=_domain(number),
        health=Health.UP,
        latency_ms=4.0 + number % 5,
        age_s=0.4,
        database=Health.UP,
        pools=tuple(
            PoolMember(
                balancer=balancer,
                backend=backend,
                server=name,
                admin=Admin.READY,
                check=Health.UP,
                check_says="L7OK/200 in 3 ms",
                weight=100,
                sessions=5 + number % 4,
                queue=0,
                address=f"{address}:8080",
                sticky=backend == "web",
                check_reads_body=True,
                dynamic=False,
                written_weight=100,
                options="check inter 2s",
                requests=1200,
                changed_s=86_400,
            )
            for balancer in ("lb1", "lb2")
            for backend in BACKENDS
        ),
    )


def _balancer(number: int) -> Balancer:
    return Balancer(
        name=f"lb{number}",
        plugin="haproxy",
        address=f"10.0.0.{10 + number}",
        domain=_domain(number),
        health=Health.UP,
        version="2.8.5",
        uptime_s=86_400,
        process_id=4000 + number,
        writable=True,
        backends=BACKENDS,
        pools=tuple(
            Backend(name=name, options="check inter 2s", line="server {server} {address} check weight {weight}")
            for name in BACKENDS
        ),
        age_s=0.3,
    )


def _member(number: int, primary: int) -> Member:
    leads = number == primary
    return Member(
        name=f"db{number}",
        address=f"10.0.2.{10 + number}:27017",
        domain=_domain(number),
        state=MemberState.PRIMARY if leads else MemberState.SECONDARY,
        health=Health.UP,
        votes=1,
        priority=1.0,
        lag_s=0.0,
        ping_ms=0.6,
        sync_source=None if leads else f"10.0.2.{10 + primary}:27017",
        version="6.0.5",
        term=7,
        config_version=3,
        believes_primary=f"10.0.2.{10 + primary}:27017",
        writable=leads,
        oplog_window_s=172_800.0,
        oplog_full_s=172_800.0,
        data_bytes=10 * GIB,
        compatibility="6.0",
        options=(f"_id={number - 1}",),
        election_at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC) if leads else None,
        process_id=f"655f0000000000000000000{number}",
        seen_by=tuple(
            (
                f"db{peer}",
                PeerView(
                    address=f"10.0.2.{10 + number}:27017",
                    state=MemberState.PRIMARY if leads else MemberState.SECONDARY,
                    health=Health.UP,
                    heartbeat_age_s=1.1,
                    lag_s=0.0,
                ),
            )
            for peer in (1, 2, 3)
            if peer != number
        ),
        age_s=0.2,
    )


def _replica_set(*members: Member, term: int | None) -> ReplicaSet:
    votes = sum(member.voting for member in members)
    return ReplicaSet(
        name="rs0",
        term=term,
        config_version=3,
        votes=votes,
        majority=votes // 2 + 1,
        members=members,
        operable=True,
    )


def _node(role: str, number: int) -> Node:
    subnet, prefix = {"app": (1, "app"), "balancer": (0, "lb"), "member": (2, "db")}[role]
    return Node(
        name=f"{prefix}{number}",
        address=f"10.0.{subnet}.{10 + number}",
        roles=(role,),
        domain=_domain(number),
        cpus=8,
        memory_bytes=16 * GIB,
        memory_used_bytes=6 * GIB,
        disk_bytes=200 * GIB,
        disk_used_bytes=60 * GIB,
        load1=0.7,
        health=Health.UP,
        has_service=True,
        service=ServiceState.RUNNING,
        service_age_s=4.0,
        has_size=True,
        size=Size(cpus=8.0, memory_bytes=16 * GIB, **({"cache_bytes": 7 * GIB} if role == "member" else {})),
        size_age_s=4.0,
        in_use_bytes=6 * GIB,
        age_s=4.0,
    )


def _without(member: Member, peer: str) -> list[tuple[str, PeerView]]:
    return [(name, view) for name, view in member.seen_by if name != peer]
