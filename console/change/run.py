"""A run is a plan being carried out. It belongs to the session; a front end follows it, and may come and go."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from console.change.events import Event, EventKind, Outcome
from console.change.plan import Plan

LAST_KIND = {
    Outcome.REFUSED: EventKind.REFUSED,
    Outcome.DONE: EventKind.DONE,
    Outcome.FAILED: EventKind.FAILED,
    Outcome.PARTIAL: EventKind.FAILED,
    Outcome.UNKNOWN: EventKind.UNKNOWN,
}
"""The word that the last event of a run has, by its outcome."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the operator said to a plan."""

    reason: str = ""
    words: str | None = None
    """Typed, where the plan asks for it."""
    plan_hash: str | None = None
    """The one plan that this yes is for; None: the plan at hand."""
    without_lease: bool = False
    """Go on where the lease cannot be had; the words to type are the cluster's name then."""
    again: bool = False
    """Acknowledges that the set was changed just now."""


class Run:
    """One plan on its way, and every event of it so far."""

    def __init__(
        self, plan: Plan, carry_out: Callable[["Run"], Awaitable[tuple[Outcome, str]]], id: str | None = None
    ) -> None:
        self.id = id or secrets.token_hex(4)
        """The same when an interrupted run is gone on with."""
        self.plan = plan
        self.events: list[Event] = []
        self.outcome: Outcome | None = None
        self.ended_s: float | None = None
        """By the monotonic clock."""
        self.stopped_by: str | None = None
        self.choice: str | None = None
        """The operator's answer to the newest question, until the engine takes it."""
        self._news = asyncio.Condition()
        self._task = asyncio.get_running_loop().create_task(self._carry_out(carry_out))

    async def follow(self) -> AsyncGenerator[Event]:
        """Every event from the first one, until the run has ended."""
        told = 0
        while self.outcome is None or told < len(self.events):
            while told < len(self.events):
                yield self.events[told]
                told += 1
            async with self._news:
                while self.outcome is None and told == len(self.events):
                    await self._news.wait()

    async def finished(self) -> Outcome:
        """Wait for the end; cancelling the waiter does not cancel the run."""
        await asyncio.shield(self._task)
        return self.outcome or Outcome.UNKNOWN

    def decide(self, choice: str) -> None:
        """Answer the question that the newest event with choices asks."""
        self.choice = choice

    def stop(self, why: str) -> None:
        """Let the current step reach its proof or unwind, and do not begin the next. A mere wait ends at once."""
        self.stopped_by = self.stopped_by or why

    async def tell(self, kind: EventKind, step: int | None, says: str, choices: tuple[str, ...] = ()) -> None:
        """Add an event; for the engine."""
        self.events.append(Event(at=datetime.now(UTC), run=self.id, kind=kind, step=step, says=says, choices=choices))
        async with self._news:
            self._news.notify_all()

    async def _carry_out(self, carry_out: Callable[["Run"], Awaitable[tuple[Outcome, str]]]) -> None:
        try:
            outcome, says = await carry_out(self)
        except Exception as crash:  # noqa: BLE001 - a bug must end as a word that the operator sees, not as silence
            outcome, says = Outcome.UNKNOWN, f"stopped by an internal error: {type(crash).__name__}: {crash}"
        self.outcome, self.ended_s = outcome, time.monotonic()
        await self.tell(LAST_KIND[outcome], None, says)
