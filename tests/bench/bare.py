"""The smallest Textual app: what a first paint and an idle screen cost at least."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """One widget."""
        yield Static("Watchkeeper")


if __name__ == "__main__":
    Bare().run()
