"""In which order rows stand: by the words of one column, numbers as numbers, what is not known last."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from console.tui.sheet import Row

DIGITS = re.compile(r"(\d+)")
AMOUNT = re.compile(r"\d+(?:\.\d+)?(?= |$)")
UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Of times, in seconds, as `words.span` writes them."""
TIME = re.compile(rf"(\d+(?:\.\d+)?) ({'|'.join(UNITS)})\b")


class Order(NamedTuple):
    """By the column of that number; the least first, or the greatest."""

    column: int
    down: bool


def ordered(rows: Sequence["Row"], order: Order) -> tuple["Row", ...]:
    """The same rows; those that are alike stay as they were, what is not known stays last both ways."""
    known = [row for row in rows if _known(row, order)]
    known.sort(key=lambda row: _rank(row.cells[order.column].text), reverse=order.down)
    return (*known, *(row for row in rows if not _known(row, order)))


def _known(row: "Row", order: Order) -> bool:
    return row.cells[order.column].text.strip() not in ("", "-", "none", "?")


def _rank(text: str) -> tuple[tuple[int, float, str], ...]:
    """An amount as a number, a time in seconds; in a name each run of digits, so that app10 stands after app9."""
    if time := TIME.fullmatch(text.strip()):
        return ((0, float(time[1]) * UNITS[time[2]], ""),)
    if amount := AMOUNT.match(text):
        return ((0, float(amount[0]), ""),)
    parts = [part for part in DIGITS.split(text.lower()) if part]
    return tuple((0, float(part), "") if part.isdigit() else (1, 0.0, part) for part in parts)
