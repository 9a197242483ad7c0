"""Application servers' own health."""

from typing import Protocol, runtime_checkable

from console.cluster.sizing import Sizing
from console.cluster.views import HealthView


@runtime_checkable
class HealthCheck(Protocol):
    """Asks application servers how they are."""

    async def look(self, server: str, address: str, port: int | None) -> HealthView:
        """One answer within the deadline of the settings; `port` overrides the settings' port."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class TellsSizing(Protocol):
    """Knows what the application's vendor asks for."""

    def sizing(self) -> Sizing:
        """The vendor's table."""
        ...
