"""A run that was interrupted: found in the journal, looked at again, and the ways on and back from there."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from console.change.course import Course
from console.change.events import EventKind
from console.change.journal import Journal, Unfinished, confirmed_plan, run_named
from console.change.plan import Check, Plan, PlanError
from console.change.preflight import WAYS_OUT, confirmation_refusal, refusals
from console.change.reconcile import Found, Sight, cannot_be_undone, look_again, next_step, settled
from console.change.run import Run
from console.change.stored import NotStored, decoded
from console.change.turn import Turn
from console.cluster.snapshot import Snapshot

SETTLES_WITHIN_S = 2.0
"""What was sent right before the end has had its effect by then; a handover takes about one second."""
LOOK_EVERY_S = 0.1


def find(journal: Journal, cluster: str, run: str) -> Unfinished:
    """A run that can be gone on with, undone or closed. Raises PlanError or JournalError."""
    left = run_named(journal.records(), run)
    if left is None or left.cluster != cluster:
        there = [one.run for one in journal.unfinished() if one.cluster == cluster]
        raise PlanError(f"no run '{run}' on {cluster} in this journal; unfinished are: {', '.join(there) or 'none'}")
    if left.running or left.ended in ("done", "failed", "abandoned"):
        raise PlanError(f"{left.says}; there is nothing to go on with")
    return left


def stored_plan(journal: Journal, left: Unfinished) -> Plan:
    """The very plan that was confirmed. Raises PlanError when the journal does not have it whole."""
    try:
        plan = decoded(confirmed_plan(journal.records(), left.run))
    except NotStored as problem:
        raise PlanError(f"{problem}; look at {left.target}, then `watchkeeper journal close {left.run}`") from None
    if plan.hash != left.plan_hash:
        raise PlanError(f"the plan that the journal keeps of run {left.run} is not the one that was confirmed")
    return plan


@dataclass(frozen=True, slots=True)
class Interrupted:
    """One such run, with its plan."""

    left: Unfinished
    plan: Plan
    journal: Journal
    look: Callable[[], Awaitable[Snapshot]]
    """A fresh and complete look."""
    seen: Callable[[], Snapshot]
    """The picture as it stands."""

    async def sights(self, run: Run | None = None) -> tuple[Sight, ...]:
        """The steps that had begun, by their proofs on a fresh look; told and journalled. Raises JournalError."""
        began_s = time.monotonic()
        sights = look_again(self.plan, self.left.begun, await self.look(), time.monotonic() - began_s)
        while not settled(self.plan, sights) and time.monotonic() - began_s < SETTLES_WITHIN_S:
            await asyncio.sleep(LOOK_EVERY_S)
            sights = look_again(self.plan, self.left.begun, self.seen(), time.monotonic() - began_s)
        for sight in sights:
            about = {"does": sight.does, "found": sight.found, "seen": sight.seen}
            await self.journal.append("step.reconciled", run=self.left.run, step=sight.step, detail=about)
            if run:
                await run.tell(EventKind.DOING, sight.step, sight.says)
        return sights

    async def on(self, failing: Callable[[], Sequence[Check]], turn: Turn, run: Run) -> Course | str:
        """The rest of the plan, when what must hold for it does."""
        if refusal := self._gone() or confirmation_refusal(run.plan, turn):
            return refusal
        first = next_step(self.plan, await self.sights(run))
        if first <= len(self.plan.steps) and (checks := failing()):
            return refusals(checks)
        return Course(kind="plan.resumed", step=first)

    async def back(self, turn: Turn, run: Run) -> Course | str:
        """The way back from the last step that began."""
        if refusal := self._gone():
            return refusal
        sights = await self.sights(run)
        if closed := cannot_be_undone(self.plan, sights):
            return f"{closed}; {WAYS_OUT.format(self.left.run)}"
        unapplied = frozenset(sight.step for sight in sights if sight.found is Found.NOT_APPLIED)
        return Course(kind="plan.undoing", step=len(sights), back=True, unapplied=unapplied)

    def _gone(self) -> str | None:
        """Another console may have dealt with it before this one had the turn."""
        try:
            find(self.journal, self.left.cluster, self.left.run)
        except PlanError as problem:
            return str(problem)
        return None
