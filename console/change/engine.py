"""The one engine: turns a plan into a stream of events, for the screen, the command line and the journal alike.

For every step: the intent is committed to the journal, then the op goes out, then its proof is awaited on what is
seen after it. No intent on disk, no op. A lost answer is unknown until the cluster is read again; a step that fails is
undone together with those before it, in reverse.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, TypedDict

from console.change.events import Event, EventKind, Outcome
from console.change.journal import Journal, JournalError
from console.change.ops import EndSessions, Op, Wait
from console.change.plan import Plan, Step
from console.change.proofs import Proof, Verdict
from console.cluster.snapshot import Snapshot
from console.ports.protocols import Refused, Unclear
from console.ports.reach import Reach

LOOK_EVERY_S = 0.1
"""How often a proof is looked at."""
OP_DEADLINE_S = 30.0
"""The longest that one op may take before its answer counts as lost."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the operator said to a plan."""

    reason: str = ""
    words: str | None = None
    """Typed, where the plan asks for it."""
    plan_hash: str | None = None
    """The one plan that this yes is for; None: the plan at hand."""


class World(Protocol):
    """What a run needs of the session that it belongs to."""

    @property
    def reach(self) -> Reach:
        """Where ops go."""
        ...

    @property
    def snapshot(self) -> Snapshot:
        """The cluster as it is seen now."""
        ...


class _About(TypedDict):
    """What every record of a run names."""

    run: str
    action: str
    target: str
    plan_hash: str


@dataclass(frozen=True, slots=True)
class _Sent:
    """How sending an op went: answered, refused, or neither (lost)."""

    clear: bool
    refused: bool
    says: str


@dataclass(slots=True)
class _Deadline:
    """When patience ends, by the monotonic clock; None: never."""

    ends_s: float | None

    @property
    def over(self) -> bool:
        return self.ends_s is not None and time.monotonic() >= self.ends_s


class Run:
    """One plan being carried out. It belongs to the session; a front end follows it and may come and go."""

    def __init__(
        self,
        plan: Plan,
        confirmation: Confirmation,
        world: World,
        journal: Journal | None,
        preflight: Callable[[Plan, Confirmation], Awaitable[str | None]],
    ) -> None:
        self.id = secrets.token_hex(4)
        self.plan = plan
        self.events: list[Event] = []
        self.outcome: Outcome | None = None
        self.stopped_by: str | None = None
        self._confirmation = confirmation
        self._world = world
        self._journal = journal
        self._preflight = preflight
        self._news = asyncio.Condition()
        self._choice: asyncio.Future[str] | None = None
        self._task = asyncio.get_running_loop().create_task(self._carry_out())

    async def follow(self) -> AsyncIterator[Event]:
        """Every event from the first one, until the run has ended."""
        told = 0
        while True:
            while told < len(self.events):
                yield self.events[told]
                told += 1
            if self.outcome is not None:
                return
            async with self._news:
                await self._news.wait_for(lambda: told < len(self.events) or self.outcome is not None)

    async def finished(self) -> Outcome:
        """Wait for the end; never cancels the run."""
        await asyncio.shield(self._task)
        return self.outcome or Outcome.UNKNOWN

    def decide(self, choice: str) -> None:
        """Answer the question that the newest event with choices asks."""
        if self._choice and not self._choice.done():
            self._choice.set_result(choice)

    def stop(self, why: str) -> None:
        """Let the current step reach its proof or unwind, and do not begin the next. A mere wait ends at once."""
        self.stopped_by = self.stopped_by or why

    async def _carry_out(self) -> None:
        outcome, says = Outcome.UNKNOWN, ""
        try:
            outcome, says = await self._outcome()
        except JournalError as error:
            outcome, says = Outcome.REFUSED if not self.events else Outcome.UNKNOWN, str(error)
        except Exception as crash:  # noqa: BLE001 - a bug here must end as a word in the journal, not as silence
            outcome, says = Outcome.UNKNOWN, f"stopped by an internal error: {type(crash).__name__}: {crash}"
        await self._finish(outcome, says)

    async def _outcome(self) -> tuple[Outcome, str]:
        refusal = await self._preflight(self.plan, self._confirmation)
        if refusal:
            return await self._refused(refusal)
        await self._journal.append(
            "plan.confirmed",
            **self._about(),
            reason=self._confirmation.reason,
            detail={"title": self.plan.title, "steps": len(self.plan.steps), "impact": self.plan.impact.says},
        )
        for number, step in enumerate(self.plan.steps, 1):
            verdict = None if self.stopped_by else await self._step(number, step)
            if verdict is None:
                return await self._partial(number - 1)
            if not verdict.holds:
                return await self._unwind(number, verdict)
        return Outcome.DONE, f"{self.plan.title}: done" if self.plan.steps else f"{self.plan.title}: it is so already"

    async def _refused(self, says: str) -> tuple[Outcome, str]:
        await self._journal.append("refused", **self._about(), reason=self._confirmation.reason, detail={"says": says})
        return Outcome.REFUSED, says

    async def _step(self, number: int, step: Step) -> Verdict | None:
        """What was seen of the step; None when a mere wait was ended by a stop."""
        await self._intent("step.intent", number, step.does, step.command)
        await self._tell(EventKind.DOING, number, step.does)
        began_s = time.monotonic()
        sent = await self._apply(step.op)
        await self._journal.append("step.result", **self._about(), step=number, detail={"answer": sent.says})
        if sent.refused:
            return Verdict(False, sent.says, unchanged=True)
        if not sent.clear:
            await self._tell(EventKind.UNKNOWN, number, f"{sent.says}; looking at the cluster")
        verdict = await self._prove(number, step, began_s)
        if verdict is None:
            return None
        await self._journal.append(
            "step.verified",
            **self._about(),
            step=number,
            outcome="success" if verdict.holds else "failure",
            detail={"seen": verdict.says},
        )
        if not verdict.holds:
            return replace(verdict, says=f"not seen within {step.patience_s:g} s: {verdict.says}")
        await self._tell(EventKind.PROVED, number, verdict.says)
        return verdict

    async def _prove(self, number: int, step: Step, began_s: float) -> Verdict | None:
        """Look until the proof holds steadily, patience ends, or (for a wait) the run is stopped."""
        deadline = _Deadline(time.monotonic() + step.patience_s)
        told, held_since_s = "", None
        while True:
            verdict = _look(step.proof, self._world.snapshot, began_s)
            now_s = time.monotonic()
            held_since_s = (held_since_s or now_s) if verdict.holds else None
            if held_since_s is not None and now_s - held_since_s >= step.steady_s:
                return verdict
            if isinstance(step.op, Wait) and self.stopped_by:
                return None
            if deadline.over and held_since_s is None:
                ended = await self._ask(number, step, verdict, deadline)
                if ended is not None:
                    return ended
            if step.asks and verdict.says != told and not verdict.holds:
                told = verdict.says
                await self._tell(EventKind.DOING, number, told)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _ask(self, number: int, step: Step, verdict: Verdict, deadline: _Deadline) -> Verdict | None:
        """At the end of patience: the operator's choice, or failure. None: go on looking."""
        choice = await self._choose(number, step, verdict) if step.asks else "undo"
        if choice == "wait":
            deadline.ends_s = None
        elif choice == "extend":
            deadline.ends_s = time.monotonic() + step.patience_s
        elif choice == "end-sessions":
            await self._end_sessions(number, step)
            deadline.ends_s = time.monotonic() + step.patience_s
        else:
            return verdict
        return None

    async def _choose(self, number: int, step: Step, verdict: Verdict) -> str:
        preset = str(self.plan.parameters.get("at-deadline", "ask"))
        if preset in step.asks:
            return preset
        self._choice = asyncio.get_running_loop().create_future()
        await self._tell(
            EventKind.DOING, number, f"{verdict.says} after {step.patience_s:g} s: {', '.join(step.asks)}?", step.asks
        )
        while not self._choice.done():
            if self.stopped_by:
                return "undo"
            if _look(step.proof, self._world.snapshot, time.monotonic() - step.patience_s).holds:
                return "extend"
            await asyncio.sleep(LOOK_EVERY_S)
        return self._choice.result()

    async def _end_sessions(self, number: int, step: Step) -> None:
        places = getattr(step.proof, "places", ())
        op = EndSessions(places)
        command = op.command(self._world.reach)
        await self._intent("step.intent", number, "end the sessions that are left", command)
        await self._tell(EventKind.DOING, number, "ending the sessions that are left")
        sent = await self._apply(op)
        await self._journal.append("step.result", **self._about(), step=number, detail={"answer": sent.says})

    async def _unwind(self, failed: int, why: Verdict) -> tuple[Outcome, str]:
        """Undo the failed step and all before it, in reverse, each proved by what is seen."""
        await self._tell(EventKind.FAILED, failed, why.says)
        undone, stuck = 0, ""
        for number in range(failed, 0, -1):
            step = self.plan.steps[number - 1]
            if step.undo is not None:
                says = await self._undo(number, step, step.undo)
                undone += not says
                stuck = stuck or says
            elif not isinstance(step.op, Wait) and not (number == failed and why.unchanged):
                stuck = stuck or f"step {number} has no undo: {step.undo_says}"
        if stuck:
            return Outcome.UNKNOWN, f"{why.says}; {stuck}; look at the cluster before anything else"
        return Outcome.FAILED, f"{why.says}; {'undone, it is as it was' if undone else 'nothing was changed'}"

    async def _undo(self, number: int, step: Step, undo: Op) -> str:
        """Empty when undone and seen to be; else what is in the way."""
        command = undo.command(self._world.reach)
        await self._intent("step.undo", number, f"undo: {step.does}", command)
        await self._tell(EventKind.UNDOING, number, f"undo: {step.does}")
        began_s = time.monotonic()
        sent = await self._apply(undo)
        seen = Verdict(sent.clear, sent.says)
        while step.undone is not None and not sent.refused:
            seen = _look(step.undone, self._world.snapshot, began_s)
            if seen.holds or time.monotonic() - began_s > step.patience_s:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        await self._journal.append(
            "step.undone", **self._about(), step=number, detail={"answer": sent.says, "seen": seen.says}
        )
        if not seen.holds:
            return f"step {number} could not be undone: {seen.says}"
        await self._tell(EventKind.UNDONE, number, seen.says)
        return ""

    async def _partial(self, done: int) -> tuple[Outcome, str]:
        await self._journal.append("session.lost", **self._about(), reason=self.stopped_by, detail={"steps_done": done})
        stays = "nothing was changed" if done == 0 else "what was done stays"
        return Outcome.PARTIAL, f"stopped by {self.stopped_by} after step {done} of {len(self.plan.steps)}; {stays}"

    async def _apply(self, op: Op) -> _Sent:
        try:
            async with asyncio.timeout(OP_DEADLINE_S):
                await op.apply(self._world.reach)
        except Refused as refusal:
            return _Sent(clear=False, refused=True, says=str(refusal))
        except (Unclear, TimeoutError) as lost:
            return _Sent(clear=False, refused=False, says=str(lost) or f"no answer in {OP_DEADLINE_S:g} s")
        return _Sent(clear=True, refused=False, says="ok")

    async def _intent(self, kind: str, number: int, does: str, command: str) -> None:
        await self._journal.append(kind, **self._about(), step=number, detail={"does": does, "command": command})

    async def _finish(self, outcome: Outcome, says: str) -> None:
        kind = {
            Outcome.REFUSED: EventKind.REFUSED,
            Outcome.DONE: EventKind.DONE,
            Outcome.FAILED: EventKind.FAILED,
            Outcome.PARTIAL: EventKind.FAILED,
            Outcome.UNKNOWN: EventKind.UNKNOWN,
        }[outcome]
        if outcome is not Outcome.REFUSED:
            try:
                await self._journal.append(
                    "plan.finished", **self._about(), outcome=str(outcome), detail={"says": says}
                )
            except JournalError as error:
                says = f"{says}; and the end could not be journalled: {error}"
        self.outcome = outcome
        await self._tell(kind, None, says)

    def _about(self) -> _About:
        return {
            "run": self.id,
            "action": self.plan.action,
            "target": self.plan.target,
            "plan_hash": self.plan.hash,
        }

    async def _tell(self, kind: EventKind, step: int | None, says: str, choices: tuple[str, ...] = ()) -> None:
        self.events.append(Event(at=datetime.now(UTC), run=self.id, kind=kind, step=step, says=says, choices=choices))
        async with self._news:
            self._news.notify_all()


def _look(proof: Proof, snapshot: Snapshot, began_s: float) -> Verdict:
    """The proof on what was seen since `began_s` only."""
    return proof.look(snapshot, time.monotonic() - began_s)
