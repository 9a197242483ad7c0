"""The connection test: everything that the cluster file names, row by row as it is tried, and what mends a failure."""

import asyncio
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer

from console.cluster.snapshot import Snapshot
from console.ports.connections import Row as Tried
from console.ports.connections import Verdict
from console.tui import equivalent
from console.tui.briefs import titled
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.parts import KeyBar, Words
from console.tui.sheet import Column, Row, Sheet
from console.tui.table import Table
from console.tui.texts import TextScreen
from console.tui.view import View
from console.tui.words import CHANGING, DOWN, OFF, QUIET, STRONG, UP, Cell, heading, line, paragraph, span

VERDICT = {
    Verdict.FAILED: Cell("■ failed", DOWN),
    Verdict.TRYING: Cell("◎ trying", CHANGING),
    Verdict.OK: Cell("● ok", UP),
    Verdict.SKIPPED: Cell("· skipped", OFF),
}
"""The worst first; what is not known yet comes next."""
SHOWN_EVERY_S = 0.1
COLUMNS = (
    Column("outcome", 9),
    Column("about", 5, 16),
    Column("what", 4, 10),
    Column("says", 20, rest=True),
    Column("lasted", 6, 7, right=True, weight=3),
)


class ConnectionsScreen(View[None]):
    """Tries everything once when it is opened, and anew when that is wanted; one test at a time."""

    BINDINGS = bindings("connections", "view")
    where: ClassVar[str] = "connections"

    def __init__(self, feed: Feed, state_dir: Path) -> None:
        super().__init__()
        self._feed = feed
        self._state_dir = state_dir
        self._tries: list[Tried] = []
        self._begun: dict[tuple[str, str], list[int]] = {}
        """What is being tried, and which of the rows that is: a host and a member may be of one name."""
        self._at: datetime | None = None
        """When the test ended."""
        self._one = asyncio.Lock()
        self._due: Timer | None = None
        """Shows what has come: hundreds of rows may come within a moment."""

    def compose(self) -> ComposeResult:
        """How far it is, the rows, and all of the selected one."""
        yield Words(self._title, id="title", fixed=True)
        yield Words(self._standing, id="standing", fixed=True)
        yield Table("records")
        yield Words(self._whole, id="whole")
        yield from self.foot()

    def on_mount(self) -> None:
        """Begin, when every part has its width."""
        self._feed.changed.subscribe(self, self._aged)
        self._show()
        self.call_after_refresh(self.action_again)

    def on_table_moved(self) -> None:
        """Another one is selected."""
        self.query_one("#whole", Words).show(self._whole)
        self.query_one(KeyBar).redraw()

    def on_table_opened(self) -> None:
        """A second click opens the row."""
        self.action_detail()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a row that is there can be opened."""
        return self._selected is not None if action == "detail" else super().check_action(action, parameters)

    def action_detail(self) -> None:
        """All that there is to say of a row."""
        if one := self._selected:
            self.app.push_screen(TextScreen(f"{one.subject}: {one.what}", lambda w: _told(one, w), copied=self.copied))

    def action_again(self) -> None:
        """All of it anew; one that is going on is ended first."""
        self.run_worker(self._try(), group="connections", exclusive=True)

    @property
    def testing(self) -> bool:
        """A test is going on."""
        return self._at is None

    @property
    def copied(self) -> str:
        """The command that mends the selected row, or what has to be done; of any other row what it says."""
        one = self._selected
        return one.mend.rpartition("then: ")[2] or one.says if one else ""

    @property
    def _selected(self) -> Tried | None:
        key = self.query_one(Table).selected if self.is_mounted else None
        return self._tries[int(key)] if key is not None and int(key) < len(self._tries) else None

    async def _try(self) -> None:
        async with self._one:  # the one before has let go of its connections by then
            self._tries, self._begun, self._at = [], {}, None
            self._show()
            async with aclosing(self._feed.session.connections(self._state_dir)) as rows:
                async for row in rows:
                    self._take(row)
            self._at = self._feed.session.snapshot.at
            self._show()

    def _take(self, row: Tried) -> None:
        """One row more, or how one ended that had begun."""
        thing = row.subject, row.what
        begun = self._begun.setdefault(thing, [])
        if row.verdict is not Verdict.TRYING and begun:
            self._tries[begun.pop(0)] = row
        else:
            if row.verdict is Verdict.TRYING:
                begun.append(len(self._tries))
            self._tries.append(row)
        if self._due is None:
            self._due = self.set_timer(SHOWN_EVERY_S, self._show)

    def _show(self) -> None:
        if self._due is not None:
            self._due.stop()
            self._due = None
        table = self.query_one(Table)
        at_top = table.cursor == 0
        table.show(Sheet("CONNECTIONS", self._summary(), COLUMNS, self._rows(), "beginning…"))
        if at_top:  # nobody has chosen another row: the worst is told
            table.cursor = 0
        self.query_one("#standing", Words).show(self._standing)
        self.on_table_moved()

    def _rows(self) -> tuple[Row, ...]:
        """What failed, what is being tried, then the rest; each with the others of the same thing."""
        worst = list(VERDICT)[:2]
        subjects = {subject: place for place, subject in enumerate(dict.fromkeys(one.subject for one in self._tries))}

        def place(numbered: tuple[int, Tried]) -> tuple[int, int, int]:
            number, one = numbered
            rank = worst.index(one.verdict) if one.verdict in worst else len(worst)
            return rank, subjects[one.subject], number

        return tuple(Row(str(number), _cells(one)) for number, one in sorted(enumerate(self._tries), key=place))

    def _summary(self) -> Cell:
        many = {verdict: sum(one.verdict is verdict for one in self._tries) for verdict in VERDICT}
        told = [f"{number} {'being tried' if v is Verdict.TRYING else v}" for v, number in many.items() if number]
        if many[Verdict.FAILED]:
            return Cell(", ".join(told), DOWN)
        return Cell(", ".join(told), CHANGING) if self._at is None else Cell(f"● nothing failed: {', '.join(told)}", UP)

    def _aged(self, _: Snapshot) -> None:
        self.query_one("#standing", Words).show(self._standing)

    def _title(self, width: int) -> list[Content]:
        return [titled("Connections", self._feed, width)]

    def _standing(self, width: int) -> list[Content]:
        if self._at is None:
            return [line(Cell(" trying everything that the cluster file names…", CHANGING))]
        now = self._feed.snapshot.at if self._feed.snapshot else self._at
        ago = span(max(0.0, (now - self._at).total_seconds()))
        return [line(Cell(f" tried {self._at:%H:%M:%S} UTC, {ago} ago", QUIET))]

    def _whole(self, width: int) -> list[Content]:
        one = self._selected
        if one is None:
            return [Content("")]  # what has lines has a width, by which the first row is drawn
        says, *mend = _told(one, width)
        rows, others = says.split("\n"), 2 + sum(1 + part.plain.count("\n") for part in mend)
        room = max(1, self.app.size.height // 2 - others)
        if len(rows) > room:  # what there is to do is seen whole, and so are some rows of the table
            says = Content("\n").join([*rows[: room - 1], Content.assemble(rows[room - 1][: width - 2], " …")])
        same = equivalent.shown(equivalent.connections(), width)
        return [heading(f"{one.subject}: {one.what}", width), says, *mend, same]


def _told(one: Tried, width: int) -> list[Content]:
    """What it says, and what there is to do."""
    word = VERDICT[one.verdict]
    lines = [paragraph((Cell(f" {word.text:<10}", word.style),), one.says or "it is being waited for", width)]
    if one.mend:
        lines.append(paragraph((Cell(" to do     ", STRONG),), one.mend, width, CHANGING))
    return lines


def _cells(one: Tried) -> tuple[Cell, ...]:
    says = Cell(one.says, DOWN if one.verdict is Verdict.FAILED else "")
    return VERDICT[one.verdict], Cell(one.subject, STRONG), Cell(one.what), says, Cell(_lasted(one), QUIET)


def _lasted(one: Tried) -> str:
    if one.verdict in (Verdict.TRYING, Verdict.SKIPPED):
        return "-"
    return f"{one.took_s:.1f} s" if one.took_s >= 1 else f"{one.took_s * 1000:.0f} ms"
