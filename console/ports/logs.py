"""The log of a node's service: its last lines, bounded, and with every secret hidden."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from console.cluster.text import meant
from console.ports.protocols import Refused, ShellError, TellsLog
from console.ports.raw import without
from console.ports.reach import Reach

LINES = 200
"""How many are read when nobody says otherwise."""
LINES_LIMIT = 1000
CHARACTERS_LIMIT = 512 * 1024
FOLLOW_EVERY_S = 2.0
DEADLINE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The last lines of one log as they were read."""

    node: str
    at: datetime
    command: str = ""
    """What reads it, as it would be typed on the node."""
    lines: tuple[str, ...] = ()
    """The oldest first."""
    problem: str = ""
    """Why it cannot be read, with the mend; empty: it was."""


async def read(reach: Reach, node: str, lines: int = LINES, *, hide: Collection[str] = ()) -> Log:
    """The last lines, at most LINES_LIMIT; never raises: what is in the way is the problem."""
    lines, at = max(1, min(lines, LINES_LIMIT)), datetime.now(UTC)
    try:
        service = reach.service(node)
    except Refused:
        hint = f"{nearest}otherwise " if (nearest := meant(node, reach.services)) else ""
        why = f"where the log of {node} is, is not told: {hint}add its `service` to the cluster file"
        return Log(node=node, at=at, problem=why)
    if not isinstance(service, TellsLog):
        return Log(node=node, at=at, problem=f"the plugin of the service of {node} tells no log")
    command = service.log_command(lines)
    try:
        async with asyncio.timeout(DEADLINE_S):
            text = await service.log(lines)
    except ShellError as problem:
        return Log(node=node, at=at, command=command, problem=str(problem))
    except TimeoutError:
        return Log(node=node, at=at, command=command, problem=f"no answer within {DEADLINE_S:g} s")
    except Exception as broken:  # noqa: BLE001 - a plugin may raise anything
        why = f"its plugin failed: {type(broken).__name__}: {broken}"
        return Log(node=node, at=at, command=command, problem=why)
    told = without(hide, text)[-CHARACTERS_LIMIT:].splitlines()[-lines:]
    return Log(node=node, at=at, command=command, lines=tuple(told))


def added(before: Sequence[str], after: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """What `after` has behind the last line of `before`, and whether nothing between the two can be missing."""
    for left in range(len(before)):
        own = before[left:]
        if tuple(after[: len(own)]) == tuple(own):
            return tuple(after[len(own) :]), True
    return tuple(after), not before
