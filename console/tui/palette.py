"""The command palette: every declared command of this screen, every action on every target, and the themes."""

from collections.abc import Callable, Iterator
from typing import Protocol, cast

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.tui.keymap import keymap_of
from console.tui.view import View

Entry = tuple[str, str, Callable[[], object]]
"""What it is called, what it does, and the call."""


class Offers(Protocol):
    """What the palette asks of the app."""

    def offers(self) -> Iterator[Entry]:
        """Actions on targets, and themes."""
        ...


class Palette(Provider):
    """Finds commands by their names; names from the cluster are never read as markup."""

    async def discover(self) -> Hits:
        """Everything, in order."""
        for name, help_text, call in self._entries():
            yield DiscoveryHit(Text(name), call, text=name, help=help_text)

    async def search(self, query: str) -> Hits:
        """What matches, best first."""
        matcher = self.matcher(query)
        for name, help_text, call in self._entries():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, Text(name), call, text=name, help=help_text)

    def _entries(self) -> Iterator[Entry]:
        view = ("view",) if isinstance(self.screen, View) else ()
        for keys, command in keymap_of(self.app).told(getattr(self.screen, "where", ""), *view, "everywhere"):
            yield f"{command.title} ({keys})", command.help, self._runs(command.action)
        yield from cast(Offers, self.app).offers()

    def _runs(self, action: str) -> Callable[[], object]:
        return lambda: self.app.call_later(self.screen.run_action, action)
