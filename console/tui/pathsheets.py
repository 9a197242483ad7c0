"""The tables of the topology, made from a snapshot."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from console.cluster.snapshot import AppServer, Balancer, Health, Member, Snapshot
from console.cluster.topology import (
    Domain,
    differing_peers,
    domains,
    in_domains,
    member_contradiction,
    sends_to,
    server_contradiction,
    sync_source,
)
from console.tui.sheet import Column, Row, Sheet
from console.tui.sheets import COLUMNS_OF_BALANCERS, NOT_KNOWN, NOT_LOOKED_AT, balancers_of, of, opinion
from console.tui.symbols import HEALTH, member_state
from console.tui.words import DOWN, QUIET, STRONG, UNKNOWN, UP, WARN, Cell

AGREE, DIFFER, NOBODY = Cell("● agree", UP), Cell("▲ differ", WARN + " bold"), Cell("? unknown", UNKNOWN)
NONE = Cell("(none)", QUIET)
WRITES = Cell("writes", UP)
DOMAIN = Column("domain", 4, 10, weight=7)
BANDED = 16
"""The most rows of a tier that are put side by side by failure domain."""
FILLS = " "
"""Begins the name of a row that only keeps the place of a failure domain, and ends the domain in it."""
OPINIONS = Column("opinions", 8, 9, weight=8)
NAMED = 6
"""The most names of one failure domain that are told in its row."""
OUTLASTED = {True: "●", False: "■", None: "?"}
STYLE = {True: UP, False: DOWN, None: UNKNOWN}


def balancers(snapshot: Snapshot) -> Sheet:
    """Where requests come in, and how many servers each balancer sends them to."""
    there = snapshot.balancers
    up = sum(balancer.health is Health.UP for balancer in there)
    return Sheet(
        "BALANCERS ─►",
        of(up, len(there), "up", any(b.health is Health.UNKNOWN for b in there)),
        (DOMAIN, Column("name", 3, 12), Column("health", 4), Column("sends to", 6, 10, weight=6)),
        tuple(Row(one.name, tuple(_balancer(snapshot, one))) for one in in_domains(there)),
        "no balancer is configured",
    )


def app_servers(snapshot: Snapshot) -> Sheet:
    """The three opinions of each: its own health, every balancer's, and what it says of its database."""
    there = snapshot.app_servers
    names = balancers_of(there)[:COLUMNS_OF_BALANCERS]
    columns = (
        DOMAIN,
        Column("name", 4, 14),
        Column("health", 4),
        *(Column(name, 4, 12) for name in names),
        Column("database", 4, 9, weight=6),
        OPINIONS,
    )
    return Sheet(
        "APP SERVERS ─►",
        of(sum(s.serving for s in there), len(there), "serving", any(s.health is Health.UNKNOWN for s in there)),
        columns,
        tuple(Row(one.name, tuple(_server(snapshot, one, names))) for one in in_domains(there)),
        "no application server is configured",
    )


def members(snapshot: Snapshot) -> Sheet:
    """Where writes go, who copies from whom, and whether the others see each as it sees itself."""
    replica_set = snapshot.replica_set
    there = replica_set.members
    columns = (
        DOMAIN,
        Column("name", 3, 12),
        Column("state", 9),
        Column("vote", right=True, weight=4),
        Column("from", 4, 10, weight=6),
        OPINIONS,
    )
    enough = replica_set.voters_up >= replica_set.majority > 0
    some_unknown = any(member.health is Health.UNKNOWN for member in there)
    style = UNKNOWN if some_unknown else UP if enough and replica_set.primary else DOWN
    return Sheet(
        f"REPLICA SET {replica_set.name}".strip(),
        Cell(f"{replica_set.voters_up} of {replica_set.votes} votes", style) if there else Cell(""),
        columns,
        tuple(Row(one.name, tuple(_member(snapshot, one))) for one in in_domains(there)),
        "no replica set is configured" if snapshot.looked_at else NOT_LOOKED_AT,
    )


def failure_domains(snapshot: Snapshot) -> Sheet:
    """What is left when all that stands in one is lost at once."""
    there = domains(snapshot)
    columns = (
        Column("domain", 6, 14),
        Column("stands there", 8, 40, weight=5),
        Column("when it is lost", 30, rest=True),
    )
    declared = [domain for domain in there if domain.name]
    outlasted = sum(domain.outlasted is True for domain in declared)
    summary = of(outlasted, len(declared), "can be lost, one at a time", any(d.outlasted is None for d in declared))
    rows = tuple(
        Row(
            domain.name or NONE.text,
            (
                Cell(domain.name) if domain.name else NONE,
                Cell(_there(domain)),
                lost(domain),
            ),
        )
        for domain in there
    )
    return Sheet("FAILURE DOMAINS", summary, columns, rows, "the cluster file names no failure domain")


def banded(snapshot: Snapshot) -> dict[str, Sheet]:
    """The same tables side by side: what stands in one failure domain stands at one height, named on the left.

    Not where one of them has too many rows to be seen at once.
    """
    sheets = {tier: SHEETS[tier](snapshot) for tier in ("balancer", "app", "replica_set")}
    if max(len(sheet.rows) for sheet in sheets.values()) > BANDED:
        return sheets
    bands: dict[str, list[Row]] = {tier: [] for tier in sheets}
    # Where nothing is known of a tier, its table says so.
    for domain in (domain.name or NONE.text for domain in domains(snapshot)):
        rows = {tier: [row for row in sheet.rows if row.cells[0].text == domain] for tier, sheet in sheets.items()}
        height = max(map(len, rows.values()))
        for tier, sheet in sheets.items():
            if not sheet.rows:
                continue
            empty = [Cell("")] * (len(sheet.columns) - 1)
            fill = [Row(f"{FILLS}{domain}{FILLS}{n}", (Cell(""), *empty)) for n in range(len(rows[tier]), height)]
            if fill and not rows[tier]:
                fill[0] = Row(fill[0].key, (_in(domain), *empty))
            bands[tier] += [*rows[tier], *fill]
    return {
        tier: replace(sheet, rows=tuple(bands[tier])) if tier == "balancer" else _undomained(sheet, bands[tier])
        for tier, sheet in sheets.items()
    }


def _undomained(sheet: Sheet, rows: list[Row]) -> Sheet:
    return replace(sheet, columns=sheet.columns[1:], rows=tuple(replace(row, cells=row.cells[1:]) for row in rows))


def _balancer(snapshot: Snapshot, balancer: Balancer) -> Iterator[Cell]:
    yield _in(balancer.domain)
    yield Cell(balancer.name)
    yield HEALTH[balancer.health]
    good, there = sends_to(snapshot, balancer)
    known = balancer.health is Health.UP
    yield Cell(f"{good} of {there}", "" if good == there else WARN if good else DOWN) if known else NOT_KNOWN


def _server(snapshot: Snapshot, server: AppServer, names: list[str]) -> Iterator[Cell]:
    yield _in(server.domain)
    yield Cell(server.name)
    yield HEALTH[server.health]
    for name in names:
        yield opinion([pool for pool in server.pools if pool.balancer == name])
    yield NOT_KNOWN if server.database is None else HEALTH[server.database]
    told = server.health is not Health.UNKNOWN or any(pool.known for pool in server.pools)
    yield _verdict(server_contradiction(snapshot, server), told)


def _member(snapshot: Snapshot, member: Member) -> Iterator[Cell]:
    yield _in(member.domain)
    yield Cell(member.name)
    yield member_state(member)
    yield Cell(f"{member.votes}" if member.voting else "none", "" if member.voting else QUIET)
    source = sync_source(snapshot, member)
    yield WRITES if member.writable and member.up else Cell(source) if source else NOT_KNOWN
    told = member.health is not Health.UNKNOWN or any(differing_peers(snapshot, member))
    yield _verdict(member_contradiction(snapshot, member), told)


def _there(domain: Domain) -> str:
    names = (*domain.balancers, *domain.app_servers, *domain.members)
    return " ".join(names) if len(names) <= NAMED else f"{names[0]} and {len(names) - 1} more"


def lost(domain: Domain) -> Cell:
    """What the loss of all of it means."""
    if not domain.name:
        return Cell(domain.says, QUIET)
    return Cell(f"{OUTLASTED[domain.outlasted]} {domain.says}", STYLE[domain.outlasted])


def _verdict(contradiction: str, told: bool) -> Cell:
    return DIFFER if contradiction else AGREE if told else NOBODY


def _in(domain: str) -> Cell:
    return Cell(domain, STRONG) if domain else NONE


SHEETS: dict[str, Callable[[Snapshot], Sheet]] = {
    "balancer": balancers,
    "app": app_servers,
    "replica_set": members,
    "domain": failure_domains,
}
"""By the table's name."""
