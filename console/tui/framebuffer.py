"""What a terminal shows, cell by cell: of a new frame only the cells that differ are sent, by the fewest bytes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

NEAR = 4
"""Cells that have not changed are written again where that takes no more bytes than to go past them."""
ATTRIBUTES = ("bold", "dim", "italic", "underline", "blink", "blink2", "reverse", "conceal", "strike")
"""As SGR numbers them from 1 on."""
NARROW = "\u0300"
"""From here on a character may take two cells, or none."""


class Pen(NamedTuple):
    """How a cell is drawn: parameters of SGR (ECMA-48, 8.3.117)."""

    attributes: str
    foreground: str
    background: str

    @property
    def seen(self) -> bool:
        """A blank that is drawn with it shows more than its background."""
        return any(number in self.attributes for number in "479")


PLAIN = Pen("", "39", "49")
Cell = tuple[str, Pen]
"""A character and its pen; no character in the second cell of a wide one."""
Place = tuple[int, int]
"""Column and line, from 0."""


class FrameBuffer:
    """The cells of a terminal as they were last drawn; what is not known is drawn in any case."""

    def __init__(self, size: tuple[int, int], colours: ColorSystem) -> None:
        self.size = size
        """Columns and lines."""
        self._colours = colours
        self._lines: defaultdict[int, list[Cell | None]] = defaultdict(lambda: [None] * size[0])

    def draw(self, update: CompositorUpdate) -> str:
        """What makes the terminal show this update too."""
        words: list[str] = []
        pen, at = PLAIN, None
        for (x, y), strip in _placed(update):
            new = _cells(strip, self._colours)[: self.size[0] - x]
            line = self._lines[y]
            old = line[x : x + len(new)]
            if old == new:
                continue
            line[x : x + len(new)] = new
            for first, end in _changed(old, new):
                words.append(_go(at, (x + first, y)))
                for character, wanted in new[first:end]:
                    if not _alike(character, pen, wanted):
                        words.append(_change(pen, wanted))
                        pen = wanted
                    words.append(character)
                at = (x + end, y)
        if pen != PLAIN:
            words.append("\x1b[m")  # what others write next, be it after the end of all this, is not in our colours
        return "".join(words)


def _placed(update: CompositorUpdate) -> Iterator[tuple[Place, Strip]]:
    """The strips of an update, and where each begins."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield (x, y), strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, first, end in update.spans:
            for ends, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if chop is not None and x < end and ends > first:
                    yield (x, y), chop if ends <= end else chop.crop(0, end - x)


def _cells(strip: Strip, colours: ColorSystem) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, _ in strip:
        pen = PLAIN if style is None else _pen(style, colours)
        if text.isascii() or max(text) < NARROW:
            cells += [(character, pen) for character in text]
            continue
        for character in text:
            width = cell_len(character)
            if width:
                cells += [(character, pen), ("", pen)][:width]
            elif cells:
                cells[-1] = (cells[-1][0] + character, pen)
    return cells


def _changed(old: Sequence[Cell | None], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """First and end of each run of cells that differ; terminals are not at one about wide characters: all or none."""
    if any(cell is not None and len(cell[0]) != 1 for cell in (*old, *new)):
        yield 0, len(new)
        return
    first, end = -1, -NEAR - 1
    for number, (was, now) in enumerate(zip(old, new, strict=True)):
        if was == now:
            continue
        if number - end > NEAR:
            if first >= 0:
                yield first, end
            first = number
        end = number + 1
    yield first, end


def _go(at: Place | None, to: Place) -> str:
    """CUF within a line, else CUP (ECMA-48, 8.3.20 and 8.3.21)."""
    if at is not None and at[1] == to[1] and at[0] <= to[0]:
        ahead = to[0] - at[0]
        return f"\x1b[{ahead if ahead > 1 else ''}C" if ahead else ""
    return f"\x1b[{to[1] + 1};{to[0] + 1}H"


def _alike(character: str, pen: Pen, wanted: Pen) -> bool:
    """It looks the same by either pen: of a blank only the background is seen."""
    if pen == wanted or not character:
        return True
    return character == " " and pen.background == wanted.background and not (pen.seen or wanted.seen)


def _change(pen: Pen, wanted: Pen) -> str:
    if pen.attributes == wanted.attributes:
        return f"\x1b[{';'.join(new for old, new in zip(pen, wanted, strict=True) if old != new)}m"
    colours = (new for plain, new in zip(PLAIN, wanted, strict=True) if new != plain)
    return f"\x1b[{';'.join(['0', *colours])}m"


@lru_cache(4096)
def _pen(style: Style, colours: ColorSystem) -> Pen:
    numbers = (str(number) for number, name in enumerate(ATTRIBUTES, 1) if getattr(style, name))
    foreground, background = _code(style.color, colours, True), _code(style.bgcolor, colours, False)
    return Pen(";".join(numbers), foreground, background)


def _code(colour: Color | None, colours: ColorSystem, foreground: bool) -> str:
    return ";".join((colour or Color.default()).downgrade(colours).get_ansi_codes(foreground))
