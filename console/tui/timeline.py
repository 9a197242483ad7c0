"""One list over all tiers, newest first, in incidents: what was seen, and what was done."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content

from console.change.chronicle import done, export
from console.change.journal import JournalError
from console.cluster.snapshot import Snapshot
from console.cluster.text import count
from console.cluster.timeline import Entry, Incident, incidents, seen
from console.tui.briefs import titled
from console.tui.commands import bindings
from console.tui.feed import KEPT, Feed
from console.tui.parts import KeyBar, Words
from console.tui.sheet import Column, Row, Sheet
from console.tui.table import Table
from console.tui.texts import TextScreen
from console.tui.view import View
from console.tui.words import CHANGING, DOWN, OFF, QUIET, STRONG, UNKNOWN, UP, WARN, Cell, heading, paragraph

COLUMNS = (
    Column("UTC", 8, 14),
    Column("t+ s", 4, 8, right=True, weight=5),
    Column("tier", 4, 11, weight=3),
    Column("about", 4, 18, weight=4),
    Column("what", 6, 20, weight=8),
    Column("says", 24, rest=True),
)
GOOD = ("up", "ready", "proved", "done", "PRIMARY", "SECONDARY")
BAD = ("down", "DOWN", "REMOVED", "failed", "refused", "CORRUPT", "failure")
UNSURE = ("unknown", "UNKNOWN")
TIERS = {"app": "server", "replica_set": "replica set"}
"""What a tier is called in its column, where that is not its own word."""


class TimelineScreen(View[None]):
    """Everything that is known to have happened, by one clock."""

    BINDINGS = bindings("timeline", "view")
    where: ClassVar[str] = "timeline"

    def __init__(self, feed: Feed, folder: Path, cluster: str) -> None:
        super().__init__()
        self._feed = feed
        self._folder = folder
        """Where the journal is, and where an export goes."""
        self._cluster = cluster
        self._done: tuple[Entry, ...] = ()
        self._problem = "reading the journal…"
        self._read: object = None
        """How far the run had come when the journal was read."""
        self._found: tuple[Incident, ...] = ()
        self._rows: dict[str, tuple[Incident, Entry | None]] = {}

    def compose(self) -> ComposeResult:
        """Since when is looked, and the list."""
        yield Words(self._title, id="title", fixed=True)
        yield Words(self._since, id="since")
        yield Table("records")
        yield Words(self._selected, id="whole")
        yield from self.foot()

    def on_mount(self) -> None:
        """Follow the cluster, and what is done to it."""
        self._feed.changed.subscribe(self, self._show)
        self._fill()
        self.run_worker(self._read_journal(), exclusive=True)

    def on_table_moved(self) -> None:
        """Another one is selected."""
        self.query_one("#whole", Words).show(self._selected)

    def on_table_opened(self) -> None:
        """A second click does what enter does."""
        self.action_detail()

    def action_detail(self) -> None:
        """The whole event, or the whole incident; of what was done, all its steps."""
        key = self.query_one(Table).selected
        if key is not None and key in self._rows:
            incident, entry = self._rows[key]
            whole = _whole(incident, entry)
            self.app.push_screen(TextScreen(whole[0], lambda width: _told(whole[1], width), copied="\n".join(whole[1])))

    async def action_export(self) -> None:
        """Write it down as Markdown, beside the journal."""
        made = self._feed.snapshot.at if self._feed.snapshot else None
        try:
            path = await asyncio.to_thread(export, self._folder, self._cluster, self._found, made, self._says())
        except OSError as error:
            self.notify(f"not written: {error.strerror} ({self._folder})", severity="error", markup=False)
        else:
            self.notify(f"written to {path}", markup=False, timeout=12)

    @property
    def copied(self) -> str:
        """What the selected row says, whole."""
        key = self.query_one(Table).selected
        incident, entry = self._rows.get(key or "", (None, None))
        return entry.says if entry else incident.says if incident else ""

    def _show(self, _: Snapshot) -> None:
        self._fill()
        run = self._feed.session.run
        if run is not None and self._read != (run.id, len(run.events), run.outcome):
            self.run_worker(self._read_journal(), exclusive=True)

    async def _read_journal(self) -> None:
        session = self._feed.session if self._feed.connected else None
        run = session.run if session else None
        self._read = (run.id, len(run.events), run.outcome) if run else None
        journal = session.journal if session else None
        try:
            self._done = await asyncio.to_thread(done, journal, self._folder, self._cluster)
            self._problem = ""
        except JournalError as error:
            self._problem = str(error)
        self._fill()

    def _fill(self) -> None:
        changes = [seen(at, change) for at, change in self._feed.events]
        self._found = incidents([*reversed(changes), *self._done])
        today = self._feed.snapshot.at if self._feed.snapshot else None
        self._rows, rows = {}, []
        for incident in self._found:
            name = f"incident {incident.begin.timestamp()}"
            if len(incident.entries) > 1:
                self._rows[name] = (incident, None)
                rows.append(Row(name, _heading(incident, today)))
            for entry in reversed(incident.entries):
                key = f"{entry.at.timestamp()} {entry.kind} {entry.subject} {entry.after}"
                self._rows[key] = (incident, entry)
                rows.append(Row(key, _cells(incident, entry, today)))
        nothing = "nothing has changed since this console was opened, and nothing was done before"
        if self._problem:
            nothing = "nothing has changed since this console was opened; what was done is not known"
        summary = Cell(count(len(self._found), "incident"), QUIET) if rows else Cell("")
        self.query_one(Table).show(Sheet("TIMELINE", summary, COLUMNS, tuple(rows), nothing))
        self.query_one("#title", Words).show(self._title)
        self.query_one("#since", Words).show(self._since)
        self.query_one("#whole", Words).show(self._selected)
        self.query_one(KeyBar).redraw()

    def _selected(self, width: int) -> list[Content]:
        """All that its row says, where a row has no room for it."""
        key = self.query_one(Table).selected if self.is_mounted else None
        incident, entry = self._rows.get(key or "", (None, None))
        if incident is None:
            return []
        about = f"{entry.kind} {entry.subject}" if entry else f"INCIDENT of {incident.begin:%H:%M:%S} UTC"
        says = entry.says if entry else f"{incident.lasted_s:.1f} s: {incident.says}"
        return [heading(about, width), paragraph((Cell("  "),), says, width)]

    def _title(self, width: int) -> list[Content]:
        return [titled("Timeline, newest first", self._feed, width)]

    def _says(self) -> str:
        since = self._feed.since
        if since is None:
            return "This console does not look yet: only actions are known."
        kept = f" Of these the newest {KEPT} are kept." if len(self._feed.events) >= KEPT else ""
        return f"This console looks since {since:%H:%M:%S} UTC; before that only actions are known.{kept}"

    def _since(self, width: int) -> list[Content]:
        lines = [paragraph((Cell(" ", QUIET),), f"{self._says()} Times are by this host's clock.", width, QUIET)]
        return [*lines, paragraph((Cell(" ▲ ", WARN),), self._problem, width, WARN)] if self._problem else lines


def _heading(incident: Incident, today: datetime | None) -> tuple[Cell, ...]:
    says = f"{incident.lasted_s:.1f} s: {incident.says}"
    what = Cell(count(len(incident.entries), "entry", "entries"), STRONG)
    return (
        Cell(_clock(incident.begin, today), STRONG),
        Cell("0.0"),
        Cell("▼ all", STRONG),
        Cell(""),
        what,
        Cell(says, STRONG),
    )


def _cells(incident: Incident, entry: Entry, today: datetime | None) -> tuple[Cell, ...]:
    style = UP if entry.after in GOOD else DOWN if entry.after in BAD else UNKNOWN if entry.after in UNSURE else ""
    if entry.who and not style:
        style = CHANGING
    after = "" if entry.kind in ("term", "config", "lease", "reload", "weight", "tolerates", "finding") else entry.after
    alone = len(incident.entries) == 1
    return (
        Cell(_clock(entry.at, today), "" if alone else QUIET),
        Cell("" if alone else f"{incident.after_s(entry):.1f}", QUIET),
        Cell(TIERS.get(entry.tier, entry.tier), OFF),
        Cell(entry.subject),
        Cell(f"{entry.kind} {after or ''}".strip(), style),
        Cell(entry.says),
    )


def _clock(at: datetime, today: datetime | None) -> str:
    """With its date where that is another day's."""
    same = today is not None and at.date() == today.date()
    return f"{at:%H:%M:%S}" if same else f"{at:%m-%d %H:%M:%S}"


def _whole(incident: Incident, entry: Entry | None) -> tuple[str, list[str]]:
    """A title, and every line of it."""
    if entry is None:
        told = filter(None, (*incident.milestones, incident.not_back, incident.writes))
        lines = [*told, "", *(_line(incident, one) for one in incident.entries)]
        return f"Incident of {incident.begin:%Y-%m-%d %H:%M:%S} UTC", lines
    facts = {
        "at": f"{entry.at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC",
        "tier": entry.tier,
        "about": entry.subject,
        "what": entry.kind,
        "before": entry.before,
        "after": entry.after,
        "no Primary for": None if entry.gap_s is None else f"{entry.gap_s:.3f} s",
        "who": entry.who,
        "run": entry.run,
    }
    lines = [entry.says, "", *(f"{name:<15} {value}" for name, value in facts.items() if value)]
    if entry.run:
        steps = [_line(incident, one) for one in incident.entries if one.run == entry.run]
        lines += ["", f"the run of it, {entry.title}:", *steps]
    return f"{entry.kind} {entry.title or entry.subject}", lines


def _line(incident: Incident, entry: Entry) -> str:
    return f"t+{incident.after_s(entry):<8.1f} {entry.kind} {entry.after or ''}  {entry.says}"


def _told(lines: list[str], width: int) -> list[Content]:
    return [paragraph((Cell(" "),), one, width, indent=4) if one else Content("") for one in lines]
