"""The world's replica set."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from console.cluster.views import MemberView
from console.ports.plugins import Context
from console.ports.protocols import Refused, Unclear

from .lease import MemoryLease
from .port import Port
from .views import address_of, member_view
from .world import MEMBERS

LOOK_EVERY_S = 0.1
"""How often members tell of themselves while nothing changes."""


class MemoryReplicaSet(Port):
    """The world's replica set."""

    def __init__(self, settings: Port.Settings, context: Context) -> None:
        super().__init__(settings, context)
        self.lease = MemoryLease(self.world.kept, lambda: self.world.primary is not None)

    async def follow(self) -> AsyncIterator[MemberView]:
        """Every member now, then all of them at once on each change of the world, or after a moment without any."""
        changed = self.world.follow()
        try:
            while True:
                changed.clear()
                for view in await self.look():
                    yield view
                try:
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await changed.wait()
                except TimeoutError:
                    continue
        finally:
            self.world.unfollow(changed)

    async def look(self) -> tuple[MemberView, ...]:
        """At once."""
        return tuple(member_view(self.world, member) for member in MEMBERS)

    async def step_down(
        self, address: str, *, period_s: int, catch_up_s: int, term: int, follow: Sequence[tuple[str, str]] = ()
    ) -> None:
        """As MongoDB does: refused without a candidate that has caught up, else a new Primary in the next term."""
        here = self.world
        here.commands.append(self.step_down_command(address, period_s=period_s, catch_up_s=catch_up_s))
        if here.primary is None or (address_of(here.primary), here.term) != (address, term):
            raise Refused(f"{address} is not Primary any more")
        successor = here.successor(here.primary, catch_up_s)
        if successor is None:
            raise Refused("MongoDB refused: No electable secondaries caught up")
        if here.step_down_applies:
            await here.hand_over(successor)
        if not here.step_down_answers:
            raise Unclear(f"the connection to {address} was lost after the command was sent")

    def step_down_command(
        self, address: str, *, period_s: int, catch_up_s: int, follow: Sequence[tuple[str, str]] = ()
    ) -> str:
        """In MongoDB's words."""
        first = [f'db.adminCommand({{replSetSyncFrom: "{source}"}})  on {member}' for member, source in follow]
        last = f"{{replSetStepDown: {period_s}, secondaryCatchUpPeriodSecs: {catch_up_s}}}"
        return "\n".join([*first, f"db.adminCommand({last})  on {address}"])
