"""One node's service and size: what its service manager and whoever sized it say and do."""

from typing import Literal, Protocol, runtime_checkable

from console.cluster.snapshot import Size
from console.cluster.views import ServiceView, SizeView

Verb = Literal["start", "stop"]


@runtime_checkable
class ServicePort(Protocol):
    """The service that a node is there for."""

    async def look(self) -> ServiceView:
        """Whether it runs."""
        ...

    async def turn(self, verb: Verb) -> None:
        """Start or stop it, and return when it is so; idempotent. Raises Refused or Unclear."""
        ...

    def command(self, verb: Verb) -> str:
        """The exact command, for the plan and the journal. Raises Refused for what it cannot do."""
        ...


@runtime_checkable
class SizePort(Protocol):
    """What a node may use of its machine."""

    async def look(self) -> SizeView:
        """The size as it is read inside the node; of a stopped service, what it will start with."""
        ...

    async def resize(self, size: Size) -> None:
        """Change what is given; None stays as it is. Raises Refused or Unclear."""
        ...

    def resize_command(self, size: Size) -> str:
        """The exact command, for the plan and the journal. Raises Refused for what it cannot do."""
        ...


@runtime_checkable
class Closes(Protocol):
    """Any port that keeps connections."""

    async def close(self) -> None:
        """Let go of them."""
        ...
