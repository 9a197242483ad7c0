"""What every view has: a filter, a command line, and something that can be copied; `commands.py` says by which keys."""

from collections.abc import Iterator
from typing import Any, ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen, ScreenResultType
from textual.widgets import Input

from console.tui.parts import KeyBar, Prompt
from console.tui.table import Table


class Completes(Protocol):
    """What the command line asks of the app."""

    def completions(self) -> list[str]:
        """Everything that can be typed now."""
        ...


class View(Screen[ScreenResultType]):
    """A whole screen that its key goes to from any other; its own bindings come before those of every view."""

    where: ClassVar[str]

    class Said(Message):
        """Somebody typed a command."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self) -> None:
        super().__init__()
        self._filtered: Table | None = None
        """The table that the prompt was opened for."""

    def foot(self) -> ComposeResult:
        """The last lines: where is typed, and the keys."""
        yield Prompt(self._names)
        yield KeyBar(self.where, "view")

    @property
    def tables(self) -> Iterator[Table]:
        """Those that a key can go to."""
        return (table for table in self.query(Table) if table.can_focus and table.display)

    @property
    def table(self) -> Table | None:
        """The table that has the focus, or the first; a page of words has none."""
        return self.focused if isinstance(self.focused, Table) else next(self.tables, None)

    @property
    def copied(self) -> str:
        """What is copied from here: the selected name, where nothing else is told."""
        return (self.table.selected or "") if self.table else ""

    def action_filter(self) -> None:
        """Type a filter for this table."""
        self._filtered = self.table
        if self._filtered is not None:
            self.query_one(Prompt).ask("/", self._filtered.words)

    def action_command(self) -> None:
        """Type a command."""
        self._filtered = self.table
        self.query_one(Prompt).ask(":")

    def action_faults(self) -> None:
        """Only what is wrong, or everything again, in every table: in those as well that there is no room for now."""
        here = not any(table.faults for table in self.tables)
        for table in self.query(Table):
            table.faults = here

    def action_clear(self) -> bool:
        """Every row again, none of them marked; False where it was so."""
        narrowed = [table for table in self.query(Table) if table.words or table.marks or table.faults]
        for table in narrowed:
            table.words, table.marks, table.faults = "", frozenset(), False
        return bool(narrowed)

    def action_back(self) -> None:
        """Esc: first filters and marks go, then the screen."""
        if not self.action_clear():
            self.dismiss()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A page of words is not filtered, only what can be acted on is marked, and where one types, keys are text."""
        if action in ("filter", "command"):
            return not isinstance(self.focused, Input) and (action == "command" or self.table is not None)
        return action != "mark" or hasattr(self, "action_mark")

    def on_descendant_focus(self) -> None:
        """Where one types, other keys do something."""
        for bar in self.query(KeyBar):
            bar.redraw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """A filter works while it is typed."""
        if self._filtered is not None and event.input is self.query_one(Prompt) and self.query_one(Prompt).mode == "/":
            self._filtered.words = event.value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A command is done; a filter stays."""
        mode = self.query_one(Prompt).mode
        self._leave_prompt()
        if mode == ":" and event.value.strip():
            self.post_message(self.Said(event.value.strip()))

    def on_prompt_given_up(self) -> None:
        """Esc: no filter, no command."""
        if self._filtered is not None and self.query_one(Prompt).mode == "/":
            self._filtered.words = ""
        self._leave_prompt()

    def _leave_prompt(self) -> None:
        self.query_one(Prompt).close()
        if here := self._filtered or self.table:
            here.focus()

    def _names(self) -> list[str]:
        return cast(Completes, cast(Any, self.app)).completions()
