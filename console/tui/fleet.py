"""Every cluster that this operator knows, the worst first; enter goes to it."""

from contextlib import aclosing
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message

from console.cluster.snapshot import Health
from console.cluster.text import clean, count
from console.fleet import Fleet, Look
from console.tui.briefs import environment
from console.tui.commands import bindings
from console.tui.parts import KeyBar, Words
from console.tui.sheet import Column, Row, Sheet
from console.tui.symbols import SEVERITY
from console.tui.table import Table
from console.tui.view import View
from console.tui.words import CHANGING, DOWN, QUIET, STRONG, UNKNOWN, UP, Cell, heading, line, paragraph

COLUMNS = (
    Column("cluster", 7, 24),
    Column("environment", 11, 14, weight=5),
    Column("how it is", 10, 12),
    Column("may lose", 8, 20, weight=7),
    Column("Primary", 7, 12, weight=4),
    Column("seen UTC", 8, 8, weight=3),
    Column("worst finding", 20, rest=True),
)


class FleetScreen(View[None]):
    """Looks while it is open, and not longer."""

    BINDINGS = bindings("fleet", "view")
    where: ClassVar[str] = "fleet"

    class Chosen(Message):
        """Somebody wants to go to a cluster."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, fleet: Fleet, here: str) -> None:
        super().__init__()
        self._fleet = fleet
        self._here = here
        self._looks: dict[str, Look] = {}

    def compose(self) -> ComposeResult:
        """The clusters, and what is wrong with the selected one."""
        yield Words(
            lambda _: [line(" Fleet, the worst first   looked at every 10 s, read-only")], id="title", fixed=True
        )
        yield Table("records")
        yield Words(self._whole, id="whole")
        yield from self.foot()

    def on_mount(self) -> None:
        """Begin to look."""
        self._show(())
        self.run_worker(self._follow(), exclusive=True)

    def on_table_moved(self) -> None:
        """Another one is selected."""
        self.query_one("#whole", Words).show(self._whole)
        self.query_one(KeyBar).redraw()

    def on_table_opened(self) -> None:
        """A second click does what enter does."""
        self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a file without a mistake can be opened."""
        if action == "open":
            look = self._selected
            return look is not None and (look.snapshot is not None or not look.problem)
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        """Go to it."""
        if self._selected is not None:
            self.post_message(self.Chosen(self._selected.name))

    @property
    def _selected(self) -> Look | None:
        return self._looks.get(self.query_one(Table).selected or "") if self.is_mounted else None

    async def _follow(self) -> None:
        async with aclosing(self._fleet.follow()) as rounds:
            async for looks in rounds:
                self._show(looks)

    def _show(self, looks: tuple[Look, ...]) -> None:
        self._looks = {look.name: look for look in looks}
        rows = tuple(Row(look.name, _cells(look, self._here)) for look in looks)
        wrong = sum(look.rank[0] == 0 for look in looks)
        says = f"{wrong} of {count(len(rows), 'cluster')} need somebody" if wrong else count(len(rows), "cluster")
        nothing = "no cluster file is in clusters/ of the configuration directory"
        summary = Cell(says, DOWN if wrong else QUIET)
        self.query_one(Table).show(Sheet("CLUSTERS", summary, COLUMNS, rows, nothing))
        self.on_table_moved()

    def _whole(self, width: int) -> list[Content]:
        look = self._selected
        if look is None:
            return []
        lines = [heading(look.name, width), paragraph((Cell("  file  ", QUIET),), str(look.path), width)]
        if look.problem:
            return [*lines, paragraph((Cell("  ■ ", DOWN),), clean(look.problem, limit=1000), width)]
        if look.snapshot is None:
            return [*lines, line(Cell("  looking…", CHANGING))]
        for one in look.snapshot.findings[:3]:
            word = SEVERITY[one.severity]
            lines.append(paragraph((Cell(f"  {word.text:<11} ", word.style),), one.says, width))
        return lines if look.snapshot.findings else [*lines, line(Cell("  ● nothing is wrong", UP))]


def _cells(look: Look, here: str) -> tuple[Cell, ...]:
    name = Cell(f"{look.name} ◄" if look.name == here else look.name, STRONG)
    seen = Cell(f"{look.at:%H:%M:%S}" if look.at else "-", QUIET)
    none = Cell("-", QUIET)
    snapshot = look.snapshot
    if snapshot is None:
        word = Cell("■ not seen", DOWN) if look.problem else Cell("looking…", CHANGING)
        return name, none, word, none, none, seen, Cell(clean(look.problem), DOWN)
    left, primary = snapshot.tolerates, snapshot.replica_set.primary
    word = SEVERITY[look.worst.severity] if look.worst else Cell("● well", UP)
    lose = Cell(f"{left.app_servers} app, {left.members} db", UP if left.app_servers and left.members else DOWN)
    says = Cell(look.worst.says if look.worst else "")
    unknown = any(member.health is Health.UNKNOWN for member in snapshot.replica_set.members)
    nobody = Cell("not known", UNKNOWN) if unknown else Cell("none", DOWN)
    leads = Cell(primary.name) if primary else nobody
    return name, environment(snapshot.environment or "-"), word, lose, leads, seen, says
