"""What the views of nodes have: a selected row, marked rows, and what is wanted of them."""

from textual.message import Message

from console.tui.parts import Wanted
from console.tui.view import View


class NodesView(View[None]):
    """A view with a table for each tier, whose id is the tier's."""

    class Chosen(Message):
        """Somebody wants to do something to a row, or to several."""

        def __init__(self, names: tuple[str, ...]) -> None:
            super().__init__()
            self.names = names

    @property
    def selected(self) -> tuple[str, str] | None:
        """(tier, name) of the selected row."""
        table = self.table
        return (table.id or "", table.selected) if table is not None and table.selected is not None else None

    @property
    def marked(self) -> tuple[str, ...]:
        """The marked rows, whichever table they stand in, in the order in which they stand there."""
        return tuple(name for table in self.tables for name in table.marked)

    def action_actions(self) -> None:
        """What can be done to the marked rows, or to the selected one."""
        if names := self.marked or (self.selected[1:] if self.selected else ()):
            self.post_message(self.Chosen(names))

    def action_mark(self) -> None:
        """Mark the selected row, or take its mark away."""
        if self.table is not None:
            self.table.toggle_mark()

    def action_detail(self) -> None:
        """Everything that is known of the selected row."""
        self.action_wanted("detail")

    def action_wanted(self, what: str) -> None:
        """More of the selected row."""
        if self.selected:
            self.post_message(Wanted(what, *self.selected))

    def on_table_opened(self) -> None:
        """A second click opens the row."""
        self.action_detail()
