"""The runbooks that there are, bundled and the operator's own, and the runs of them that have not finished."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from console.change.journal import JournalError
from console.change.runbook import Runbook, RunbookError
from console.change.runbook.approving import answer
from console.change.runbook.estimate import Estimate, estimate
from console.change.runbook.progress import Progress, progress
from console.change.runbook.shelf import runbook_paths
from console.cluster.snapshot import Approval
from console.cluster.text import clean, count
from console.ports.error import OperatorError
from console.ports.protocols import Refused, Unclear
from console.tui import equivalent
from console.tui.briefs import titled
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.parts import KeyBar, Words
from console.tui.sheet import Column, Row, Sheet
from console.tui.stages import does, purpose
from console.tui.table import HEAD, Table
from console.tui.texts import Question
from console.tui.view import View
from console.tui.words import DOWN, QUIET, STRONG, WARN, Cell, heading, paragraph, span

COLUMNS = (
    Column("name", 8, 20),
    Column("stages", right=True, weight=5),
    Column("takes", 6, right=True, weight=6),
    Column("what it is", 24, rest=True),
)
RUN_COLUMNS = (
    Column("run", 8, 8),
    Column("runbook", 8, 20),
    Column("who", 3, 14, weight=4),
    Column("begun UTC", 16, 16, weight=5),
    Column("how far", 12, rest=True),
)

APPROVAL_COLUMNS = (
    Column("run", 8, 8),
    Column("who asks", 8, 24),
    Column("since UTC", 16, 16, weight=5),
    Column("for what", 12, rest=True),
)

ABOUT_LEAST = 6
"""Lines that are kept for what is told about the selected one."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that is no runbook, and its mistake."""

    path: Path
    mistake: str


class RunbooksScreen(View[None]):
    """Choose what to read, or a run to go on with."""

    BINDINGS = bindings("runbooks", "view")
    AUTO_FOCUS = "#shelf"
    where: ClassVar[str] = "runbooks"

    class Chosen(Message):
        """A runbook is to be read: to begin it, or to go on with a run of it."""

        def __init__(self, runbook: Runbook, left: Progress | None = None) -> None:
            super().__init__()
            self.runbook, self.left = runbook, left

    def __init__(self, feed: Feed, config_dir: Path) -> None:
        super().__init__()
        self._feed = feed
        self._there = {name: _opened(path) for name, path in runbook_paths(config_dir).items()}
        self._left: dict[str, Progress] = {}
        self._takes: dict[str, str] = {}
        """By name: how long it takes, as far as the journal tells."""
        self._problem = ""

    def compose(self) -> ComposeResult:
        """The runs to go on with, the runbooks, and what the selected one is for."""
        yield Words(self._title, id="title", fixed=True)
        yield Table(id="approvals")
        yield Table(id="left")
        yield Table(id="shelf")
        with VerticalScroll(id="about", can_focus=False):
            yield Words(self._about, id="whole")
        yield from self.foot()

    def on_mount(self) -> None:
        """Read what there is; the journal in a thread: it may be long."""
        self._feed.changed.subscribe(self, lambda _: self._show())
        self._show()
        self.run_worker(self._read(), exclusive=True)

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """To agree, or to read: by what is selected."""
        asked = isinstance(self._selected, Approval)
        if action in ("agree", "open"):
            return asked is (action == "agree")
        return super().check_action(action, parameters)

    def action_agree(self, agrees: bool) -> None:
        """Say yes or no to another operator's runbook, once it is asked whether that is meant."""
        if isinstance(asked := self._selected, Approval):
            word = "Agree" if agrees else "Do not agree"
            says = clean(f"{asked.owner} asks: {asked.says} ({asked.reason or 'no reason given'}).", limit=400)

            def sure(yes: bool | None) -> None:
                if yes:
                    self.run_worker(self._answer(asked, agrees))

            same = equivalent.approved(asked.id, agrees)
            self.app.push_screen(Question(f"{word}? {says}", word, "Cancel", same), sure)

    async def _answer(self, asked: Approval, agrees: bool) -> None:
        try:
            await answer(self._feed.session, asked.id, agrees=agrees)
            self._problem = ""
        except (OperatorError, Refused, Unclear) as error:
            self._problem = str(error)
        self._show()

    def on_descendant_focus(self) -> None:
        """What is told is about the table that has the focus."""
        self.query_one("#whole", Words).show(self._about)
        self.query_one(KeyBar).redraw()

    def on_table_moved(self) -> None:
        """Another one is selected."""
        self.query_one("#whole", Words).show(self._about)

    def on_table_opened(self) -> None:
        """A second click."""
        self.action_open()

    def action_open(self) -> None:
        """Read it, with everything that it would do now."""
        chosen = self._selected
        if isinstance(chosen, Progress):
            self.post_message(self.Chosen(chosen.runbook, chosen))
        elif isinstance(chosen, Runbook):
            self.post_message(self.Chosen(chosen))

    @property
    def _selected(self) -> Runbook | Unusable | Progress | Approval | None:
        table = self.focused if isinstance(self.focused, Table) else self.query_one("#shelf", Table)
        key = table.selected or ""
        if table.id == "approvals":
            return next((one for one in self._approvals if one.id == key), None)
        return self._left.get(key) if table.id == "left" else self._there.get(key)

    @property
    def _approvals(self) -> tuple[Approval, ...]:
        snapshot = self._feed.snapshot
        return tuple(one for one in snapshot.approvals if one.agreed is None) if snapshot is not None else ()

    async def _read(self) -> None:
        try:
            self._left, self._takes = await asyncio.to_thread(self._from_journal)
        except JournalError as error:
            self._problem = str(error)
        self._show()

    def _from_journal(self) -> tuple[dict[str, Progress], dict[str, str]]:
        """The runs that have not finished, newest first, and how long each runbook takes. Raises JournalError."""
        session = self._feed.session
        records = list(session.journal.records()) if session.journal is not None else []
        left = [run for run in progress(records) if not run.over and run.cluster == session.cluster]
        usable = {name: one for name, one in self._there.items() if isinstance(one, Runbook)}
        found = {name: estimate(records, one, session.snapshot, session.cluster) for name, one in usable.items()}
        takes = {name: _takes(one) for name, one in found.items()}
        return {run.id: run for run in reversed(left)}, takes

    def _show(self) -> None:
        wrong = sum(isinstance(one, Unusable) for one in self._there.values())
        summary = Cell(f"{wrong} cannot be used", DOWN) if wrong else Cell(str(len(self._there)), QUIET)
        rows = tuple(Row(name, _cells(name, one, self._takes.get(name, "-"))) for name, one in self._there.items())
        self.query_one("#shelf", Table).show(Sheet("RUNBOOKS", summary, COLUMNS, rows, "there is none"))
        runs = tuple(Row(id, _run_cells(run)) for id, run in self._left.items())
        self._show_some("left", Sheet("NOT FINISHED", Cell(count(len(runs), "run"), WARN), RUN_COLUMNS, runs))
        asked = tuple(Row(one.id, _approval_cells(one)) for one in self._approvals)
        summary = Cell("somebody else has to agree", WARN)
        self._show_some("approvals", Sheet("WAITS FOR ANOTHER OPERATOR", summary, APPROVAL_COLUMNS, asked))
        shelf = self.query_one("#shelf", Table)
        others = sum(len(rows) + HEAD + 1 for rows in (runs, asked) if rows)
        shelf.styles.height = max(HEAD + 2, min(shelf.lines, self.size.height - 2 - others - ABOUT_LEAST))
        self.query_one("#whole", Words).show(self._about)
        self.query_one(KeyBar).redraw()

    def _show_some(self, id: str, sheet: Sheet) -> None:
        """A table that is there only while it has rows."""
        table = self.query_one(f"#{id}", Table)
        table.display = bool(sheet.rows)
        table.show(sheet)
        table.styles.height = table.lines + 1

    def _title(self, width: int) -> list[Content]:
        return [titled("Runbooks", self._feed, width)]

    def _about(self, width: int) -> list[Content]:
        lines = [paragraph((Cell(" ■ ", DOWN),), self._problem, width, DOWN)] if self._problem else []
        chosen = self._selected if self.is_mounted else None
        if isinstance(chosen, Unusable):
            says = paragraph((Cell("  ■ ", DOWN),), chosen.mistake, width)
            return [*lines, heading("IT CANNOT BE USED", width), says]
        if isinstance(chosen, Approval):
            says = paragraph((Cell("  "),), f"{chosen.owner} asks: {chosen.says}", width, STRONG)
            reason = paragraph((Cell("  why      ", QUIET),), chosen.reason or "no reason given", width)
            return [*lines, heading("TO AGREE TO", width), says, reason]
        if isinstance(chosen, Progress):
            reason = paragraph((Cell("  why      ", QUIET),), chosen.reason or "no reason given", width)
            return [*lines, heading("TO GO ON WITH", width), paragraph((Cell("  "),), chosen.says, width), reason]
        if isinstance(chosen, Runbook):
            stages = [
                paragraph((Cell(f"  {number:<4}"),), f"{stage.name}: {does(stage)}", width)
                for number, stage in enumerate(chosen.table.stages, 1)
            ]
            return [*lines, *purpose(chosen, width), heading("STAGES", width), *stages]
        return lines


def _opened(path: Path) -> Runbook | Unusable:
    try:
        return Runbook.read(path)
    except RunbookError as error:
        return Unusable(path, str(error))


def _takes(one: Estimate) -> str:
    if not one.known:
        return "-"
    return f"{'over ' if one.known < len(one.stages) else ''}{span(one.median_s)}"


def _cells(name: str, one: Runbook | Unusable, takes: str) -> tuple[Cell, ...]:
    if isinstance(one, Unusable):
        return Cell(name), Cell("-", QUIET), Cell("-", QUIET), Cell("■ cannot be used", DOWN)
    return Cell(name, "bold"), Cell(str(len(one.table.stages))), Cell(takes), Cell(one.table.title)


def _approval_cells(one: Approval) -> tuple[Cell, ...]:
    return Cell(one.run), Cell(one.owner, "bold"), Cell(f"{one.since:%Y-%m-%d %H:%M}"), Cell(one.says)


def _run_cells(one: Progress) -> tuple[Cell, ...]:
    state = f"{one.outcome or 'no end written'}, at stage {one.reached or '1'}"
    if one.elsewhere:
        state = f"another console is at stage {one.reached or '1'}"
    return (
        Cell(one.id),
        Cell(one.runbook.name, "bold"),
        Cell(one.who),
        Cell(f"{one.began:%Y-%m-%d %H:%M}"),
        Cell(state, WARN),
    )
