"""Hosts: their shells, and what they say of themselves."""

from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.cluster.views import HostView


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A command that ran to its end on a host; output is capped and decoded with replacement."""

    status: int
    stdout: str
    stderr: str


@runtime_checkable
class Shell(Protocol):
    """One host that commands run on."""

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        """Run one command, never through string building; `stdin` is what it reads. Raises ShellError."""
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
class HostFacts(Protocol):
    """Reads cpus, memory, disk and load of a host through its shell."""

    async def look(self, node: str, shell: Shell) -> HostView:
        """One look within the deadline of the settings."""
        ...
