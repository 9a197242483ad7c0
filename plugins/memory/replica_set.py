"""The world's replica set."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from console.cluster.configuration import difference
from console.cluster.views import MemberConfig, MemberView, SpareView
from console.ports.compare import to_do
from console.ports.plugins import Context
from console.ports.protocols import RawDocument, Refused, Unclear

from .lease import MemoryLease
from .members import MEMBERS, SPARES, address_of, name_of
from .port import Port
from .views import member_view, spare_view

Lines = Sequence[MemberConfig]

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
        return tuple(member_view(self.world, member) for member in dict.fromkeys((*MEMBERS, *self.world.members)))

    @property
    def spares(self) -> tuple[str, ...]:
        """By the cluster file."""
        return SPARES

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """The view of a member, by its name or its address."""
        return self.told(member_view(self.world, name_of(node) if ":" in node else node))

    async def look_at_spare(self, name: str) -> SpareView:
        """At once."""
        return spare_view(self.world, name)

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
            here.frozen[here.primary] = period_s
            await here.hand_over(successor)
        if not here.step_down_answers:
            raise Unclear(f"the connection to {address} was lost after the command was sent")

    def step_down_command(
        self, address: str, *, period_s: int, catch_up_s: int, follow: Sequence[tuple[str, str]] = ()
    ) -> str:
        """In MongoDB's words."""
        first = [
            f'db.adminCommand({{replSetSyncFrom: "{source}"}})  on {member}, unless it does'
            for member, source in follow
        ]
        last = f"{{replSetStepDown: {period_s}, secondaryCatchUpPeriodSecs: {catch_up_s}}}"
        return "\n".join([*first, f"db.adminCommand({last})  on {address}"])

    async def reconfigure(
        self, before: Lines, after: Lines, *, term: int | None = None, thorough: bool = False
    ) -> None:
        """As MongoDB does: compared, refused without a majority or without its Primary, else installed."""
        here = self.world
        here.commands.append(self.reconfigure_command(before, after))
        if here.primary is None:
            raise Refused("there is no Primary, and only a Primary changes the configuration")
        if term not in (None, here.term):
            raise Refused(f"{address_of(here.primary)} is Primary in term {here.term} now, not in term {term}")
        wanted = self._to_do(before, after, thorough=thorough)
        if not wanted:
            return
        leads = next((line for line in wanted if line.address == address_of(here.primary or "")), None)
        if leads is None or not here.has_majority:
            raise Refused("no majority of the new configuration answered the Primary, and nothing was changed")
        if not leads.priority:
            raise Refused("the Primary could not be Primary in this configuration")
        self._configure(wanted)

    def reconfigure_command(self, before: Lines, after: Lines) -> str:
        """What becomes of each line."""
        return f"reconfigure: {difference(before, after)}"

    async def force_reconfigure(self, address: str, before: Lines, after: Lines) -> None:
        """On one member that answers and knows no Primary."""
        here = self.world
        here.commands.append(self.force_reconfigure_command(address, before, after))
        if not here.up(name_of(address)):
            raise Refused(f"{address} cannot be asked for its configuration")
        if here.primary:
            raise Refused(f"{address} knows a Primary, {address_of(here.primary)}: nothing has to be forced")
        if wanted := self._to_do(before, after):
            self._configure(wanted)

    def force_reconfigure_command(self, address: str, before: Lines, after: Lines) -> str:
        """What becomes of each line."""
        return f"force on {address}: {difference(before, after)}"

    async def freeze(self, address: str, seconds: int) -> None:
        """It stands in no election until that is over; the world's time does not pass."""
        here, name = self.world, name_of(address)
        here.commands.append(self.freeze_command(address, seconds))
        if name == here.primary:
            raise Refused(f"{address} is Primary or stands for election")
        if not here.up(name):
            raise Unclear(f"the connection to {address} was lost after the command was sent")
        if here.set_applies:
            here.frozen.pop(name, None)
            here.frozen |= {name: seconds} if seconds else {}
        self._answer(address)

    def freeze_command(self, address: str, seconds: int) -> str:
        """In MongoDB's words."""
        return f"db.adminCommand({{replSetFreeze: {seconds}}})  on {address}"

    def _to_do(self, before: Lines, after: Lines, *, thorough: bool = False) -> Lines:
        if self.world.set_refuses:
            raise Refused(self.world.set_refuses)
        return to_do(before, after, self.world.config, thorough=thorough)

    def _configure(self, lines: Lines) -> None:
        if self.world.set_applies:
            self.world.configure(lines)
        self._answer("the Primary")

    def _answer(self, who: str) -> None:
        if self.world.set_loses_answers:
            raise Unclear(f"the connection to {who} was lost after it was sent")
