"""The world's hosts."""

from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence

from console.cluster.views import HostView
from console.ports.protocols import Completed, RawDocument, Shell, ShellError

from .port import Port
from .views import host_view


class MemoryShell:
    """A host that runs nothing."""

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        """Nothing is run, and that is success."""
        return Completed(status=0, stdout="", stderr="")

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        """There are no sockets. Raises ShellError."""
        raise ShellError(f"there is no socket {path} in memory")


class MemoryShells(Port):
    """The world's hosts."""

    def on(self, host: str) -> Shell:
        """Any host."""
        return MemoryShell()


class MemoryFacts(Port):
    """What the world's hosts say of themselves."""

    async def look(self, node: str, shell: Shell) -> HostView:
        """At once."""
        return host_view(node)

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """The view."""
        return self.told(host_view(node))
