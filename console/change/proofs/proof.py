"""What a proof is, and what it finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.cluster.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Verdict:
    """Does it hold, and what was seen."""

    holds: bool
    says: str
    unchanged: bool = False
    """What is seen is the state from before the op: nothing has happened."""
    blind: bool = False
    """Nothing was seen yet that says either way."""
    final: bool = False
    """What was seen forbids to go on: no waiting will make it hold."""


@runtime_checkable
class Proof(Protocol):
    """One thing to be seen."""

    @property
    def says(self) -> str:
        """What must be seen, for the plan."""
        ...

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Is it so, on data no older than `since_s` seconds."""
        ...


def both(words: Iterable[str]) -> str:
    """Names as words: `lb1 and lb2`."""
    return " and ".join(words)
