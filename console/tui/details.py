"""Everything that is known of one row."""

from collections.abc import Iterable
from typing import TypeVar

from textual.content import Content

from console.cluster.snapshot import AppServer, Balancer, Hold, Member, Node, Size, Snapshot, SpareMember
from console.cluster.text import count
from console.tui.symbols import HEALTH, SPARE, STATE, admin_and_check, member_state
from console.tui.words import QUIET, Cell, heading, line, paragraph, span

MARGIN = 20
YES_NO = {True: "yes", False: "no", None: "not known"}

T = TypeVar("T", AppServer, SpareMember)


def detail(snapshot: Snapshot | None, tier: str, name: str, width: int) -> list[Content]:
    """The page of one server, balancer, member or node."""
    if snapshot is None:
        return []
    if tier == "app" and (server := snapshot.app_server(name) or _named(snapshot.spare_servers, name)):
        return _server(server, _held(snapshot, name), width)
    if tier == "balancer" and (balancer := snapshot.balancer(name)):
        return _balancer(balancer, snapshot, width)
    if tier == "replica_set" and (member := snapshot.member(name)):
        return _member(member, width)
    if tier == "replica_set" and (spare := _named(snapshot.spare_members, name)):
        return _spare(spare, width)
    if tier == "node" and (node := snapshot.node(name)):
        return _node(node, width)
    return [line(f"  {name} is no longer there")]


def _named(things: Iterable[T], name: str) -> T | None:
    return next((thing for thing in things if thing.name == name), None)


def _held(snapshot: Snapshot, name: str) -> Hold | None:
    return next((hold for hold in snapshot.holds if hold.target == name), None)


def _server(server: AppServer, hold: Hold | None, width: int) -> list[Content]:
    latency = "-" if server.latency_ms is None else f"{server.latency_ms:.0f} ms"
    lines = [
        _fact("health", HEALTH[server.health]),
        *([_long("because", server.reason, width)] if server.reason else []),
        _fact("address", server.address),
        _fact("failure domain", server.domain or "not declared"),
        _fact("answered in", latency),
        _fact("seen", _seen(server.age_s)),
        *([_long(f"in {hold.admin}", _why(hold), width)] if hold else []),
        Content(""),
        heading("IN THE POOLS", width),
    ]
    for pool in server.pools:
        sticky = ", clients are pinned" if pool.sticky else ""
        known = "" if pool.known else " (the last that its balancer said)"
        sessions = (
            "sessions not known" if pool.sessions is None else f"{count(pool.sessions, 'session')}, {pool.queue} queued"
        )
        says = f"{sessions}, weight {pool.weight}{sticky}; check: {pool.check_says or 'says nothing'}{known}"
        lead = (
            Cell(f"  {pool.balancer}/{pool.backend}".ljust(MARGIN)),
            admin_and_check(pool.admin, pool.check),
            Cell("  "),
        )
        lines.append(paragraph(lead, says, width))
    return lines if server.pools else [*lines, line(Cell("  it stands in no pool: a spare, or not added yet", QUIET))]


def _why(hold: Hold) -> str:
    until = f"until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else "with no end set"
    return f"by {hold.owner} since {hold.since:%Y-%m-%d %H:%M} UTC, {until}: {hold.reason or 'no reason given'}"


def _balancer(balancer: Balancer, snapshot: Snapshot, width: int) -> list[Content]:
    why = balancer.writable_reason or "our connection is read-only"
    writable = {True: "yes", False: f"no: {why}", None: "not known"}[balancer.writable]
    behind = [s.name for s in snapshot.app_servers if any(p.balancer == balancer.name for p in s.pools)]
    return [
        _fact("health", HEALTH[balancer.health]),
        *([_long("because", balancer.reason, width)] if balancer.reason else []),
        _fact("plugin", f"{balancer.plugin} {balancer.version}"),
        _fact("address", balancer.address),
        _fact("failure domain", balancer.domain or "not declared"),
        _fact("up for", span(balancer.uptime_s)),
        _fact("process", str(balancer.process_id or "not known")),
        _fact("reloads seen", str(balancer.reloads)),
        _fact("can be changed", writable),
        _long("backends", ", ".join(balancer.backends) or "none", width),
        _long("servers", ", ".join(behind) or "none", width),
        _fact("seen", _seen(balancer.age_s)),
    ]


def _member(member: Member, width: int) -> list[Content]:
    lag = "not known" if member.lag_s is None else f"{member.lag_s:.0f} s behind the Primary"
    began = "" if member.election_at is None else f"{member.election_at:%Y-%m-%d %H:%M:%S} UTC"
    lines = [
        _fact("state", member_state(member)),
        _fact("our connection", HEALTH[member.health]),
        *([_long("because", member.reason, width)] if member.reason else []),
        _fact("address", member.address),
        _fact("failure domain", member.domain or "not declared"),
        _fact("vote", f"{member.votes}, priority {member.priority:g}{', hidden' if member.hidden else ''}"),
        _fact("replication", lag),
        _fact("oplog window", span(member.oplog_window_s)),
        _fact("syncs from", member.sync_source or "nobody"),
        _fact("sees as Primary", member.believes_primary or "nobody"),
        _fact("takes writes", "yes" if member.writable else "no"),
        *([_fact("elected", began)] if began else []),
        _fact("term", _known(member.term)),
        _fact("config version", _known(member.config_version)),
        _fact("version", member.version or "not known"),
        _fact("seen", _seen(member.age_s)),
        Content(""),
        heading("AS ITS PEERS SEE IT", width),
    ]
    for peer, view in member.seen_by:
        state = STATE.get(view.state, Cell(str(view.state)))
        lines.append(paragraph((Cell(f"  {peer}".ljust(MARGIN)), state, Cell("  ")), view.says, width))
    return lines if member.seen_by else [*lines, line(Cell("  no peer says anything", QUIET))]


def _spare(spare: SpareMember, width: int) -> list[Content]:
    skew = "not known" if spare.clock_skew_s is None else f"{spare.clock_skew_s:.1f} s off our clock"
    lines = [
        _fact("state", SPARE),
        _fact("our connection", HEALTH[spare.health]),
        *([_long("because", spare.reason, width)] if spare.reason else []),
        _fact("address", spare.address),
        _fact("failure domain", spare.domain or "not declared"),
        _fact("belongs to", spare.set_name or "no replica set"),
        _fact("awaits a config", YES_NO[spare.awaits_config]),
        _fact("empty", YES_NO[spare.empty]),
        _fact("version", spare.version or "not known"),
        _fact("clock", skew),
        _fact("seen", _seen(spare.age_s)),
        Content(""),
        heading("REACHED FROM THE MEMBERS' HOSTS", width),
    ]
    lines += [_fact(member, YES_NO[reached]) for member, reached in spare.reached_by]
    return lines if spare.reached_by else [*lines, line(Cell("  not looked at yet", QUIET))]


def _node(node: Node, width: int) -> list[Content]:
    return [
        _fact("host", HEALTH[node.health]),
        *([_long("because", node.reason, width)] if node.reason else []),
        _fact("address", node.address),
        _fact("roles", ", ".join(node.roles) or "none"),
        _fact("failure domain", node.domain or "not declared"),
        _fact("cpus", "not known" if node.cpus is None else str(node.cpus)),
        _fact("load", "not known" if node.load1 is None else f"{node.load1:.2f}"),
        _fact("memory", _used(node.memory_used_bytes, node.memory_bytes)),
        _fact("disk", _used(node.disk_used_bytes, node.disk_bytes)),
        _fact("service", str(node.service)),
        *([_long("may use", _size(node.size), width)] if node.size else []),
        _fact("seen", _seen(node.age_s)),
    ]


def _size(size: Size) -> str:
    parts = [
        None if size.cpus is None else f"{size.cpus:g} cpus",
        None if size.memory_bytes is None else f"{size.memory_bytes / 2**30:.1f} GiB of memory",
        None if size.cache_bytes is None else f"{size.cache_bytes / 2**30:.2f} GiB of it for the cache",
        None if size.workers is None else f"{size.workers} workers",
    ]
    return ", ".join(part for part in parts if part) or "not told"


def _used(used: int | None, there: int | None) -> str:
    if there is None:
        return "not known"
    return f"{'?' if used is None else f'{used / 2**30:.1f}'} of {there / 2**30:.1f} GiB used"


def _known(number: int | None) -> str:
    return "not known" if number is None else str(number)


def _fact(name: str, value: str | Cell) -> Content:
    return line(Cell(f"  {name}".ljust(MARGIN), QUIET), value)


def _long(name: str, value: str, width: int) -> Content:
    return paragraph((Cell(f"  {name}".ljust(MARGIN), QUIET),), value, width)


def _seen(age_s: float | None) -> str:
    return "never" if age_s is None else f"{age_s:.1f} s ago"
