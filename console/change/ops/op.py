"""What an op is, and the one that changes nothing."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.ports.reach import Reach


@runtime_checkable
class Op(Protocol):
    """One change, as data."""

    async def apply(self, reach: Reach) -> None:
        """Carry it out. Raises Refused or Unclear."""
        ...

    def command(self, reach: Reach) -> str:
        """The exact words that would go out, a line each."""
        ...


@dataclass(frozen=True, slots=True)
class Wait:
    """Change nothing; the step is its proof."""

    async def apply(self, reach: Reach) -> None:
        """Nothing."""

    def command(self, reach: Reach) -> str:
        """Nothing goes out."""
        return ""
