"""What is seen, as words for a person: every state is a word, colour is only on top."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.change.aftercare import Aftercare, Verdict
from console.change.events import Event, EventKind
from console.change.plan import Plan
from console.cluster.advice import Advice
from console.cluster.headroom import Headroom
from console.cluster.matching import matches
from console.cluster.snapshot import AppServer, Balancer, Finding, Member, Node, PoolMember, Snapshot
from console.cluster.text import clean
from console.ports.connections import Row
from console.ports.connections import Verdict as Tried

STYLES = {
    "up": "green",
    "down": "bold red",
    "unknown": "yellow",
    "critical": "bold red",
    "warning": "yellow",
    "refused": "bold red",
    "failed": "bold red",
    "proved": "green",
    "done": "bold green",
}

CONNECTION = {Tried.OK: "up", Tried.FAILED: "down", Tried.SKIPPED: "unknown"}

out = Console(highlight=False)
linear = False
"""Each row of a table is a sentence: for screen readers, serial consoles and scripts."""


def speak() -> None:
    """From now on words only: no columns, no colour."""
    global out, linear
    out, linear = Console(highlight=False, color_system=None, width=1_000_000), True


def print_snapshot(snapshot: Snapshot) -> None:
    """The three tiers, what may be lost, and the findings."""
    environment = f" ({snapshot.environment})" if snapshot.environment else ""
    _say(_text(f"{snapshot.cluster}{environment} at {snapshot.at:%Y-%m-%d %H:%M:%S} UTC"))
    _say(_text(f"tolerates the loss of: {snapshot.tolerates.says}"))
    print_servers(snapshot)
    print_balancers(snapshot)
    print_members(snapshot)
    for hold in snapshot.holds:
        until = f"until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else "without an end"
        since = f"since {hold.since:%Y-%m-%d %H:%M} UTC, {until}"
        _say(_text(f"{hold.target} is held in {hold.admin} by {hold.owner} {since}: {hold.reason}"))
    if lease := snapshot.lease:
        _say(_text(f"{lease.owner} is changing the cluster: {lease.says} (run {lease.run}): {lease.reason}", "warning"))
    print_findings(snapshot.findings)


def print_servers(snapshot: Snapshot, matching: str = "") -> None:
    """A row each; where a pattern is given, those that it is found in."""
    _print_rows(
        "application server", ["health", "pools", "sessions", "ms", "seen"], map(_app, snapshot.app_servers), matching
    )


def print_balancers(snapshot: Snapshot, matching: str = "") -> None:
    """A row each; where a pattern is given, those that it is found in."""
    _print_rows("balancer", ["health", "version", "up for", "seen"], map(_balancer, snapshot.balancers), matching)


def print_members(snapshot: Snapshot, matching: str = "") -> None:
    """A row each; where a pattern is given, those that it is found in."""
    members = map(_member, snapshot.replica_set.members)
    _print_rows("member", ["state", "health", "votes", "lag", "version", "seen"], members, matching)


def print_nodes(snapshot: Snapshot, matching: str = "") -> None:
    """A row each; where a pattern is given, those that it is found in."""
    _print_rows("node", ["health", "roles", "domain", "load", "service", "seen"], map(_node, snapshot.nodes), matching)


def print_findings(findings: Sequence[Finding]) -> None:
    """One line each, worst first."""
    if not findings:
        out.print("no findings")
    for finding in findings:
        words = _text(f"{finding.subject}: {finding.says}  [{finding.code}]", "default")
        _say(_text(f"{finding.severity:<9}", str(finding.severity)).append_text(words))


def print_plan(plan: Plan) -> None:
    """The dry run: checks with values, impact, steps with the exact commands, undo."""
    _say(_text(f"{plan.title} on {plan.cluster}", "bold"))
    _say(_text(f"impact: {plan.impact.grade}: {plan.impact.says}"))
    for weighed in plan.impact.weighed:
        _say(_text(f"  {weighed}"))
    for check in plan.checks:
        word = "ok" if check.ok else "no" if check.warns else "REFUSED"
        out.print(
            _text(f"  {word:<8}{check.says}: {check.value} (must be {check.limit})", "" if check.ok else "yellow")
        )
    for note in plan.notes:
        _say(_text(f"  note    {note}", "yellow"))
    for number, step in enumerate(plan.steps, 1):
        _say(_text(f"  step {number}  {step.does}, within {step.patience_s:g} s"))
        for line in step.command.splitlines():
            _say(_text(f"            {line}", "dim"))
        if step.expects:
            _say(_text(f"          only while: {step.expects.says}"))
        _say(_text(f"          proof: {step.proof.says}"))
        _say(_text(f"          undo: {step.undone.says if step.undone else step.undo_says}"))
    if not plan.steps:
        _say(_text("  nothing to do: it is so already"))
    _say(_text(f"plan {plan.hash}"))


def print_advice(measures: Sequence[Headroom], found: Sequence[Advice]) -> None:
    """What is there with one gone, then what to do and why."""
    _print_rows("headroom", ["now", "one less", "enough"], map(_headroom, measures))
    for advice in found:
        _say(_text(f"{advice.subject}: {advice.says}", "bold"))
        for reason in advice.because:
            _say(_text(f"  because {reason}"))
        if advice.action:
            _say(_text(f"  watchkeeper plan {advice.action}", "dim"))


def print_event(event: Event) -> None:
    """One line of a run."""
    step = f"step {event.step}: " if event.step else ""
    style = str(event.kind) if event.kind is not EventKind.DOING else ""
    _say(_text(f"{event.at:%H:%M:%S} UTC  {event.kind:<8} {step}{event.says}", style))


def print_aftercare(found: Aftercare) -> None:
    """The last line of a watched run, and the way back when it is worse."""
    style = {Verdict.WORSE: "down", Verdict.SAME: "up", Verdict.UNKNOWN: "unknown"}[found.verdict]
    _say(_text(found.says, style))
    if found.verdict is Verdict.WORSE and found.way_back:
        _say(_text(f"the way back: watchkeeper plan {found.way_back}"))


def print_connection(row: Row) -> None:
    """One line of the connection test, and what to do about a failure below it."""
    word = _text(f"{row.verdict.upper() if row.verdict is Tried.FAILED else row.verdict:<8}", CONNECTION[row.verdict])
    _say(word.append_text(_text(f"{row.subject:<14} {row.what:<10} {row.says}", "default")))
    if row.mend:
        _say(_text(f"        to do: {row.mend}"))


def _say(line: Text) -> None:
    """One line, as long as it is: a pipe reads lines, and a terminal folds them itself."""
    out.print(line, soft_wrap=True)


def _app(server: AppServer) -> list[Text]:
    pools = [
        f"{balancer} {_opinion(list(entries))}" for balancer, entries in groupby(server.pools, lambda p: p.balancer)
    ]
    latency = "" if server.latency_ms is None else f"{server.latency_ms:.0f}"
    return [
        _text(server.name),
        _health(str(server.health), server.reason),
        _text(", ".join(pools) or "in no pool"),
        _text("-" if server.sessions is None else str(server.sessions)),
        _text(latency),
        _seen(server.age_s),
    ]


def _opinion(entries: list[PoolMember]) -> str:
    words = {f"{entry.admin}/{entry.check}" for entry in entries}
    return words.pop() if len(words) == 1 else " ".join(f"{e.backend}={e.admin}/{e.check}" for e in entries)


def _balancer(balancer: Balancer) -> list[Text]:
    uptime = "" if balancer.uptime_s is None else f"{balancer.uptime_s} s"
    return [
        _text(balancer.name),
        _health(str(balancer.health), balancer.reason),
        _text(balancer.version),
        _text(uptime),
        _seen(balancer.age_s),
    ]


def _member(member: Member) -> list[Text]:
    return [
        _text(member.name),
        _text(str(member.state), "bold" if member.writable else ""),
        _health(str(member.health), member.reason),
        _text(f"{member.votes}"),
        _text("unknown" if member.lag_s is None else f"{member.lag_s:.0f} s"),
        _text(member.version),
        _seen(member.age_s),
    ]


def _node(node: Node) -> list[Text]:
    return [
        _text(node.name),
        _health(str(node.health), node.reason),
        _text(", ".join(node.roles) or "none"),
        _text(node.domain or "not declared"),
        _text("not known" if node.load1 is None else f"{node.load1:.2f}"),
        _text(str(node.service)),
        _seen(node.age_s),
    ]


def _headroom(one: Headroom) -> list[Text]:
    enough, style = {True: ("yes", "up"), False: ("no", "down"), None: ("not known", "unknown")}[one.holds]
    return [_text(one.what), _text(one.now), _text(one.one_less), _text(enough, style)]


def _health(word: str, reason: str) -> Text:
    return _text(f"{word}: {reason}" if reason and word != "up" else word, word)


def _seen(age_s: float | None) -> Text:
    return _text("never" if age_s is None else f"{age_s:.1f} s ago")


def _text(words: str, style: str = "") -> Text:
    """Data is never read as markup, and its control characters are shown, not sent."""
    return Text(clean(words, limit=1000), style=STYLES.get(style, style))


def _print_rows(first: str, columns: list[str], rows: Iterable[list[Text]], matching: str = "") -> None:
    shown = [row for row in rows if matches(matching)(" ".join(cell.plain for cell in row))] if matching else rows
    if not linear:
        out.print(_table(first, columns, shown))
        return
    for name, *cells in shown:
        told = (f"{column} {cell.plain}" for column, cell in zip(columns, cells, strict=True) if cell.plain)
        _say(_text(f"{first} {name.plain}: {'; '.join(told)}"))


def _table(first: str, columns: list[str], rows: Iterable[list[Text]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (first, *columns):
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    return table
