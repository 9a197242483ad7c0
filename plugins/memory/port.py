"""What every port of a world has."""

import msgspec

from console.ports.plugins import Context

from .world import world


class Port:
    """One port of one world."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The table of any port of this plugin."""

        world: str = "default"

    def __init__(self, settings: Settings, context: Context) -> None:
        self.world = world(settings.world)
        self.name = context.name

    async def close(self) -> None:
        """Nothing is held."""
