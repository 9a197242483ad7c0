"""The capabilities that plugins provide; a class may provide several, and is asked with `isinstance`.

A look never raises: what cannot be seen is a view whose health and reason say so. A change raises `Refused` when the
target said no and nothing changed, and `Unclear` when it was sent and the answer was lost: unknown until re-read.
"""

from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.cluster.snapshot import Admin
from console.cluster.views import BalancerView, HealthView, HostView, MemberView


class Refused(Exception):
    """The target refused; nothing changed. The message is a sentence for the operator."""


class Unclear(Exception):
    """The change was sent and its answer is lost: neither done nor failed until the cluster is read again."""


class ShellError(Exception):
    """The host could not be reached or would not run the command; the message says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A command that ran to its end on a host; output is capped and decoded with replacement."""

    status: int
    stdout: str
    stderr: str


@runtime_checkable
class Shell(Protocol):
    """One host that commands run on."""

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0) -> Completed:
        """Run one command, never through string building. Raises ShellError."""
        ...

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        """Open a stream to a unix socket on the host. Raises ShellError."""
        ...


@runtime_checkable
class Shells(Protocol):
    """All hosts, one multiplexed connection each."""

    def on(self, host: str) -> Shell:
        """The shell of a host, by node name or by any name that its configuration knows. Connects when first used."""
        ...

    async def close(self) -> None:
        """End every connection."""
        ...


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
class BalancerPort(Protocol):
    """One balancer that can be looked at."""

    async def look(self) -> BalancerView:
        """Everything in one look."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class SetsAdmin(Protocol):
    """A balancer whose pool members can be drained, put into maintenance and made ready."""

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Idempotent. Raises Refused or Unclear."""
        ...

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """The exact command that `set_admin` would send, for the plan and the journal."""
        ...


@runtime_checkable
class EndsSessions(Protocol):
    """A balancer that can end the sessions of one server."""

    async def end_sessions(self, backend: str, server: str) -> None:
        """Requests in flight fail. Raises Refused or Unclear."""
        ...

    def end_sessions_command(self, backend: str, server: str) -> str:
        """The exact command, for the plan and the journal."""
        ...


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
class HostFacts(Protocol):
    """Reads cpus, memory, disk and load of a host through its shell."""

    async def look(self, node: str, shell: Shell) -> HostView:
        """One look within the deadline of the settings."""
        ...
