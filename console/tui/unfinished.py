"""What was interrupted: each step as it is seen now, and the three ways out: go on, undo, or mark as done with."""

from functools import partial
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.content import Content

from console.change.journal import JournalError, Unfinished
from console.change.plan import PlanError
from console.change.reconcile import Found, Sight
from console.change.run import Confirmation, Run
from console.cluster.text import count
from console.tui import equivalent
from console.tui.briefs import titled
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.parts import Words
from console.tui.sheet import Column, Row, Sheet
from console.tui.sure import Sure
from console.tui.table import Table
from console.tui.view import View
from console.tui.words import CHANGING, DOWN, QUIET, UNKNOWN, UP, WARN, Cell, heading, line, paragraph

COLUMNS = (
    Column("run", 8, 8),
    Column("change", 8, 30),
    Column("who", 3, 14, weight=4),
    Column("begun UTC", 19, 19, weight=5),
    Column("steps", 5, right=True),
    Column("last begun", 20, rest=True),
)
FOUND = {
    Found.APPLIED: Cell("● applied", UP),
    Found.NOT_APPLIED: Cell("○ not applied", WARN),
    Found.INDETERMINATE: Cell("? cannot be told", UNKNOWN),
}
Way = Literal["resume", "undo", "close"]
WAYS: dict[Way, tuple[str, str]] = {
    "resume": ("Go on", "Go on with this run, after the last of its changes that is so"),
    "undo": ("Undo", "Undo every step of this run that had begun, in reverse"),
    "close": ("Close", "Leave the cluster as it stands, and mark this run as done with"),
}
"""Each way out: its button, and what it does."""


class UnfinishedScreen(View[Run | None]):
    """Answers with the run that goes on or back, or with nothing."""

    BINDINGS = bindings("unfinished", "view")
    where: ClassVar[str] = "unfinished"

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self._left: dict[str, Unfinished] = {}
        self._sights: dict[str, tuple[Sight, ...]] = {}
        self._problem = ""

    def compose(self) -> ComposeResult:
        """The runs, and what is seen of the selected one."""
        yield Words(self._title, id="title", fixed=True)
        yield Table(id="records")
        yield Words(self._seen, id="whole")
        yield from self.foot()

    def on_mount(self) -> None:
        """Read the journal, and look at the first of them; what told of them is not needed any more."""
        self.app.clear_notifications()
        self._read()

    def on_table_moved(self) -> None:
        """Another one is selected: look at it again."""
        self.query_one("#whole", Words).show(self._seen)
        run = self.query_one(Table).selected
        if run and run not in self._sights:
            self.run_worker(self._look(run), exclusive=True)

    def action_resume(self) -> None:
        """Go on."""
        self._ask("resume")

    def action_undo(self) -> None:
        """Go back."""
        self._ask("undo")

    def action_close(self) -> None:
        """Mark as done with."""
        self._ask("close")

    def _read(self) -> None:
        try:
            self._left = {left.run: left for left in self._feed.session.unfinished()}
            self._problem = ""
        except JournalError as error:
            self._left, self._problem = {}, str(error)
        rows = tuple(Row(run, _cells(left)) for run, left in self._left.items())
        summary, nothing = Cell(count(len(rows), "run"), WARN if rows else UP), "● nothing is unfinished"
        if self._problem:
            summary, nothing = Cell("? not known", UNKNOWN), "whether a run is unfinished is not known"
        self.query_one(Table).show(Sheet("UNFINISHED", summary, COLUMNS, rows, nothing))
        self.on_table_moved()

    async def _look(self, run: str) -> None:
        try:
            self._sights[run] = await self._feed.session.reconcile(run)
            self._problem = ""
        except (PlanError, JournalError) as error:
            self._problem = str(error)
        self.query_one("#whole", Words).show(self._seen)

    def _ask(self, way: Way) -> None:
        run = self.query_one(Table).selected
        if run is None:
            return
        left = self._left[run]
        try:
            words = None if way == "close" else self._feed.session.interrupted_plan(run).confirm_words
        except (PlanError, JournalError) as error:
            self._problem = str(error)
            self.query_one("#whole", Words).show(self._seen)
            return

        word, does = WAYS[way]

        def answered(confirmation: Confirmation | None) -> None:
            if confirmation is not None:
                self.run_worker(self._do(way, run, confirmation))

        same = partial(equivalent.interrupted, way, run, words)
        self.app.push_screen(Sure(f"{does}: {left.action} {left.target}.", word, words, same), answered)

    async def _do(self, way: Way, run: str, confirmation: Confirmation) -> None:
        session = self._feed.session
        try:
            if way == "close":
                await session.close_run(run, confirmation.reason)
                self._read()
            else:
                self.dismiss((session.resume if way == "resume" else session.undo)(run, confirmation))
        except (PlanError, JournalError) as error:
            self._problem = str(error)
            self.query_one("#whole", Words).show(self._seen)

    def _title(self, width: int) -> list[Content]:
        return [titled("Unfinished runs", self._feed, width)]

    def _seen(self, width: int) -> list[Content]:
        run = self.query_one(Table).selected if self.is_mounted else None
        lines = [paragraph((Cell(" ■ ", DOWN),), self._problem, width, DOWN)] if self._problem else []
        if run is None or run not in self._left:
            return lines
        lines = [heading("AS IT IS SEEN NOW", width), paragraph((Cell("  "),), self._left[run].says, width), *lines]
        if run not in self._sights:
            return [*lines, line(Cell("  looking at the cluster again…", CHANGING))]
        for sight in self._sights[run]:
            word = FOUND[sight.found]
            lead = (Cell(f"  {sight.step}  ", "bold"), Cell(f"{word.text:<17} ", word.style))
            lines.append(paragraph(lead, f"{sight.does}: {sight.seen}", width))
        return lines if self._sights[run] else [*lines, line(Cell("  no step of it had begun", QUIET))]


def _cells(left: Unfinished) -> tuple[Cell, ...]:
    return (
        Cell(left.run),
        Cell(f"{left.action} {left.target}", "bold"),
        Cell(left.who),
        Cell(f"{left.began:%Y-%m-%d %H:%M:%S}"),
        Cell(f"{left.proved}/{left.steps}"),
        Cell(left.intent or "none", "" if left.intent else QUIET),
    )
