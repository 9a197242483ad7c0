"""The words around the tables: header, what may be lost, findings, and what has changed."""

from collections.abc import Iterable
from datetime import datetime

from textual.content import Content

from console.cluster.advice import advise
from console.cluster.changes import Change
from console.cluster.headroom import headroom
from console.cluster.snapshot import Finding, Health, Severity, Snapshot
from console.cluster.text import count
from console.tui.feed import Feed
from console.tui.guide import Guide
from console.tui.symbols import SEVERITY
from console.tui.words import CHANGING, DOWN, KEY, LOUD, QUIET, STRONG, UP, WARN, Cell, heading, line
from console.tui.words import paragraph as wrapped

WHOLE = 80
"""Columns from which the header has everything in it."""
NARROW = 65
"""Columns below which titles are shorter."""


def environment(word: str) -> Cell:
    """The kind of cluster; production is loud."""
    loud = word.lower().startswith(("prod", "live"))
    return Cell(f" {word.upper()} " if loud else word, LOUD if loud else KEY)


def header(feed: Feed, width: int, why_read_only: str, guide: Guide) -> Content:
    """Which cluster, of what kind, when, and may anything be changed."""
    snapshot, run = feed.snapshot, feed.session.run
    if snapshot is None:
        return Content("")
    whose = [Cell(f"{snapshot.cluster}  ", STRONG)]
    if snapshot.environment:
        whose += [environment(snapshot.environment), Cell("  ")]
    when = Cell(f"{snapshot.at:%Y-%m-%d %H:%M:%S} UTC" if width >= 100 else f"{snapshot.at:%H:%M:%S} UTC")
    cells: list[Cell] = []
    if feed.paused:
        cells += [Cell("  "), Cell(f" PAUSED {feed.held_s:.0f} s ", LOUD), Cell(" p goes on", WARN)]
    if why_read_only:
        cells.append(Cell("  READ-ONLY", WARN + " bold"))
        if width >= 100:
            cells.append(Cell(f": {why_read_only}", WARN))
    elsewhere = snapshot.lease if snapshot.lease and not snapshot.lease.ours else None
    if elsewhere:
        cells.append(Cell(f"  ► {elsewhere.owner}: {elsewhere.says}", CHANGING))
    if guide.going:
        cells += _guided(guide)
    elif run is not None and run.outcome is None:
        cells.append(Cell(f"  ► {run.plan.title}", CHANGING + " bold"))
        cells.append(Cell("  asks (R)" if run.events and run.events[-1].choices else " (R)", CHANGING))
    if not cells or width >= WHOLE:
        return line(Cell(" Watchkeeper  ", KEY), *whose, when, *cells)
    short = [Cell(" "), *whose, when, *cells]  # what is unusual is seen: our name gives way, and then the clock
    return line(*short) if sum(len(cell.text) for cell in short) <= width else line(Cell(" "), *whose, *cells)


def titled(title: str, feed: Feed, width: int, run: str = "") -> Content:
    """A title, and which cluster it is about; the title is what gives way."""
    if not feed.connected:
        return line(Cell(f" {title}  ", "bold"), Cell("connecting…", CHANGING))
    session = feed.session
    word = environment(session.environment)
    about = f"   {session.cluster}  "
    tail = f"   run {run}" if run and width >= 100 else ""
    room = max(10, width - len(about) - len(word.text) - len(tail) - 2)
    shown = title if len(title) <= room else f"{title[: room - 1]}…"
    return line(Cell(f" {shown}{about}"), word, Cell(tail))


def _guided(guide: Guide) -> list[Cell]:
    """What a runbook does, and where it is: its place is what gives way."""
    where = guide.task.title if guide.task is not None else guide.title
    if guide.asks is not None or guide.run_asks:
        return [Cell("  "), Cell(" ► asks (r) ", LOUD), Cell(f" {where}", CHANGING)]
    if guide.run is not None and guide.run.paused:
        return [Cell(f"  ▲ paused (r): {where}", WARN)]
    return [Cell("  ► runs (r): ", CHANGING + " bold"), Cell(where, CHANGING)]


def standing(snapshot: Snapshot, width: int) -> Content:
    """How much may still be lost, and how much is wrong."""
    if not snapshot.looked_at:
        return line(Cell(" asked for the first time: nothing is known yet", CHANGING))
    left = snapshot.tolerates
    cells = [Cell(" tolerates: ", STRONG)]
    for number, one in ((left.app_servers, "application server"), (left.members, "member")):
        style = UP + " bold" if number else DOWN
        cells += [Cell(count(number, one), style), Cell(", ")]
    cells[-1] = Cell("  ")
    for severity in Severity:  # the worst first: what there is no room for is the least
        found = [finding for finding in snapshot.findings if finding.severity is severity]
        if found and sum(len(cell.text) for cell in cells) + 15 <= width:
            word = SEVERITY[severity]
            many = count(len(found), severity, "" if severity is Severity.WARNING else severity)
            cells.append(Cell(f"{word.text.split()[0]} {many}  ", word.style))
    if not snapshot.findings:
        nothing = Cell("● no findings", UP) if _anything(snapshot) else Cell("nothing is configured", WARN)
        if sum(len(cell.text) for cell in (*cells, nothing)) <= width:
            cells.append(nothing)
    return line(*cells)


def findings(snapshot: Snapshot, width: int, height: int) -> list[Content]:
    """The worst first, as many as there is room for; of the worst at least its beginning."""
    if not _anything(snapshot):
        says = wrapped((Cell("  "),), "the cluster file names no nodes, no balancers and no replica set", width, WARN)
        return [heading("FINDINGS", width), *says.split("\n")]
    if not snapshot.findings:
        return [heading("FINDINGS", width), line(Cell("  ● nothing is wrong", UP))]
    lines: list[Content] = []
    shown = 0
    for finding in snapshot.findings:
        rows = _finding(finding, width).split("\n")
        room = height - 1 - len(lines)
        if len(rows) > room:
            if not lines and room > 0:
                lines = [*rows[: room - 1], Content.assemble(rows[room - 1], " …")]
                shown = 1
            break
        lines += rows
        shown += 1
    total = len(snapshot.findings)
    keys = [*(["f shows all"] if shown < total else []), *([] if _answers(snapshot) else ["0 tries the connections"])]
    title = "FINDINGS" if shown == total else f"FINDINGS, {shown} of {total}"
    return [heading(": ".join([title, *([", ".join(keys)] if keys else [])]), width), *lines]


def advice(feed: Feed, width: int) -> list[Content]:
    """What the peak of the last minutes needs against what is there, then what to do and why."""
    snapshot = feed.snapshot
    if snapshot is None or not feed.connected:
        return [line(Cell("connecting…", CHANGING))]
    if not snapshot.looked_at:
        says = "Every node is asked for the first time: what there is, and what is needed, is not known yet."
        return [heading("HEADROOM", width), wrapped((Cell("  "),), says, width, CHANGING)]
    enough, now, less = (13, 10, 15) if width >= NARROW else (12, 8, 10)
    gone = "with one gone" if width >= NARROW else "one gone"
    titles = Cell(f"  {'enough':<{enough}}{'now':<{now}}{gone:<{less}}of what", QUIET)
    lines = [heading("HEADROOM", width), line(titles)]
    for one in headroom(snapshot):
        word = {True: Cell("● yes", UP), False: Cell("■ no", DOWN), None: Cell("? not known", QUIET)}[one.holds]
        told = Cell(f"  {word.text:<{enough}}", word.style), Cell(f"{one.now:<{now}}{one.one_less:<{less}}")
        lines.append(wrapped(told, one.what, width))
    lines += [Content(""), heading("ADVICE", width)]
    for found in advise(snapshot, feed.session.sizing):
        lines.append(wrapped((Cell(f"  {found.subject}: ", STRONG),), found.says, width, STRONG, indent=4))
        lines += [wrapped((Cell("    because ", QUIET),), reason, width) for reason in found.because]
        if found.action:
            lines.append(line(Cell("    : ", QUIET), Cell(found.action, CHANGING)))
    return lines


def happened(
    events: Iterable[tuple[datetime, Change]], width: int, height: int | None = None, *, title: str = "EVENTS"
) -> list[Content]:
    """What changed, newest first; cut to one line each where the height is given."""
    if height == 1:  # no room but for the heading
        known = tuple(events)
        return [heading(f"{title}, {len(known)}: e shows all" if known else f"{title}: none yet", width)]
    lines = [heading(title, width)]
    for at, change in events:
        if height is not None and len(lines) >= height:
            return lines
        lead = (Cell(f"  {at:%H:%M:%S} UTC  ", QUIET), Cell(f"{change.kind:<9} ", STRONG))
        says = change.says
        room = max(1, width - sum(len(cell.text) for cell in lead))
        if height is not None and len(says) > room:
            says = f"{says[: room - 1]}…"
        lines.append(line(*lead, says) if height is not None else wrapped(lead, says, width))
    if len(lines) == 1:
        lines.append(line(Cell("  nothing has changed since this console was opened", QUIET)))
    return lines


def _anything(snapshot: Snapshot) -> bool:
    return bool(snapshot.app_servers or snapshot.balancers or snapshot.replica_set.members or snapshot.nodes)


def _answers(snapshot: Snapshot) -> bool:
    """Something of the cluster is up, as it is seen from here."""
    servers, balancers, members = snapshot.app_servers, snapshot.balancers, snapshot.replica_set.members
    healths = (*(s.health for s in servers), *(b.health for b in balancers), *(m.health for m in members))
    return Health.UP in healths


def _finding(finding: Finding, width: int) -> Content:
    word = SEVERITY[finding.severity]
    return wrapped((Cell(f"  {word.text:<11} ", word.style),), finding.says, width)
