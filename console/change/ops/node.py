"""Changes of a node: its service stopped and started, its size changed."""

from dataclasses import dataclass

from console.cluster.snapshot import Size
from console.ports.protocols import Verb
from console.ports.reach import Reach


@dataclass(frozen=True, slots=True)
class TurnService:
    """Start or stop the service of a node."""

    node: str
    verb: Verb

    async def apply(self, reach: Reach) -> None:
        """Returns when the service manager says that it is so."""
        await reach.service(self.node).turn(self.verb)

    def command(self, reach: Reach) -> str:
        """As it runs on the node."""
        return f"{self.node}: {reach.service(self.node).command(self.verb)}"


@dataclass(frozen=True, slots=True)
class Resize:
    """Give a node another size; what is None stays as it is."""

    node: str
    size: Size

    async def apply(self, reach: Reach) -> None:
        """The answer is not believed: the size is read inside the node afterwards."""
        await reach.size(self.node).resize(self.size)

    def command(self, reach: Reach) -> str:
        """As it runs on the node, or wherever it is sized."""
        return f"{self.node}: {reach.size(self.node).resize_command(self.size)}"
