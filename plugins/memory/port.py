"""What every port of a world has."""

from dataclasses import asdict

import msgspec

from console.ports.plugins import Context
from console.ports.protocols import RawDocument
from plugins._raw import json_text

from .world import world


class Port:
    """One port of one world."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The table of any port of this plugin."""

        world: str = "default"

    def __init__(self, settings: Settings, context: Context) -> None:
        self.world = world(settings.world)
        self.name = context.name

    def told(self, view: object) -> tuple[RawDocument, ...]:
        """A view as a document: a world in memory has no words of its own."""
        return (RawDocument(title=f"{type(view).__name__} of {self.name}", text=json_text(asdict(view))),)  # type: ignore[call-overload]

    async def close(self) -> None:
        """Nothing is held."""
