"""Screens of words only: details, findings, events, help, a question, and `too small`."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Button

from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.keymap import Keymap
from console.tui.parts import Draw, KeyBar, Words
from console.tui.view import View
from console.tui.words import KEY, QUIET, Cell, heading, line, paragraph

LEAST = (60, 15)
"""Columns and lines that the screens need."""

WHERE = {
    "everywhere": "Everywhere",
    "view": "Views: on every whole screen",
    "dashboard": "Dashboard",
    "topology": "Topology",
    "timeline": "Timeline",
    "table": "In a table",
    "detail": "A server, a balancer, a member or a node",
    "raw": "Raw documents",
    "logs": "A log",
    "menu": "Actions of a row",
    "plan": "A plan",
    "progress": "A change that is running",
    "findings": "Findings",
    "unfinished": "Unfinished runs",
    "journal": "Journal",
    "fleet": "Fleet",
    "connections": "Connections",
    "themes": "Themes",
    "runbooks": "Runbooks",
    "reading": "A runbook, before it is begun",
    "guided": "A runbook that is running",
    "text": "Headroom, events, help",
    "question": "A question",
}


class TextScreen(View[None]):
    """A page of words, drawn anew with each snapshot."""

    BINDINGS = bindings("text", "view")
    where = "text"

    def __init__(self, title: str, draw: Draw, feed: Feed | None = None, copied: str = "") -> None:
        super().__init__()
        self._heading = title
        self._draw = draw
        self._feed = feed
        self._copied = copied

    def compose(self) -> ComposeResult:
        """Title, words, keys."""
        yield Words(self._title, id="title", fixed=True)
        with VerticalScroll(id="page"):
            yield Words(self._draw, id="text")
        yield from self.foot()

    def on_mount(self) -> None:
        """Stay live where there is something to follow."""
        if self._feed is not None:
            self._feed.changed.subscribe(self, lambda _: self.query_one("#text", Words).show(self._draw))

    def _title(self, width: int) -> list[Content]:
        from console.tui.briefs import titled  # not needed for the first frame

        return [titled(self._heading, self._feed, width) if self._feed else line(f" {self._heading}")]

    @property
    def copied(self) -> str:
        """What it is about, or the name in its title."""
        return self._copied or self._heading


class Help(TextScreen):
    """Every key, as it is on this console."""

    def __init__(self, keymap: Keymap) -> None:
        super().__init__("Help: every key", lambda width: help_lines(width, keymap))


class TooSmall(ModalScreen[None]):
    """Covers everything while the terminal is too small to show it whole; no key reaches what is below."""

    def __init__(self) -> None:
        super().__init__()
        self._left = False

    def compose(self) -> ComposeResult:
        """One sentence."""
        yield Words(self._says, id="too-small")

    def on_resize(self, event: Resize) -> None:
        """Go away when there is room."""
        if fits(event.size):
            if not self._left:
                self._left = True  # the next resize may come before this screen is gone
                self.dismiss()
        else:
            self.query_one(Words).show(self._says)

    def _says(self, _: int) -> list[Content]:
        width, height = self.app.size
        return [line("too small:"), line(f"{width}x{height};"), line("at least"), line(f"{LEAST[0]}x{LEAST[1]}")]


class Question(ModalScreen[bool]):
    """Asks once; the answer that changes nothing has the focus."""

    BINDINGS = bindings("question")

    def __init__(self, asks: str, yes: str, no: str, same: str = "") -> None:
        super().__init__()
        self._asks, self._yes, self._no = asks, yes, no
        self._same = same
        """What a script would say for yes."""

    def compose(self) -> ComposeResult:
        """The question and two answers."""
        with Vertical(id="box"):
            yield Words(lambda _: [Content(self._asks)], id="asks")
            if self._same:
                yield Words(lambda width: [Content(""), paragraph((Cell("$ ", QUIET),), self._same, width)])
            with Horizontal(id="buttons"):
                yield Button(Content(self._no), id="no", compact=True)
                yield Button(Content(self._yes), id="yes", compact=True)
        yield KeyBar("question")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answered."""
        self.dismiss(event.button.id == "yes")

    def action_back(self) -> None:
        """Esc is no."""
        self.dismiss(False)


def fits(size: Size) -> bool:
    """There is room for the screens."""
    return size.width >= LEAST[0] and size.height >= LEAST[1]


def help_lines(width: int, keymap: Keymap) -> list[Content]:
    """Every command, by screen."""
    lines: list[Content] = []
    for where, title in WHERE.items():
        lines.append(heading(title, width))
        for keys, command in keymap.told(where):
            says = Cell(f"  {keys:<12}", KEY), Cell(f"{command.title:<16}", "bold")
            lines.append(paragraph(says, command.help, width))
        lines.append(Content(""))
    return lines
