"""Every opinion of one node of the topology, side by side, and what is told of a failure domain."""

from textual.content import Content

from console.cluster.snapshot import AppServer, Balancer, Member, Snapshot
from console.cluster.topology import Domain, member_contradiction, server_contradiction
from console.tui.pathsheets import lost
from console.tui.sheets import opinion
from console.tui.symbols import HEALTH, SEVERITY, admin_and_check, member_state
from console.tui.words import QUIET, WARN, Cell, heading, line, paragraph, span


def about(snapshot: Snapshot, tier: str, name: str, width: int) -> list[Content]:
    """Every opinion of one node, side by side."""
    if tier == "app" and (server := snapshot.app_server(name)):
        return _about_server(snapshot, server, width)
    if tier == "balancer" and (balancer := snapshot.balancer(name)):
        return [
            heading(f"{name} of {balancer.domain or 'no failure domain'}", width),
            line(Cell("  health          ", QUIET), HEALTH[balancer.health], *_because(balancer.reason)),
            paragraph((Cell("  sends to        ", QUIET),), _behind(snapshot, balancer), width),
            *_found(snapshot, name, width),
        ]
    if tier == "replica_set" and (member := snapshot.member(name)):
        return _about_member(snapshot, member, width)
    return []


def about_domain(domain: Domain, width: int) -> list[Content]:
    """What stands in it, and what its loss means."""
    names = ", ".join((*domain.balancers, *domain.app_servers, *domain.members))
    when = lost(domain)
    return [
        heading(domain.name or "in no failure domain", width),
        paragraph((Cell("  when lost     ", QUIET),), when.text, width, when.style),
        paragraph((Cell("  stands there  ", QUIET),), names, width),
    ]


def _about_server(snapshot: Snapshot, server: AppServer, width: int) -> list[Content]:
    latency = "" if server.latency_ms is None else f" in {server.latency_ms:.0f} ms"
    lines = [
        heading(f"{server.name} of {server.domain or 'no failure domain'}: the opinions of it", width),
        line(Cell("  its own health  ", QUIET), HEALTH[server.health], latency, *_because(server.reason)),
        line(Cell("  its database    ", QUIET), *_database(server)),
    ]
    if says := server_contradiction(snapshot, server):
        lines.insert(1, paragraph((Cell("  ▲ differ: ", WARN + " bold"),), says, width, WARN))
    for pool in server.pools:
        lead = Cell(f"  {pool.balancer}/{pool.backend} ".ljust(18), QUIET), admin_and_check(pool.admin, pool.check)
        known = "" if pool.known else " (the last that its balancer said)"
        lines.append(line(*lead, f"  {pool.check_says or 'says nothing'}{known}"))
    return lines + _found(snapshot, server.name, width)


def _about_member(snapshot: Snapshot, member: Member, width: int) -> list[Content]:
    lines = [
        heading(f"{member.name} of {member.domain or 'no failure domain'}: the opinions of it", width),
        line(Cell("  as seen here    ", QUIET), member_state(member), *_because(member.reason)),
    ]
    if says := member_contradiction(snapshot, member):
        lines.insert(1, paragraph((Cell("  ▲ differ: ", WARN + " bold"),), says, width, WARN))
    for peer, view in member.seen_by:
        age = f", heard {span(view.heartbeat_age_s)} ago" if view.heartbeat_age_s is not None else ""
        seen = Cell(f"{view.state}", HEALTH[view.health].style)
        lines.append(
            line(Cell(f"  seen by {peer} ".ljust(18), QUIET), seen, f"{age}{f': {view.says}' if view.says else ''}")
        )
    return lines + _found(snapshot, member.name, width)


def _found(snapshot: Snapshot, name: str, width: int) -> list[Content]:
    """The findings about it."""
    found = [finding for finding in snapshot.findings if finding.subject == name]
    words = [(SEVERITY[finding.severity], finding.says) for finding in found]
    return [paragraph((Cell(f"  {word.text} ".ljust(18), word.style),), says, width) for word, says in words]


def _database(server: AppServer) -> tuple[Cell, ...]:
    if server.database is None:
        return (Cell("it does not tell", QUIET),)
    return (HEALTH[server.database],)


def _because(reason: str) -> tuple[Cell, ...]:
    return (Cell(f"  {reason}"),) if reason else ()


def _behind(snapshot: Snapshot, balancer: Balancer) -> str:
    told = []
    for server in snapshot.app_servers:
        pools = [pool for pool in server.pools if pool.balancer == balancer.name]
        if pools:
            told.append(f"{server.name} {opinion(pools).text}")
    return ", ".join(told) or "nobody"
