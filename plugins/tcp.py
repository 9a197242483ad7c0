"""A health check by a connection that opens: it tells that somebody listens, and nothing of how the server is."""

import asyncio
import time
from contextlib import suppress

import msgspec

from console.cluster.snapshot import Health
from console.cluster.views import HealthView
from console.ports.plugins import Context
from plugins.http import Unfit, transport_problem, unfit_view


class TCP:
    """Well is who takes a connection within the deadline."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The `[health]` table."""

        port: int
        deadline_s: float = 2.0

        def __post_init__(self) -> None:
            """Raises ValueError for a port that is none, or a deadline that no look could keep."""
            if not 0 < self.port < 65536:
                raise ValueError(f"port {self.port} is not between 1 and 65535")
            if self.deadline_s <= 0:
                raise ValueError("deadline_s must be more than 0")

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings

    async def look(self, server: str, address: str, port: int | None) -> HealthView:
        """One connection, closed as soon as it is open."""
        began_s = time.monotonic()
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                _, writer = await asyncio.open_connection(address, port or self._settings.port)
        except TimeoutError:
            return unfit_view(server, Unfit(f"no answer within {self._settings.deadline_s:g} s", Health.UNKNOWN))
        except OSError as error:
            return unfit_view(server, transport_problem(error, address))
        latency_ms = (time.monotonic() - began_s) * 1000
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return HealthView(server=server, health=Health.UP, latency_ms=latency_ms)

    async def close(self) -> None:
        """Nothing is kept."""


PROVIDES = {"health": TCP}
