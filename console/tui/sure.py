"""Asks for a reason, and for the words that a plan wants, before something is done."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from console.change.run import Confirmation
from console.tui import equivalent
from console.tui.commands import bindings
from console.tui.parts import KeyBar, Words
from console.tui.plan import Deliberate, Typed
from console.tui.words import WARN, Cell, line, paragraph


class Sure(ModalScreen[Confirmation | None]):
    """A reason, and the words that the run's plan asks for."""

    BINDINGS = bindings("question")

    def __init__(self, asks: str, way: str, words: str | None = None, same: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self._asks, self._way, self._words = asks, way, words
        self._same = same
        """What a script would say, for a reason."""

    def compose(self) -> ComposeResult:
        """The question, the fields, the buttons; Cancel comes first."""
        with Vertical(id="box"):
            yield Words(lambda width: [paragraph((), self._asks, width, "bold"), Content("")], id="asks")
            with Horizontal(classes="field"):
                yield Words(lambda _: [line("reason")], fixed=True)
                yield Input(id="why", compact=True)
            if self._words is not None:
                with Horizontal(classes="field"):
                    yield Words(lambda _: [line("confirm")], fixed=True)
                    yield Typed(id="typed", compact=True)
                    yield Words(lambda _: [line(Cell(f"type {self._words}", WARN))], fixed=True)
            if self._same is not None:
                yield Words(self._script, id="script")
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Deliberate(self._way, id="go", compact=True)
        yield KeyBar("question")

    def on_input_changed(self) -> None:
        """Another reason, another line for a script."""
        if self._same is not None:
            self.query_one("#script", Words).show(self._script)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Only with a reason and the right words."""
        event.stop()
        if event.button.id == "cancel":
            self.dismiss(None)
            return
        reason = self.query_one("#why", Input).value.strip()
        typed = self.query_one("#typed", Input).value if self._words is not None else None
        if not reason:
            self.query_one("#why", Input).placeholder = "say why first: it goes into the journal"
            self.query_one("#why", Input).focus()
        elif typed != self._words:
            self.query_one("#typed", Input).focus()
        else:
            self.dismiss(Confirmation(reason=reason, words=typed))

    def _script(self, width: int) -> list[Content]:
        reason = self.query_one("#why", Input).value.strip() if self.is_mounted else ""
        return [Content(""), equivalent.shown(self._same(reason), width)] if self._same is not None else []

    def action_back(self) -> None:
        """Esc is no."""
        self.dismiss(None)
