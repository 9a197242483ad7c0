"""Stages by the keys that the journal names them with: `2`, and `3/app1/1` for the first one within an `each`."""

from collections.abc import Iterator
from typing import NamedTuple

from console.change.runbook.format import Runbook, StageTable


class Place(NamedTuple):
    """A stage, and where it stands."""

    number: str
    """As the runbook is shown: `2`, or `3.1`."""
    group: StageTable | None
    """The `each` that it is within."""
    stage: StageTable


def places(runbook: Runbook) -> Iterator[Place]:
    """Every stage that does something by itself, in order."""
    for number, stage in enumerate(runbook.table.stages, 1):
        if stage.each:
            yield from (Place(f"{number}.{inner}", stage, one) for inner, one in enumerate(stage.stages, 1))
        else:
            yield Place(str(number), None, stage)


def place(runbook: Runbook, key: str) -> Place | None:
    """The stage of a key; None where the runbook has none of it."""
    number, *inner = key.split("/")
    wanted = f"{number}.{inner[-1]}" if inner else number
    return next((one for one in places(runbook) if one.number == wanted), None)


def title(runbook: Runbook, key: str) -> str:
    """Its name, and whom it is for; empty where the runbook has none of it."""
    found, (_, *inner) = place(runbook, key), key.split("/")
    return "" if found is None else ": ".join([found.stage.name, *inner[:1]])


def selector(runbook: Runbook, key: str) -> str:
    """What chose the targets that stand under a key, an `each` or an action's `on`; empty where nothing did."""
    number, within = key.removesuffix("/on"), key.endswith("/on")
    if within:
        found = place(runbook, number)
        return found.stage.on if found else ""
    index = int(number) - 1 if number.isdecimal() else -1
    stages = runbook.table.stages
    return stages[index].each if 0 <= index < len(stages) else ""
