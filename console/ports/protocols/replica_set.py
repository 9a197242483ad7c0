"""The replica set: looked at, and what may be changed in it."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, runtime_checkable

from console.cluster.views import MemberView


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

        `follow` holds (member, sync source) pairs to be asked for first, as far as they can be had: when the others
        already replicate from the one that takes over, majority writes go on at once instead of after a second.
        """
        ...

    def step_down_command(
        self, address: str, *, period_s: int, catch_up_s: int, follow: Sequence[tuple[str, str]] = ()
    ) -> str:
        """The exact commands, a line each, for the plan and the journal."""
        ...
