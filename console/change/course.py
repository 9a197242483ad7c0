"""What the engine is given beside the plan: the way to go through it, who lets it begin, and the world."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from console.change.run import Run
from console.cluster.snapshot import Snapshot
from console.ports.reach import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The way through a plan: all of it, the rest of an interrupted one, or back."""

    kind: str = "plan.confirmed"
    """The record that it begins with."""
    step: int = 1
    """Where it begins."""
    back: bool = False
    """Undo that step and all before it."""
    unapplied: frozenset[int] = frozenset()
    """Steps on the way back that are known not to have happened."""


Preflight = Callable[[Run], Awaitable[Course | str]]
"""The way that a confirmed plan may go now, or why it must not be carried out."""
Conclude = Callable[[Run, bool], Awaitable[str]]
"""What is done when a plan is done, or (True) has been undone: what there is to say of it."""


class World(Protocol):
    """What the engine needs of the session."""

    @property
    def reach(self) -> Reach:
        """Where ops go."""
        ...

    @property
    def snapshot(self) -> Snapshot:
        """The cluster as it is seen now."""
        ...
