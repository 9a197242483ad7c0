"""The replica set: looked at, and what may be changed in it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.cluster.views import MemberConfig, MemberView, SpareView


@runtime_checkable
class ReplicaSetPort(Protocol):
    """A replica set whose members can be looked at, each by its own word."""

    def follow(self) -> AsyncIterator[MemberView]:
        """Yield a member's view whenever anything is learnt of it, pushed where the server can push; never ends."""
        ...

    async def look(self) -> tuple[MemberView, ...]:
        """One complete look at every member, within the deadline of the settings."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class StepsDown(Protocol):
    """A replica set whose Primary can be asked to step down."""

    async def step_down(
        self, address: str, *, period_s: int, catch_up_s: int, term: int, follow: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Never forced. Re-reads that the member is Primary in `term` right before. Raises Refused or Unclear.

        `follow` holds (member, sync source) pairs to be had first, as far as a majority needs them and they can be had:
        when the others already replicate from the one that takes over, majority writes do not wait for a second.
        """
        ...

    def step_down_command(
        self, address: str, *, period_s: int, catch_up_s: int, follow: Sequence[tuple[str, str]] = ()
    ) -> str:
        """The exact commands, a line each, for the plan and the journal."""
        ...


@runtime_checkable
class LooksAtSpares(Protocol):
    """A replica set that can be asked how a prepared member is, before it is one."""

    @property
    def spares(self) -> Sequence[str]:
        """The nodes of the cluster file that are prepared to be members."""
        ...

    async def look_at_spare(self, name: str) -> SpareView:
        """One look within the deadline of the settings, from here and from every member's host."""
        ...


@runtime_checkable
class Reconfigures(Protocol):
    """A replica set whose configuration can be changed: compared first, then set, at the Primary.

    `before` and `after` are all lines of the configuration. Where it reads `after` already, nothing is sent; where it
    reads neither, that is Refused with the difference. Everything that the lines do not tell is kept as it is read.
    `thorough`, for an undo: only lines that are still as `before` are set, and what others changed stays.
    """

    async def reconfigure(
        self,
        before: Sequence[MemberConfig],
        after: Sequence[MemberConfig],
        *,
        term: int | None = None,
        thorough: bool = False,
    ) -> None:
        """Never forced; `term`: refused unless the Primary is of this one. Raises Refused or Unclear."""
        ...

    def reconfigure_command(self, before: Sequence[MemberConfig], after: Sequence[MemberConfig]) -> str:
        """The exact commands, a line each, for the plan and the journal."""
        ...

    async def force_reconfigure(
        self, address: str, before: Sequence[MemberConfig], after: Sequence[MemberConfig]
    ) -> None:
        """Forced, on one member of a set that has lost its majority; writes may be lost. Raises Refused or Unclear."""
        ...

    def force_reconfigure_command(
        self, address: str, before: Sequence[MemberConfig], after: Sequence[MemberConfig]
    ) -> str:
        """The exact commands, a line each."""
        ...


@runtime_checkable
class Freezes(Protocol):
    """A replica set whose secondaries can be kept from standing for election for a while."""

    async def freeze(self, address: str, seconds: int) -> None:
        """0 ends it. It cannot be read back: the answer is all there is. Raises Refused or Unclear."""
        ...

    def freeze_command(self, address: str, seconds: int) -> str:
        """The exact command, for the plan and the journal."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One thing that our users need to be allowed in the set."""

    what: str
    granted: bool | None
    """None: there is no user for it, or it cannot be told."""
    says: str
    mend: str = ""


@runtime_checkable
class TellsRights(Protocol):
    """A replica set that tells what our users may do, without trying it."""

    async def rights(self) -> Sequence[Right]:
        """Asked of whichever member answers, within the deadline of the settings; never raises."""
        ...
