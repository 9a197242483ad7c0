"""Who is held to a suite: a plugin, what it stands for, and what of it is real."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import pytest

from console.contract import Behaviour, Outcome, Suite, Verdict, run

Subject = TypeVar("Subject")
StandsFor = Literal["real", "replayed", "memory"]
"""The vendor's own program, answers that the vendor documents, or neither."""


@dataclass(frozen=True, slots=True)
class Held(Generic[Subject]):
    """One row of the table."""

    plugin: str
    stands_for: StandsFor
    against: str
    """E.g. `Proxmox VE 8`, with the version where it is known."""
    subject: Subject
    lacks: frozenset[type] = frozenset()
    """Capabilities that it is known not to have."""
    without: str = ""
    """A word of the behaviours that it is known not to show."""


Maker = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Held[Any]]]


def case(make: Maker, name: str, *marks: pytest.MarkDecorator) -> Any:
    """A parameter of a fixture."""
    return pytest.param(make, id=name, marks=marks)


async def held_to(
    held: Held[Any], behaviour: Behaviour[Any], suite: Suite[Any], record: Callable[[str, object], None]
) -> Outcome:
    """One behaviour tried, told to the table, and expected to hold unless it is not offered."""
    outcome = await run(behaviour, held.subject, change=True)
    record("contract", (suite.port, held.plugin, held.stands_for, held.against, behaviour.says, str(outcome.verdict)))
    lacking = bool(held.lacks & set(behaviour.needs)) or bool(held.without and held.without in behaviour.says)
    assert outcome.verdict is (Verdict.NOT_OFFERED if lacking else Verdict.HOLDS), outcome.why
    return outcome


def of(held: Held[Any], subject: Any) -> Held[Any]:
    """The same plugin with another subject."""
    return Held(held.plugin, held.stands_for, held.against, subject, held.lacks, held.without)


async def opened(make: Maker, request: pytest.FixtureRequest) -> AsyncIterator[Held[Any]]:
    """What a fixture yields for one parameter."""
    async with make(request) as held:
        yield held
