"""What a plan and a runbook have in common before they are begun: a page to read, and a form below it."""

from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen, ScreenResultType
from textual.widgets import Input

from console.tui import equivalent
from console.tui.parts import Words
from console.tui.words import QUIET, WARN, Cell, line

NARROW = [(0, "-narrow"), (76, "-roomy")]
"""In columns: below the second, what stands beside a field takes some of its room."""


class Form(Screen[ScreenResultType]):
    """The page turns wherever the focus is; its command stands beside the buttons; a reason is asked for."""

    HORIZONTAL_BREAKPOINTS = NARROW

    @property
    def copied(self) -> str:
        """What a script would say to do the same."""
        raise NotImplementedError

    def action_turn(self, pages: int) -> None:
        """Read on, or back."""
        page = self.query_one("#page", VerticalScroll)
        page.scroll_relative(y=pages * max(1, page.size.height - 1), animate=False)

    def same(self, width: int) -> list[Content]:
        """Beside the buttons as much as one line takes; the page has it whole."""
        return [equivalent.beside(self.copied, width)]

    def want_reason(self) -> None:
        """Somebody went on without one."""
        self.query_one("#says-reason", Words).show(lambda _: [line(Cell("▲ say why first", WARN))])
        self.query_one("#field-reason Input", Input).focus()


def why(_: int) -> list[Content]:
    """Beside the field of a reason."""
    return [line(Cell("why, for the journal", QUIET))]
