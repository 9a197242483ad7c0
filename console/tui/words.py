"""Words in a style: cells, lines, paragraphs and headings; nothing in them is read as markup."""

import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from textual.content import Content

from console.cluster import duration
from console.cluster.text import clean


class Cell(NamedTuple):
    """Some words in one style; styles name the theme's variables."""

    text: str
    style: str = ""


UP, DOWN, UNKNOWN, CHANGING, OFF = "$success", "$error bold", "$unknown bold", "$changing", "$off"
KEY = "$primary bold"
QUIET, STRONG, LOUD, WARN = "$quiet", "bold", "$on-loud on $loud bold", "$warning"


def span(seconds: float | None) -> str:
    """A time in one unit: 42 s, 5 min, 3 h, 12 d; a dash when there is none."""
    return "-" if seconds is None else duration.span(seconds)


def line(*cells: Cell | str) -> Content:
    """One line of words; nothing in them is read as markup."""
    parts = [Cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return Content.assemble(*[(clean(part.text, limit=2000), part.style) for part in parts])


def paragraph(lead: Iterable[Cell], text: str, width: int, style: str = "", *, indent: int | None = None) -> Content:
    """A lead and a text that wraps under itself."""
    leads = list(lead)
    first = sum(len(cell.text) for cell in leads)
    margin = first if indent is None else indent
    rows = textwrap.wrap(
        clean(text, limit=2000),
        max(width, max(first, margin) + 20),
        initial_indent=" " * first,
        subsequent_indent=" " * margin,
    ) or [""]
    told = line(*leads, Cell(rows[0][first:], style))
    return Content("\n").join([told, *(line(" " * margin, Cell(row[margin:], style)) for row in rows[1:])])


def heading(text: str, width: int) -> Content:
    """A title on a rule."""
    return line(Cell(f"── {text} ", "bold"), Cell("─" * max(0, width - len(text) - 4), "$frame"))
