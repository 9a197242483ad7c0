"""What a piece of advice is, and the words that several share."""

from collections.abc import Iterable
from dataclasses import dataclass

from console.cluster.finding import listed
from console.cluster.snapshot import Node

SAFER = "a bigger node stays a single point of failure: only more nodes let one fail"
WRITES = "each member takes all writes: more members make the set safer, not faster; for writes, give members more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to do, or to know, and why."""

    subject: str
    says: str
    because: tuple[str, ...] = ()
    action: str = ""
    """The action and its target, where a prepared node makes it possible now: `add-server app4`."""


def prepared(action: str, names: Iterable[str]) -> str:
    """The action on the first of the prepared nodes; empty when none is prepared."""
    return next((f"{action} {name}" for name in names), "")


def find_out(names: Iterable[str]) -> str:
    """Before anything is brought back that may not be gone."""
    return f"Find out how {listed(names)} really stand: that is not known from here."


def resize(node: Node) -> str:
    """The action that changes a node's size; empty when nothing can."""
    return f"resize {node.name}" if node.size is not None else ""


def count(number: int, one: str) -> str:
    """`one member`, `2 members`."""
    return f"one {one}" if number == 1 else f"{number} {one}s"
