"""One behaviour of a port, and how a subject is held to it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from console.ports.protocols import Refused

LOOK_EVERY_S = 0.05
PATIENCE_S = 20.0
"""How long a subject may take for what takes time: a reload, a health check."""

Subject = TypeVar("Subject", bound="Restores")
Value = TypeVar("Value")


class Broken(Exception):
    """A plugin does otherwise; the message says what was expected and what was seen."""


class Restores(Protocol):
    """What is put to the test: a port, and what of it may be touched."""

    @property
    def port(self) -> Any:
        """The plugin, made with its settings."""
        ...

    async def restore(self) -> None:
        """Put back what a behaviour changed; idempotent."""
        ...


class Verdict(StrEnum):
    """How a plugin stands to a behaviour."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_OFFERED = "not offered"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Behaviour(Generic[Subject]):
    """A sentence, and the check that it holds."""

    says: str
    check: Callable[[Subject], Awaitable[None]]
    needs: tuple[type, ...] = ()
    """Capabilities of the port, without all of which it is not offered."""
    changes: bool = False
    """It changes what the plugin stands for."""
    when: Callable[[Subject], Awaitable[bool]] | None = None
    """Whether the subject says of itself that it does this; where it does not, it is not offered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one behaviour."""

    says: str
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class Suite(Generic[Subject]):
    """All behaviours of one port."""

    port: str
    behaviours: list[Behaviour[Subject]] = field(default_factory=list)

    def behaviour(
        self,
        *,
        needs: tuple[type, ...] = (),
        changes: bool = False,
        when: Callable[[Subject], Awaitable[bool]] | None = None,
    ) -> Callable[[Callable[[Subject], Awaitable[None]]], Callable[[Subject], Awaitable[None]]]:
        """The decorated check is one of them; its name, with spaces, is its sentence."""

        def add(check: Callable[[Subject], Awaitable[None]]) -> Callable[[Subject], Awaitable[None]]:
            says = check.__name__.replace("_", " ").strip()
            self.behaviours.append(Behaviour(says, check, needs, changes, when))
            return check

        return add


async def run(behaviour: Behaviour[Subject], subject: Subject, *, change: bool) -> Outcome:
    """Hold a subject to one behaviour, and put back what it changed; never raises but for a cancelled task."""
    if not all(isinstance(subject.port, capability) for capability in behaviour.needs):
        return Outcome(behaviour.says, Verdict.NOT_OFFERED)
    if behaviour.changes and not change:
        return Outcome(behaviour.says, Verdict.NOT_TRIED, "it changes something")
    outcome = await _tried(behaviour, subject)
    if behaviour.changes:
        try:
            await subject.restore()
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            return Outcome(behaviour.says, Verdict.BROKEN, f"could not be put back: {_said(error)}")
    return outcome


async def _tried(behaviour: Behaviour[Subject], subject: Subject) -> Outcome:
    try:
        if behaviour.when and not await behaviour.when(subject):
            return Outcome(behaviour.says, Verdict.NOT_OFFERED)
        await behaviour.check(subject)
    except Exception as error:  # noqa: BLE001 - as above
        return Outcome(behaviour.says, Verdict.BROKEN, _said(error))
    return Outcome(behaviour.says, Verdict.HOLDS)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"


def expect(holds: object, says: str) -> None:
    """Raises Broken with what was expected and what was seen unless it holds."""
    if not holds:
        raise Broken(says)


async def refused(asked: Awaitable[object], says: str) -> str:
    """The words of the refusal that must come. Raises Broken when it is done instead."""
    try:
        await asked
    except Refused as refusal:
        expect(str(refusal).strip(), f"{says}: refused without a word")
        return str(refusal)
    raise Broken(f"{says}: expected to be refused, was done")


async def within(
    look: Callable[[], Awaitable[Value]], wanted: Callable[[Value], object], says: str, patience_s: float = PATIENCE_S
) -> Value:
    """The first look that is as wanted. Raises Broken with the last one."""
    until_s = time.monotonic() + patience_s
    while True:
        seen = await look()
        if wanted(seen):
            return seen
        expect(time.monotonic() < until_s, f"{says}: not within {patience_s:g} s; last seen: {seen}")
        await asyncio.sleep(LOOK_EVERY_S)


async def outcomes(suite: Suite[Subject], subject: Subject, *, change: bool) -> AsyncIterator[Outcome]:
    """One after the other, in their order."""
    for behaviour in suite.behaviours:
        yield await run(behaviour, subject, change=change)
