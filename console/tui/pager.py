"""A long text: scrolled line by line, searched, wrapped or not; only the lines that are seen are drawn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.cluster.text import clean
from console.tui.words import DOWN, STRONG, WARN, Cell

LINE = 2000
"""Characters of a line that are shown."""
GUTTER = 6
_ERROR = re.compile(
    r"\b(EMERG|ALERT|CRIT|CRITICAL|FATAL|ERROR|PANIC)\b"
    r"|\[(emerg|alert|crit|error)\]|\"s\":\s*\"[FE]\"|\"?(level|severity)\"?[=:]\s*\"?(error|fatal|critical)"
)
_WARNING = re.compile(r"\b(WARN|WARNING)\b|\[warn(ing)?\]|\"s\":\s*\"W\"|\"?(level|severity)\"?[=:]\s*\"?warn")


@dataclass(frozen=True, slots=True)
class Line:
    """One line, in a style; of a log also the word for how bad it is."""

    text: str
    style: str = ""
    word: str = ""


def logged(text: str) -> Line:
    """A line of a log; what it calls an error or a warning is told by a word beside it."""
    line = clean(text.expandtabs(4), LINE)
    if _ERROR.search(line):
        return Line(line, DOWN, "error")
    return Line(line, WARN, "warn") if _WARNING.search(line) else Line(line)


def folded(text: str, room: int) -> list[str]:
    """The parts of a line that each fit; between words where there is one to part at."""
    parts = []
    while cell_len(text) > room:
        part = chop_cells(text, room)[0]
        at = part.rfind(" ") + 1
        part = part if at <= len(part) // 2 or text[len(part)] == " " else part[:at]
        parts.append(part)
        text = text[len(part) :]
    return [*parts, text]


class Pager(ScrollView, can_focus=True):
    """The lines of a text."""

    def __init__(self, *, gutter: bool = False) -> None:
        super().__init__(id="pager")
        self._gutter = GUTTER if gutter else 0
        self._lines: tuple[Line, ...] = ()
        self._rows: list[tuple[int, str]] = []
        """Of each row on the screen, its line and its text."""
        self.wrap = True
        self.sought = ""
        self._here = -1
        """The line that was found last."""

    @property
    def at_end(self) -> bool:
        """The last line is seen."""
        return self.scroll_offset.y >= self.max_scroll_y

    def show(self, lines: Sequence[Line], *, end: bool = False) -> None:
        """Other lines; at their end where that is wanted."""
        self._lines = tuple(lines)
        self._arrange()
        if end:
            self.call_after_refresh(self.scroll_end, animate=False)  # how high it is may not be known before

    def turn_wrap(self) -> None:
        """Wrap long lines, or scroll sideways."""
        self.wrap = not self.wrap
        self._arrange()

    def found(self) -> list[int]:
        """The lines with the words that are sought."""
        words = self.sought.lower()
        return [n for n, line in enumerate(self._lines) if words in line.text.lower()] if words else []

    def seek(self, step: int) -> tuple[int, int]:
        """Go to the next line with the words, or the one before; which of how many it is, 0 where there is none."""
        found = self.found()
        if not found:
            self.refresh()
            return 0, 0
        from_line = self._here if self._here >= 0 else self._top() - (step > 0)
        after = [n for n in found if (n > from_line if step > 0 else n < from_line)]
        self._here = (after[0] if step > 0 else after[-1]) if after else found[0 if step > 0 else -1]
        row = next(row for row, (line, _) in enumerate(self._rows) if line == self._here)
        if not self.scroll_offset.y <= row < self.scroll_offset.y + self.size.height:
            self.scroll_to(y=max(0, row - self.size.height // 3), animate=False, immediate=True)
        self.refresh()
        return found.index(self._here) + 1, len(found)

    def forget(self) -> None:
        """A new search begins at what is seen."""
        self._here = -1

    def on_resize(self) -> None:
        """Another width: the lines wrap elsewhere."""
        self._arrange()

    def render_line(self, y: int) -> Strip:
        """One row."""
        number = y + self.scroll_offset.y
        if number >= len(self._rows):
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        index, text = self._rows[number]
        line = self._lines[index]
        first = number == 0 or self._rows[number - 1][0] != index
        cells = [Cell(f"{line.word if first else '':<{self._gutter}}", line.style)] if self._gutter else []
        cells += self._marked(text, line.style, index == self._here)
        parsed = [(cell.text, self.app.stylesheet.parse_style(cell.style)) for cell in cells]
        strip = Strip([Segment(text, (self.visual_style + style).rich_style) for text, style in parsed])
        x = 0 if self.wrap else self.scroll_offset.x
        return strip.crop_extend(x, x + self.size.width, self.visual_style.rich_style)

    def _marked(self, text: str, style: str, here: bool) -> list[Cell]:
        words = self.sought.lower()
        if not words or words not in text.lower():
            return [Cell(text, style)]
        cells, rest, low = [], text, text.lower()
        while (at := low.find(words)) >= 0:
            mark = "$on-loud on $loud bold" if here else f"{STRONG} reverse"
            cells += [Cell(rest[:at], style), Cell(rest[at : at + len(words)], mark)]
            rest, low = rest[at + len(words) :], low[at + len(words) :]
        return [*cells, Cell(rest, style)]

    def _top(self) -> int:
        row = self.scroll_offset.y
        return self._rows[row][0] if row < len(self._rows) else 0

    def _arrange(self) -> None:
        room = max(10, self.size.width - self._gutter - 1)  # a scrollbar may come
        rows: list[tuple[int, str]] = []
        for number, line in enumerate(self._lines):
            rows += [(number, part) for part in (folded(line.text, room) if self.wrap else [line.text])]
        self._rows = rows
        widest = 0 if self.wrap else max((cell_len(line.text) for line in self._lines), default=0) + self._gutter
        self.virtual_size = Size(widest, len(rows))
        self.refresh()
