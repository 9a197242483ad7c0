"""A table that paints only what changed: two lines of heading, then one cached strip for each row."""

import textwrap
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.cluster.matching import matches, problem
from console.cluster.text import clean
from console.tui.commands import bindings
from console.tui.ordering import Order, ordered
from console.tui.sheet import Column, Row, Sheet
from console.tui.words import Cell

__all__ = ["HEAD", "Column", "Row", "Sheet", "Table"]

HEAD = 2
HERE = "▌"
"""Beside the row of the cursor."""
MARKED = "*"
CHANGED = "~"
"""Beside a row that says something else since a moment."""
MOMENT_S = 5.0


class Table(ScrollView, can_focus=True):
    """A live table with a cursor; rows are repainted one by one."""

    BINDINGS = bindings("table")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--title", "table--here", "table--columns", "table--cursor"}
    cursor: reactive[int] = reactive(0, repaint=False)
    words: reactive[str] = reactive("", repaint=False)
    """A filter; empty shows every row."""
    order: reactive[Order | None] = reactive(None, repaint=False)
    """By which column; None leaves the rows as they come."""
    faults: reactive[bool] = reactive(False, repaint=False)
    """Only the rows in which something is wrong."""
    marks: reactive[frozenset[str]] = reactive(frozenset(), repaint=False)
    """The names of rows that something is done to together."""

    class Moved(Message):
        """The cursor stands on another row."""

    class Opened(Message):
        """A row was clicked that was selected already."""

    def __init__(self, id: str, *, tells_changes: bool = False) -> None:
        super().__init__(id=id)
        self._tells_changes = tells_changes
        """A row that says something else is marked for a moment: where rows are things, and not what happened."""
        self._sheet = Sheet("", Cell(""), (), (), "nothing is known yet")
        self._rows: tuple[Row, ...] = ()
        self._changed: dict[str, int] = {}
        """Rows that changed a moment ago, and how often in it."""
        self._widths: tuple[tuple[int, int], ...] = ()
        self._gap = 1
        self._strips: dict[int, Strip] = {}
        self._styles: dict[tuple[str, str], Style] = {}

    @property
    def selected(self) -> str | None:
        """The name in the row of the cursor."""
        return self._rows[self.cursor].key if self.cursor < len(self._rows) else None

    @property
    def marked(self) -> tuple[str, ...]:
        """The marked names, as they stand, those that a filter hides as well."""
        return tuple(row.key for row in self._sheet.rows if row.key in self.marks)

    @property
    def lines(self) -> int:
        """How high it would like to be."""
        return HEAD + max(1, len(self._sheet.rows))

    def show(self, sheet: Sheet) -> None:
        """Show another state; only what differs is painted."""
        was, rows, key = self._sheet, self._rows, self.selected
        self._sheet = sheet
        shown = matches(self.words) if self.words else None
        self._rows = tuple(row for row in sheet.rows if shown is None or shown(row.text))
        if self.faults:
            self._rows = tuple(row for row in self._rows if row.wrong)
        if self.order is not None:
            self._rows = ordered(self._rows, self.order)
        self._note_changes(was, sheet)
        keys = [row.key for row in self._rows]
        if self.marks:  # what is gone can be done nothing to
            self.set_reactive(Table.marks, self.marks & {row.key for row in sheet.rows})
        self.set_reactive(Table.cursor, keys.index(key) if key in keys else min(self.cursor, max(0, len(keys) - 1)))
        if self.selected != key:  # without the cursor having gone anywhere
            self.post_message(self.Moved())
        if self._measure() or len(rows) != len(self._rows) or not keys or key != self.selected:
            self._strips.clear()
            self.virtual_size = Size(self.size.width, HEAD + max(1, len(self._rows)))
            self.refresh()
            return
        if (was.title, was.summary) != (sheet.title, sheet.summary):
            self.refresh(Region(0, 0, self.size.width, 1))
        for number, (old, new) in enumerate(zip(rows, self._rows, strict=True)):
            if old != new:
                self._repaint(number)

    def watch_words(self) -> None:
        """Another filter: other rows."""
        self._anew()

    def watch_faults(self) -> None:
        """Other rows."""
        self._anew()

    def watch_order(self) -> None:
        """Another order: other rows at each place."""
        self._anew()

    def watch_marks(self) -> None:
        """Other rows are marked."""
        self._anew()

    def action_sort(self, letter: str) -> None:
        """By the column that begins with the letter; once more, the other way round; then as it was."""
        there = [n for n, column in enumerate(self._sheet.columns) if column.title.lower().startswith(letter)]
        steps = [Order(number, down) for number in there for down in (False, True)]
        if steps:
            following = steps.index(self.order) + 1 if self.order in steps else 0
            self.order = steps[following] if following < len(steps) else None

    def toggle_mark(self) -> None:
        """Mark the row of the cursor, or take its mark away, and go on to the next."""
        if self.selected is not None:
            self.marks = self.marks ^ {self.selected}
            self.action_move(1)

    def _note_changes(self, was: Sheet, now: Sheet) -> None:
        """What says something else is marked for a moment; not what is there for the first time."""
        if not self._tells_changes or was.columns != now.columns:
            return
        steady = [number for number, column in enumerate(now.columns) if column.steady]
        before = {row.key: row for row in was.rows}
        for row in now.rows:
            old = before.get(row.key)
            if old is not None and any(old.cells[n] != row.cells[n] for n in steady):
                self._changed[row.key] = self._changed.get(row.key, 0) + 1
                self.set_timer(MOMENT_S, partial(self._settle, row.key))

    def _settle(self, key: str) -> None:
        self._changed[key] -= 1
        if not self._changed[key]:
            del self._changed[key]
            self._anew()

    def _anew(self) -> None:
        self._strips.clear()
        self.show(self._sheet)
        self.refresh()

    def watch_cursor(self, old: int, new: int) -> None:
        """Two rows change: the one that was selected and the one that is."""
        self._see(new)
        self._repaint(old)
        self._repaint(new)
        self.post_message(self.Moved())

    def _see(self, row: int) -> None:
        top, height = self.scroll_offset.y, self.size.height - HEAD
        if row < top:
            self.scroll_to(y=row, animate=False, immediate=True)
        elif row >= top + height > top:
            self.scroll_to(y=row - height + 1, animate=False, immediate=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor = max(0, min(len(self._rows) - 1, self.cursor + rows))

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is visible."""
        self.action_move(pages * max(1, self.size.height - HEAD))

    def on_click(self, event: events.Click) -> None:
        """Select a row; once more opens it."""
        number = event.y - HEAD + self.scroll_offset.y
        if event.y >= HEAD and number < len(self._rows):
            if number == self.cursor:
                self.post_message(self.Opened())
            self.cursor = number

    def on_focus(self) -> None:
        """The cursor is seen where the keys go."""
        self._forget()

    def on_blur(self) -> None:
        """The cursor is seen where the keys go."""
        self._forget()

    def on_resize(self) -> None:
        """Columns are measured anew; in less room the row of the cursor is still seen."""
        self._measure()
        self._forget()
        self._see(self.cursor)

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._forget()

    def render_line(self, y: int) -> Strip:
        """One line, from the cache where it can be."""
        if y == 0:
            return self._title()
        if y == 1:
            titles = [Cell(self._heading(number)) for number in range(len(self._sheet.columns))]
            return self._strip(titles, "table--columns", " ")
        number = y - HEAD + self.scroll_offset.y
        if number >= len(self._rows):
            says = self._sheet.nothing
            if self._sheet.rows:
                says = f"no row is left by /{self.words}" if self.words else "● nothing is wrong here"
            rows = textwrap.wrap(clean(says), max(10, self.size.width - 2))
            return self._strip_of([Cell(f" {rows[number]}" if number < len(rows) else "", "$quiet")], "")
        if number not in self._strips:
            here = self.has_focus and number == self.cursor
            row = self._rows[number]
            changed = CHANGED if row.key in self._changed else " "
            mark = MARKED if row.key in self.marks else HERE if here else changed
            self._strips[number] = self._strip(row.cells, "table--cursor" if here else "", mark)
        return self._strips[number]

    def _title(self) -> Strip:
        sheet, part = self._sheet, "table--here" if self.has_focus else "table--title"
        flags = []
        if self.marks:
            flags.append(Cell(f"{MARKED} {len(self.marks)} marked  ", "$accent bold"))
        if self.faults:
            flags.append(Cell("! faults  ", "$warning bold"))
        if self.words:
            why = problem(self.words)
            flags.append(Cell(f"/{clean(self.words)}{f' ({why})' if why else ''}  ", "$warning bold"))
        words = [Cell(f"{'►' if self.has_focus else ' '}{sheet.title}  "), *flags, sheet.summary]
        return self._strip_of(words, part)

    def _heading(self, number: int) -> str:
        """A column's title, and which way the rows are ordered by it."""
        title = self._sheet.columns[number].title
        if self.order is None or self.order.column != number:
            return title
        return f"{title}{'▼' if self.order.down else '▲'}"

    def _strip(self, cells: Sequence[Cell], part: str, mark: str) -> Strip:
        words = [Cell(mark, "$accent")]
        for number, width in self._widths:
            text = clean(cells[number].text)
            text = text if len(text) <= width else text[: width - 1] + "…"
            padded = text.rjust(width) if self._sheet.columns[number].right else text.ljust(width)
            words += [Cell(padded, cells[number].style), Cell(" " * self._gap)]
        return self._strip_of(words, part)

    def _strip_of(self, cells: Sequence[Cell], part: str) -> Strip:
        segments = [Segment(cell.text, self._style(cell.style, part)) for cell in cells]
        return Strip(segments).adjust_cell_length(self.size.width, self._style("", part))

    def _style(self, style: str, part: str) -> Style:
        if (style, part) not in self._styles:
            base = self.get_visual_style(part) if part else self.visual_style
            self._styles[style, part] = (base + self.app.stylesheet.parse_style(style)).rich_style
        return self._styles[style, part]

    def _measure(self) -> bool:
        """Widths of the columns that there is room for; True when they are others than before."""
        before = (self._widths, self._gap)
        wide = {number: self._width(number) for number in range(len(self._sheet.columns))}
        scrolls = HEAD + len(self._rows) > self.size.height > 0
        room, shown = self.size.width - 1 - scrolls, list(wide)
        self._gap = 2 if sum(wide.values()) + 2 * len(shown) <= room else 1
        while len(shown) > 1 and sum(wide[n] + self._gap for n in shown) - self._gap > room:
            shown.remove(min(shown, key=lambda n: (self._sheet.columns[n].weight, -n)))
        left = room - sum(wide[n] + self._gap for n in shown) + self._gap
        self._widths = tuple((n, wide[n] + (max(0, left) if self._sheet.columns[n].rest else 0)) for n in shown)
        return before != (self._widths, self._gap)

    def _width(self, number: int) -> int:
        column = self._sheet.columns[number]
        if column.rest:
            return column.least
        cells = (len(row.cells[number].text) for row in self._sheet.rows)
        return min(column.most, max(column.least, len(self._heading(number)), *cells, 1))

    def _repaint(self, number: int) -> None:
        self._strips.pop(number, None)
        y = number - self.scroll_offset.y + HEAD
        if HEAD <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _forget(self) -> None:
        self._strips.clear()
        self._styles.clear()
        self.refresh()
