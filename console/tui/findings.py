"""Every finding and every unmet requirement, worst first; enter plans the action that would mend the selected one."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message

from console.cluster.requirements import check as requirements
from console.cluster.snapshot import Finding, Snapshot
from console.cluster.text import count
from console.tui import equivalent
from console.tui.briefs import titled
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.parts import KeyBar, Words
from console.tui.sheet import Column, Row, Sheet
from console.tui.symbols import SEVERITY
from console.tui.table import Table
from console.tui.view import View
from console.tui.words import CHANGING, DOWN, QUIET, UP, WARN, Cell, heading, line, paragraph

COLUMNS = (
    Column("severity", 11),
    Column("about", 4, 18),
    Column("says", 30, rest=True),
)
MENDED_BY = Column("mended by", 3, 24, weight=5)
"""Only where an action mends something: the words need the room."""


class FindingsScreen(View[None]):
    """What is wrong, what is missing, and what would mend it."""

    BINDINGS = bindings("findings", "view")
    where: ClassVar[str] = "findings"

    class Mend(Message):
        """Somebody wants to plan the action that mends a finding."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self._found: dict[str, Finding] = {}

    def compose(self) -> ComposeResult:
        """The list, and the whole sentence of the selected one."""
        yield Words(self._title, id="title", fixed=True)
        yield Table(id="records")
        yield Words(self._whole, id="whole")
        yield from self.foot()

    def on_mount(self) -> None:
        """Follow the cluster."""
        self._feed.changed.subscribe(self, self._show)
        if self._feed.snapshot is not None:
            self._show(self._feed.snapshot)

    def on_table_moved(self) -> None:
        """Another one is selected."""
        self.query_one("#whole", Words).show(self._whole)
        self.query_one(KeyBar).redraw()

    def on_table_opened(self) -> None:
        """A second click does what enter does."""
        self.action_mend()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what an action mends can be mended."""
        if action == "mend":
            return bool(self._selected and self._selected.mend)
        return super().check_action(action, parameters)

    def action_mend(self) -> None:
        """Plan what mends it; nothing is changed by that."""
        if self._selected and self._selected.mend:
            self.post_message(self.Mend(self._selected.mend))

    @property
    def copied(self) -> str:
        """The whole sentence."""
        return self._selected.says if self._selected else ""

    @property
    def _selected(self) -> Finding | None:
        key = self.query_one(Table).selected if self.is_mounted else None
        return self._found.get(key) if key else None

    def _show(self, snapshot: Snapshot) -> None:
        unmet = requirements(snapshot)
        self._found = {f"{one.code} {one.subject} {one.says}": one for one in (*snapshot.findings, *unmet)}
        columns = (*COLUMNS, MENDED_BY) if any(one.mend for one in self._found.values()) else COLUMNS
        rows = tuple(Row(key, _cells(one)[: len(columns)]) for key, one in self._found.items())
        says = f"{count(len(snapshot.findings), 'finding')}, {count(len(unmet), 'unmet requirement')}"
        summary = Cell(says, (WARN if snapshot.findings else QUIET) if rows else UP)
        self.query_one(Table).show(Sheet("FINDINGS", summary, columns, rows, "● nothing is wrong, nothing is missing"))
        self.on_table_moved()

    def _title(self, width: int) -> list[Content]:
        return [titled("Findings, the worst first", self._feed, width)]

    def _whole(self, width: int) -> list[Content]:
        one = self._selected
        if one is None:
            return []
        word = SEVERITY[one.severity]
        lines = [heading(one.code, width), paragraph((Cell(f" {word.text}  ", word.style),), one.says, width)]
        if one.mend:
            lines.append(line(Cell(" mended by  ", QUIET), Cell(one.mend, CHANGING), Cell("   enter plans it", QUIET)))
            action, _, target = one.mend.partition(" ")
            lines.append(equivalent.shown(equivalent.planned(action, target.split()), width))
        return lines


def _cells(one: Finding) -> tuple[Cell, ...]:
    word = SEVERITY[one.severity]
    return (word, Cell(one.subject), Cell(one.says, DOWN if word.style == DOWN else ""), Cell(one.mend, CHANGING))
