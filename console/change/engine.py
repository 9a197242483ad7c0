"""The one engine: carries out a plan, and tells it as events to screen, command line and journal alike.

For every step: the intent is committed to the journal, then the op goes out, then its proof is awaited on what is
seen after it. No intent on disk, no op. A lost answer is unknown until the cluster is read again; a step that fails is
undone together with those before it, in reverse.
"""

import asyncio
import time
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Any

from console.change.course import Conclude, Course, Preflight, World
from console.change.events import EventKind, Outcome
from console.change.expectation import unexpected
from console.change.journal import Journal, JournalError
from console.change.ops import Op, Wait
from console.change.plan import Plan, Step
from console.change.proofs import Proof, Verdict
from console.change.run import Run
from console.change.stored import encoded
from console.change.turn import Turn
from console.ports.protocols import Refused, Unclear

LOOK_EVERY_S = 0.1
"""How often a proof is looked at."""
REFUSED_S = 1.0
"""What is seen after a refused undo counts from then on: a look that had begun before tells what was before it."""
OP_DEADLINE_S = 30.0
"""The longest that one op may take before its answer counts as lost, unless its step has more patience."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How sending an op went: answered, refused, or neither (lost)."""

    answered: bool
    refused: bool
    says: str


class Engine:
    """Carries out one confirmed plan."""

    def __init__(self, world: World, journal: Journal, turn: Turn, preflight: Preflight, conclude: Conclude) -> None:
        self._world = world
        self._journal = journal
        self._turn = turn
        self._preflight = preflight
        self._conclude = conclude

    async def carry_out(self, run: Run) -> tuple[Outcome, str]:
        """Take the turn, check once more, then every step; the outcome, and the sentence that says it."""
        began, reason = False, self._turn.confirmation.reason
        try:
            course = await self._turn.take(run) or await self._preflight(run)
            if isinstance(course, str):
                await self._write(run, "refused", reason=reason, detail={"says": course})
                return Outcome.REFUSED, course
            await self._write(run, course.kind, reason=reason, detail=self._about(run.plan, course))
            began = True
            outcome, says = await (self._back(run, course) if course.back else self._steps(run, course.step))
            await self._write(run, "plan.finished", outcome=str(outcome), detail={"says": says})
        except JournalError as error:
            if began and run.events:
                return Outcome.UNKNOWN, f"the journal can no longer be written: {error}; look at the cluster"
            return Outcome.REFUSED, f"nothing was changed: {error}"
        finally:
            await self._turn.give_back(run)
        return outcome, says

    def _about(self, plan: Plan, course: Course) -> dict[str, Any]:
        """What a run begins with: the whole plan, so that another process can go on with it."""
        about = {"steps": len(plan.steps), "step": course.step, **self._turn.about}
        if course.kind != "plan.confirmed":
            return about
        return {**about, "title": plan.title, "impact": plan.impact.says, "plan": encoded(plan)}

    async def _steps(self, run: Run, first: int) -> tuple[Outcome, str]:
        for number, step in enumerate(run.plan.steps[first - 1 :], first):
            if not run.stopped_by and (lost := await self._turn.lost(run, number)):
                run.stop(lost)
            verdict = None if run.stopped_by else await self._step(run, number, step)
            if verdict is None:
                return await self._partial(run, number - 1)
            if not verdict.holds:
                return await self._unwind(run, number, verdict)
        said = "done" if run.plan.steps else "nothing to do, it is so already"
        return Outcome.DONE, f"{run.plan.title}: {said}{await self._conclude(run, False)}"

    async def _step(self, run: Run, number: int, step: Step) -> Verdict | None:
        """What was seen of the step; None when a mere wait was ended by a stop."""
        if otherwise := await unexpected(step, self._world):
            return Verdict(False, f"step {number} was not begun: {otherwise}", unchanged=True)
        began_s = time.monotonic()
        sent = await self._send(run, number, step, step.does, step.command, step.op)
        if sent.refused:
            return Verdict(False, sent.says, unchanged=True)
        if not sent.answered:
            await run.tell(EventKind.UNKNOWN, number, f"{sent.says}; looking at the cluster")
        verdict = await self._prove(run, number, step, began_s)
        if verdict is None:
            return None
        outcome = "success" if verdict.holds else "failure"
        await self._write(run, "step.verified", step=number, outcome=outcome, detail={"seen": verdict.says})
        if not verdict.holds:
            return verdict if verdict.final else replace(verdict, says=_in_vain(step, verdict))
        await run.tell(EventKind.PROVED, number, verdict.says)
        return verdict

    async def _prove(self, run: Run, number: int, step: Step, began_s: float) -> Verdict | None:
        """Look until the proof holds steadily, patience ends, or (for a wait) the run is stopped."""
        ends_s: float | None = time.monotonic() + step.patience_s
        held_since_s: float | None = None
        told = ""
        while True:
            verdict, now_s = self._look(step.proof, began_s), time.monotonic()
            if verdict.holds:
                held_since_s = now_s if held_since_s is None else held_since_s
                if now_s - held_since_s >= step.steady_s:
                    return verdict
            elif verdict.final:
                return verdict
            else:
                held_since_s = None
                if ends_s is not None and now_s >= ends_s:
                    ends_s = await self._at_deadline(run, number, step, verdict)
                    if ends_s == 0:
                        return verdict
                if step.asks and not verdict.blind and verdict.says != told:
                    told = verdict.says
                    await run.tell(EventKind.DOING, number, told)
            if run.stopped_by and isinstance(step.op, Wait):
                return None
            await asyncio.sleep(LOOK_EVERY_S)

    async def _at_deadline(self, run: Run, number: int, step: Step, verdict: Verdict) -> float | None:
        """The new end of patience by the monotonic clock; None: without end; 0: give up."""
        choice = await self._choice(run, number, step, verdict) if step.asks else "undo"
        if choice == "wait":
            return None
        if choice == "end-sessions" and step.ends:
            command = step.ends.command(self._world.reach)
            await self._send(run, number, step, "end the sessions that are left", command, step.ends)
        return 0 if choice == "undo" else time.monotonic() + step.patience_s

    async def _choice(self, run: Run, number: int, step: Step, verdict: Verdict) -> str:
        preset = str(run.plan.parameters.get("at-deadline", "ask"))
        if preset in step.asks:
            return preset
        run.choice = None
        question = f"{verdict.says} after {step.patience_s:g} s: {', '.join(step.asks)}?"
        await run.tell(EventKind.DOING, number, question, step.asks)
        while run.choice is None or run.choice not in step.asks:
            if run.stopped_by or self._look(step.proof, time.monotonic() - step.patience_s).holds:
                return "extend"  # a stop ends the wait by itself; sessions that have gone need no choice any more
            await asyncio.sleep(LOOK_EVERY_S)
        return run.choice

    async def _unwind(self, run: Run, failed: int, why: Verdict) -> tuple[Outcome, str]:
        """Undo the failed step and all before it, in reverse, each proved by what is seen."""
        await run.tell(EventKind.FAILED, failed, why.says)
        undone, stuck = await self._undo_from(run, failed, {failed} if why.unchanged else frozenset())
        if stuck:
            return Outcome.UNKNOWN, f"{why.says}; {stuck}; look at the cluster before anything else"
        return Outcome.FAILED, f"{why.says}; {'undone, it is as it was' if undone else 'nothing was changed'}"

    async def _back(self, run: Run, course: Course) -> tuple[Outcome, str]:
        """The way back of a run that was interrupted."""
        undone, stuck = await self._undo_from(run, course.step, course.unapplied)
        if stuck:
            return Outcome.UNKNOWN, f"{stuck}; look at the cluster before anything else"
        said = "undone, it is as it was" if undone else "there is nothing to undo"
        return Outcome.DONE, f"{run.plan.title}: {said}{await self._conclude(run, True)}"

    async def _undo_from(self, run: Run, last: int, unapplied: Set[int]) -> tuple[int, str]:
        """How many steps were undone, and what is in the way of the first that was not."""
        undone, stuck = 0, ""
        for number in range(last, 0, -1):
            step = run.plan.steps[number - 1]
            if step.undo is not None:
                says = await self._undo(run, number, step, step.undo)
                undone += not says
                stuck = stuck or says
                if says and step.bears:
                    break  # a server that does not start again stays out of the pools
            elif not isinstance(step.op, Wait) and number not in unapplied:
                stuck = stuck or f"step {number} has no undo: {step.undo_says}"
        return undone, stuck

    async def _undo(self, run: Run, number: int, step: Step, undo: Op) -> str:
        """Empty when undone and seen to be; else what is in the way."""
        command = undo.command(self._world.reach)
        does = f"undo: {step.does}"
        sent = await self._send(run, number, step, does, command, undo, "step.undo", EventKind.UNDOING)
        began_s = time.monotonic()
        seen = Verdict(sent.answered, sent.says)
        while step.undone is not None:
            # A refused undo too: who refused the step as well is as it was, and has nothing to undo.
            seen = self._look(step.undone, began_s)
            if sent.refused and not seen.holds:
                seen = replace(seen, says=f"{sent.says}; {seen.says}")
            lasted_s = time.monotonic() - began_s
            refused = sent.refused and not seen.blind and lasted_s > REFUSED_S
            if seen.holds or refused or lasted_s > step.patience_s:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        await self._write(run, "step.undone", step=number, detail={"seen": seen.says})
        if not seen.holds:
            return f"step {number} could not be undone: {seen.says}"
        await run.tell(EventKind.UNDONE, number, seen.says)
        return ""

    async def _partial(self, run: Run, done: int) -> tuple[Outcome, str]:
        await self._write(run, "session.lost", reason=run.stopped_by, detail={"steps_done": done})
        way = f"`journal resume {run.id}` goes on, `journal undo {run.id}` goes back"
        stays = f"what was done stays; {way}" if done else "nothing was changed"
        return Outcome.PARTIAL, f"stopped by {run.stopped_by} after step {done} of {len(run.plan.steps)}; {stays}"

    async def _send(
        self,
        run: Run,
        number: int,
        step: Step,
        does: str,
        command: str,
        op: Op,
        kind: str = "step.intent",
        telling: EventKind = EventKind.DOING,
    ) -> Sent:
        """Intent to disk, then the op, then its answer to disk."""
        await self._write(run, kind, step=number, detail={"does": does, "command": command})
        await run.tell(telling, number, does)
        sent = await self._apply(op, max(OP_DEADLINE_S, step.patience_s))
        await self._write(run, "step.result", step=number, detail={"answer": sent.says})
        return sent

    async def _apply(self, op: Op, deadline_s: float) -> Sent:
        try:
            async with asyncio.timeout(deadline_s):
                await op.apply(self._world.reach)
        except Refused as refusal:
            return Sent(answered=False, refused=True, says=str(refusal))
        except (Unclear, TimeoutError) as lost:
            return Sent(answered=False, refused=False, says=str(lost) or f"no answer in {deadline_s:g} s")
        return Sent(answered=True, refused=False, says="ok")

    def _look(self, proof: Proof, began_s: float) -> Verdict:
        """The proof, on what was seen since `began_s` only."""
        return proof.look(self._world.snapshot, time.monotonic() - began_s)

    async def _write(self, run: Run, kind: str, **fields: Any) -> None:
        plan = run.plan
        await self._journal.append(
            kind, run=run.id, action=plan.action, target=plan.target, plan_hash=plan.hash, **fields
        )


def _in_vain(step: Step, verdict: Verdict) -> str:
    return f"not seen within {step.patience_s:g} s: {verdict.says}"
