"""The themes, each tried on while it is selected: on rows that are up, down, unknown and changing."""

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.theme import Theme

from console.cluster.snapshot import Admin, Health, Severity
from console.cluster.text import count
from console.tui.briefs import environment
from console.tui.commands import bindings
from console.tui.parts import Words
from console.tui.sheet import Column, Row, Sheet
from console.tui.symbols import HEALTH, SEVERITY, SPARE, STATE, admin_and_check
from console.tui.table import Table
from console.tui.themes import Shelf
from console.tui.view import View
from console.tui.words import CHANGING, KEY, QUIET, STRONG, WARN, Cell, heading, line

COLUMNS = (Column("theme", 12, 24), Column("for", 20, rest=True))


class ThemesScreen(View[None]):
    """Enter keeps the selected one while this console is open, k for this cluster from now on."""

    BINDINGS = bindings("themes", "view")
    where: ClassVar[str] = "themes"

    class Kept(Message):
        """A theme is to be kept."""

        def __init__(self, name: str, *, for_ever: bool) -> None:
            super().__init__()
            self.name = name
            self.for_ever = for_ever
            """For this cluster, from now on."""

    def __init__(self, shelf: Shelf, cluster: str) -> None:
        super().__init__()
        self._shelf = shelf
        self._cluster = cluster
        self._before = ""
        self._kept = False

    def compose(self) -> ComposeResult:
        """The list, and what it would look like."""
        yield Words(lambda _: [line(f" Themes   of {self._cluster}")], id="title", fixed=True)
        yield Table("records")
        yield Words(self._sample, id="whole")
        yield from self.foot()

    def on_mount(self) -> None:
        """Begin at the one that is there."""
        self._before = self.app.theme
        rows = tuple(Row(theme.name, (Cell(theme.name, STRONG), Cell(_says(theme)))) for theme in self._shelf.themes)
        table = self.query_one(Table)
        table.show(Sheet("THEMES", Cell(count(len(rows), "theme"), QUIET), COLUMNS, rows, "there is none"))
        names = [row.key for row in rows]
        table.cursor = names.index(self._before) if self._before in names else 0

    def on_unmount(self) -> None:
        """Left in another way than by keeping one: as it was before."""
        if not self._kept and self.app.theme != self._before:
            self.app.theme = self._before

    def on_table_moved(self) -> None:
        """Try it on."""
        if (name := self.query_one(Table).selected) and self.app.theme != name and self._before:
            self.app.theme = name

    def action_keep(self, for_ever: bool) -> None:
        """Keep the selected one."""
        if name := self.query_one(Table).selected:
            self._kept = True
            self.post_message(self.Kept(name, for_ever=for_ever))
            self.dismiss()

    def _sample(self, width: int) -> list[Content]:
        """Every style that the screens have, each with its word."""
        health = [HEALTH[one] for one in Health]
        pools = [admin_and_check(admin, check) for admin in Admin for check in (Health.UP, Health.DOWN)]
        severity = [SEVERITY[one] for one in Severity]
        rows = [
            [Cell("  health    ", QUIET), *_apart(health), SPARE],
            [Cell("  pools     ", QUIET), *_apart(pools)],
            [Cell("  members   ", QUIET), *_apart(list(STATE.values()))],
            [
                Cell("  findings  ", QUIET),
                *_apart(severity),
                environment("production"),
                Cell("  "),
                environment("test"),
            ],
            [Cell("  words     ", QUIET), Cell("► changing  ", CHANGING), Cell("warned  ", WARN), Cell("a key", KEY)],
        ]
        return [heading("AS IT LOOKS", width), *(one for row in rows for one in _folded(row, width))]


def _folded(row: list[Cell], width: int) -> Iterator[Content]:
    """Its cells under each other where they do not stand beside each other; the first is the margin."""
    margin, cells = len(row[0].text), row[:1]
    for cell in row[1:]:
        if sum(len(one.text) for one in cells) + len(cell.text.rstrip()) > width:
            yield line(*cells)
            cells = [Cell(" " * margin)]
        cells.append(cell)
    yield line(*cells)


def _apart(cells: list[Cell]) -> list[Cell]:
    return [one for cell in cells for one in (cell, Cell("  "))]


def _says(theme: Theme) -> str:
    if theme.ansi:
        return "the terminal's own sixteen colours"
    return "light words on dark" if theme.dark else "dark words on light"
