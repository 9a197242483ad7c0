"""What a table shows, as a value: columns, and a row for each thing."""

from dataclasses import dataclass

from console.tui.words import DOWN, UNKNOWN, WARN, Cell

WRONG = (DOWN, UNKNOWN, WARN)
"""The styles of what is wrong, or not known to be right."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: as wide as its widest cell, within limits."""

    title: str
    least: int = 1
    most: int = 24
    right: bool = False
    weight: int = 9
    """The columns of least weight go first when there is no room."""
    rest: bool = False
    """Takes what the others leave."""

    @property
    def steady(self) -> bool:
        """It says something else only when something has happened; amounts and ages do so all the time."""
        return not self.right and not self.rest


@dataclass(frozen=True, slots=True)
class Row:
    """One thing, by its name."""

    key: str
    cells: tuple[Cell, ...]

    @property
    def wrong(self) -> bool:
        """Something in it is down, unknown, or a warning."""
        return any(cell.style in WRONG for cell in self.cells)

    @property
    def text(self) -> str:
        """All its words: what a filter looks at."""
        return " ".join(cell.text for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that a table shows."""

    title: str
    summary: Cell
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    nothing: str = "none"
    """What is said when there are no rows."""
