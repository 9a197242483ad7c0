"""Hosts: their shells, and what they say of themselves."""

from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way to a host."""

    host: str
    """The name that its shell goes by."""
    address: str
    port: int
    user: str
    jumps: tuple[str, ...] = ()
    """The hosts that it is reached through, the nearest to us first; each a name that `on` takes too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """The key by which a host proves that it is itself."""

    host: str
    """The name that its shell goes by."""
    kind: str
    """E.g. `ssh-ed25519`."""
    fingerprint: str
    """E.g. `SHA256:…`."""
    public: str
    """The whole key, as it is written down."""
    trust: Literal["known", "unknown", "changed"]
    says: str = ""
    """Of a key that is not known: what to do."""


@runtime_checkable
class TrustsHosts(Protocol):
    """Shells that tell whom they trust, and can be told to trust one key more; never without being told."""

    async def route(self, host: str) -> Route:
        """How a host is reached, without connecting to it. Raises ShellError."""
        ...

    async def shown(self, host: str) -> HostKey:
        """The key that a host shows, before anybody logs in there. Raises ShellError where none can be seen."""
        ...

    async def trust(self, key: HostKey) -> str:
        """Trust exactly this key from now on; returns where that is written. Raises Refused, for a changed key too."""
        ...


@runtime_checkable
class HostFacts(Protocol):
    """Reads cpus, memory, disk and load of a host through its shell."""

    async def look(self, node: str, shell: Shell) -> HostView:
        """One look within the deadline of the settings."""
        ...
