"""Lines over time in characters: braille where the terminal has it, half blocks where it has not."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import floor, log10

from console.cluster.history import EVERY_S, KEPT_S
from console.cluster.series import Point, Series
from console.tui.words import QUIET, STRONG, Cell

LABEL = 6
"""Columns of the labels of the y axis."""
APART_S = 3 * EVERY_S
"""Between samples that are further apart than this nothing is drawn: nobody looked."""
BRAILLE = 0x2800
DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""The bits of a braille character, by column, from the bottom."""

Low = float
High = float
Span = tuple[Low, High] | None
"""What one column shows; None is a gap: not known."""


def chart(series: Series, now_s: float, width: int, height: int, dots: bool) -> list[list[Cell]]:
    """A title with what it is now, then `height` lines of the last KEPT_S seconds; each of exactly `width` columns.

    `dots` is braille, two columns and four lines in each character; without it blocks are drawn.
    """
    known = series.known
    top = series.most or ceiling(max(known, default=0.0))
    columns = (width - LABEL - 1) * (2 if dots else 1)
    lines = (_dotted if dots else _barred)(spans(series.points, now_s, columns), top, height)
    labels = [number(top), *[""] * (height - 2), "0"]
    return [
        _title(series, width),
        *([Cell(f"{label:>{LABEL}}┤", QUIET), Cell(row, "$primary")] for label, row in zip(labels, lines, strict=True)),
    ]


def spans(points: Sequence[Point], now_s: float, columns: int) -> list[Span]:
    """The lowest and the highest of each column's part of the last KEPT_S seconds; between two samples, the way there.

    A column in which one sample is not known is no gap while another is; one that no sample falls into is drawn only
    between two that are known and near each other.
    """
    times = [at_s for at_s, _ in points]
    wide_s = KEPT_S / columns
    found: list[Span] = []
    for column in range(columns):
        begins_s = now_s - KEPT_S + column * wide_s
        first, end = bisect_right(times, begins_s), bisect_right(times, begins_s + wide_s)
        own = [value for _, value in points[first:end] if value is not None]
        if own:
            found.append((min(own), max(own)))
        elif first < end:
            found.append(None)
        else:
            value = _between(points, bisect_left(times, begins_s + wide_s / 2), begins_s + wide_s / 2)
            found.append(None if value is None else (value, value))
    return found


def ceiling(highest: float) -> float:
    """The next of 1, 2 and 5 times a power of ten: the top of the y axis."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** floor(log10(highest))
    return next(step * power for step in (1, 2, 5, 10) if highest <= step * power * (1 + 1e-9))


def number(value: float) -> str:
    """A number in at most six characters."""
    if abs(value) >= 10_000:
        return f"{value / 1000:.0f}k" if abs(value) < 10_000_000 else f"{value / 1_000_000:.0f}M"
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def _title(series: Series, width: int) -> list[Cell]:
    unit = f" {series.unit}" if series.unit not in ("", "%", "/s") else series.unit
    known = series.known
    now = series.points[-1][1] if series.points else None
    says = "not known" if now is None else f"{number(now)}{unit}"
    cells = [Cell(f"{series.title}  ", STRONG), Cell(says, "" if now is not None else "$unknown bold")]
    if known:
        least = f"   least {number(min(known))}, most {number(max(known))}"
        if sum(len(cell.text) for cell in cells) + len(least) <= width:
            cells.append(Cell(least, QUIET))
    return [*cells, Cell(" " * max(0, width - sum(len(cell.text) for cell in cells)))]


def _between(points: Sequence[Point], after: int, at_s: float) -> float | None:
    if not 0 < after < len(points):
        return None
    (left_s, left), (right_s, right) = points[after - 1], points[after]
    if left is None or right is None or right_s - left_s > APART_S:
        return None
    return left + (right - left) * (at_s - left_s) / (right_s - left_s)


def _dotted(columns: Sequence[Span], top: float, height: int) -> list[str]:
    """A line: each column reaches to the one before it."""
    cells = [[0] * (len(columns) // 2) for _ in range(height)]
    before: tuple[int, int] | None = None
    for column, span in enumerate(columns):
        if span is None:
            before = None
            continue
        low, high = (_level(value, top, 4 * height) for value in span)
        reach = (min(low, before[1] + 1), max(high, before[0] - 1)) if before else (low, high)
        for level in range(reach[0], reach[1] + 1):
            cells[height - 1 - level // 4][column // 2] |= DOTS[column % 2][level % 4]
        before = (low, high)
    return ["".join(chr(BRAILLE + bits) if bits else " " for bits in row) for row in cells]


def _barred(columns: Sequence[Span], top: float, height: int) -> list[str]:
    """Bars: 0 is half a block high, so that it is not a gap."""
    tops = [None if span is None else _level(span[1], top, 2 * height) for span in columns]
    rows = []
    for row in range(height):
        floor_level = 2 * (height - 1 - row)
        rows.append(
            "".join(
                " " if level is None or level < floor_level else "▄" if level == floor_level else "█" for level in tops
            )
        )
    return rows


def _level(value: float, top: float, levels: int) -> int:
    return max(0, min(levels - 1, round(value / top * (levels - 1))))
