"""The tables of the dashboard, made from a snapshot: a row for each server, balancer, member and node."""

from collections.abc import Callable, Iterable

from console.cluster.snapshot import AppServer, Balancer, Health, Member, Node, PoolMember, Snapshot, SpareMember
from console.tui.sheet import Column, Row, Sheet
from console.tui.symbols import HEALTH, SPARE, admin_and_check, member_state
from console.tui.words import DOWN, QUIET, UNKNOWN, UP, WARN, Cell, span

OLD_S = 3.0
"""What is older than this says so."""
COLUMNS_OF_BALANCERS = 4
NOT_KNOWN = Cell("-", QUIET)
NOT_LOOKED_AT = "nothing is known of it yet: it is asked for the first time"

Aged = AppServer | Balancer | Member | SpareMember


def app_servers(snapshot: Snapshot) -> Sheet:
    """Health by its own word, every balancer's opinion, sessions and latency."""
    servers = snapshot.app_servers
    balancers = balancers_of(servers)[:COLUMNS_OF_BALANCERS]
    serving = sum(server.serving for server in servers)
    everybody = (*servers, *snapshot.spare_servers)
    return Sheet(
        "APP SERVERS",
        of(serving, len(servers), "serving", any(s.health is Health.UNKNOWN for s in servers)),
        (
            Column("name", 4, 14),
            Column("health", 9),
            *(Column(balancer, 9, 14) for balancer in balancers),
            Column("sessions", right=True, weight=5),
            Column("ms", 2, right=True, weight=3),
            *_age_column(everybody),
        ),
        tuple(Row(server.name, (*_server(server, balancers), *_age(server, everybody))) for server in everybody),
        "no application server is configured",
    )


def balancers(snapshot: Snapshot) -> Sheet:
    """Each balancer process."""
    there = snapshot.balancers
    up = sum(balancer.health is Health.UP for balancer in there)
    columns = (
        Column("name", 3, 10),
        Column("health", 9),
        Column("version", 3, 8, weight=4),
        Column("up for", right=True, weight=3),
        *_age_column(there),
    )
    return Sheet(
        "BALANCERS",
        of(up, len(there), "up", any(b.health is Health.UNKNOWN for b in there)),
        columns,
        tuple(
            Row(
                b.name,
                (
                    Cell(b.name),
                    HEALTH[b.health],
                    Cell(b.version or "-"),
                    Cell(span(b.uptime_s if b.health is Health.UP else None)),
                    *_age(b, there),
                ),
            )
            for b in there
        ),
        "no balancer is configured",
    )


def members(snapshot: Snapshot) -> Sheet:
    """Each member of the replica set: state, vote, and how far behind it is."""
    replica_set = snapshot.replica_set
    there = replica_set.members
    everybody: tuple[Aged, ...] = (*there, *snapshot.spare_members)
    enough = replica_set.voters_up >= replica_set.majority > 0
    says = f"{replica_set.voters_up} of {replica_set.votes} votes, {replica_set.majority} needed"
    some_unknown = any(member.health is Health.UNKNOWN for member in there)
    if replica_set.primary is None:
        missing = "Primary not known" if some_unknown else "NO PRIMARY"
        says = f"{missing}, {replica_set.voters_up} of {replica_set.votes} votes"
    style = UNKNOWN if some_unknown else UP if enough and replica_set.primary else DOWN
    columns = (
        Column("name", 3, 10),
        Column("state", 11),
        Column("vote", right=True, weight=5),
        Column("prio", right=True, weight=4),
        Column("lag", 4, right=True, weight=8),
        Column("oplog", right=True, weight=6),
        Column("version", 3, 8, weight=3),
        *_age_column(everybody),
    )
    rows = [Row(m.name, (*_member(m), *_age(m, everybody))) for m in there]
    rows += [Row(spare.name, (*_spare_member(spare), *_age(spare, everybody))) for spare in snapshot.spare_members]
    return Sheet(
        f"REPLICA SET {replica_set.name}".strip(),
        Cell(says, style) if there else Cell(""),
        columns,
        tuple(rows),
        "no replica set is configured" if snapshot.looked_at else NOT_LOOKED_AT,
    )


def nodes(snapshot: Snapshot) -> Sheet:
    """Each host: what it is for, how large it is, and how busy."""
    there = snapshot.nodes
    columns = (
        Column("name", 4, 12),
        Column("host", 9),
        Column("domain", 4, 10, weight=5),
        Column("cpus", right=True, weight=4),
        Column("load", right=True, weight=6),
        Column("memory", right=True, weight=7),
        Column("disk", right=True, weight=7),
    )
    up = sum(node.health is Health.UP for node in there)
    summary = of(up, len(there), "seen", any(node.health is Health.UNKNOWN for node in there))
    return Sheet("NODES", summary, columns, tuple(Row(n.name, _node(n)) for n in there), "no node is configured")


def _server(server: AppServer, balancers: list[str]) -> Iterable[Cell]:
    yield Cell(server.name)
    yield HEALTH[server.health]
    for balancer in balancers:
        yield opinion([pool for pool in server.pools if pool.balancer == balancer]) if server.pools else SPARE
    known = any(pool.known for pool in server.pools)
    yield Cell(str(server.sessions)) if known and server.sessions is not None else NOT_KNOWN
    yield NOT_KNOWN if server.latency_ms is None else Cell(f"{server.latency_ms:.0f}")


def balancers_of(servers: Iterable[AppServer]) -> list[str]:
    """The names of those that have an opinion of some server."""
    return sorted({pool.balancer for server in servers for pool in server.pools})


def opinion(pools: list[PoolMember]) -> Cell:
    """One balancer's opinion of one server, over its backends."""
    if not pools:
        return Cell("not in", QUIET)
    if not all(pool.known for pool in pools):
        return HEALTH[Health.UNKNOWN]
    opinions = {admin_and_check(pool.admin, pool.check) for pool in pools}
    return opinions.pop() if len(opinions) == 1 else Cell("differs", WARN)


def _member(member: Member) -> Iterable[Cell]:
    yield Cell(member.name)
    yield member_state(member)
    yield Cell(f"{member.votes}" if member.voting else "none", "" if member.voting else QUIET)
    yield Cell(f"{member.priority:g}")
    yield NOT_KNOWN if member.lag_s is None else Cell(f"{member.lag_s:.0f} s", WARN if member.lag_s > 10 else "")
    yield NOT_KNOWN if member.oplog_window_s is None else Cell(span(member.oplog_window_s))
    yield Cell(member.version) if member.version else NOT_KNOWN


def _spare_member(spare: SpareMember) -> Iterable[Cell]:
    yield Cell(spare.name)
    yield SPARE if spare.health is Health.UP else Cell(f"{SPARE.text} {spare.health}", HEALTH[spare.health].style)
    for _ in ("vote", "prio", "lag", "oplog"):
        yield NOT_KNOWN
    yield Cell(spare.version) if spare.version else NOT_KNOWN


def _node(node: Node) -> tuple[Cell, ...]:
    return (
        Cell(node.name),
        HEALTH[node.health],
        Cell(node.domain or "-", QUIET),
        NOT_KNOWN if node.cpus is None else Cell(str(node.cpus)),
        NOT_KNOWN if node.load1 is None else Cell(f"{node.load1:.1f}"),
        _share(node.memory_used_bytes, node.memory_bytes),
        _share(node.disk_used_bytes, node.disk_bytes),
    )


def _share(used: int | None, there: int | None) -> Cell:
    if used is None or not there:
        return NOT_KNOWN
    percent = 100 * used / there
    return Cell(f"{percent:.0f} % of {there / 2**30:.0f} GiB", DOWN if percent > 95 else WARN if percent > 85 else "")


def of(good: int, all_of_them: int, word: str, some_unknown: bool) -> Cell:
    """`2 of 3 up`; empty where there are none."""
    style = UP if good == all_of_them else UNKNOWN if some_unknown else WARN if good else DOWN
    return Cell(f"{good} of {all_of_them} {word}", style) if all_of_them else Cell("")


SHEETS: dict[str, Callable[[Snapshot], Sheet]] = {
    "app": app_servers,
    "balancer": balancers,
    "replica_set": members,
    "node": nodes,
}
"""By tier."""


def _age_column(things: Iterable[Aged]) -> tuple[Column, ...]:
    return (Column("seen", 4, right=True, weight=8),) if any(_old(thing) for thing in things) else ()


def _age(thing: Aged, all_of_them: Iterable[Aged]) -> tuple[Cell, ...]:
    if not any(_old(other) for other in all_of_them):
        return ()
    return (Cell("never" if thing.age_s is None else span(thing.age_s), UNKNOWN) if _old(thing) else Cell(""),)


def _old(thing: Aged) -> bool:
    return thing.age_s is None or thing.age_s > OLD_S
