"""One stage gone through: held against how it should be, planned, asked about, carried out and proved."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, replace

from console.change.events import Outcome
from console.change.journal import run_named
from console.change.plan import Check, Plan, PlanError
from console.change.run import Confirmation, Run
from console.change.runbook import progress as told
from console.change.runbook.approving import approved
from console.change.runbook.asking import YES, Answer, AskKind, Asks, Moment, Task, Way
from console.change.runbook.changes import touched
from console.change.runbook.conditions import CONDITIONS
from console.change.runbook.format import FIELD
from console.change.runbook.seen import differences, seen
from console.change.runbook.selectors import SELECTORS
from console.change.runbook.trail import Trail
from console.change.wayback import way_back
from console.cluster.snapshot import Snapshot

LOOK_EVERY_S = 0.5
SETTLES_WITHIN_S = 10.0
"""How long what is worse than it was may take to come back by itself before somebody is asked."""


class Problem(Exception):
    """The stage does not go on as things are; the message says why."""

    def __init__(self, says: str, differs: tuple[str, ...] = ()) -> None:
        super().__init__(says)
        self.differences = differs


class Stopped(Exception):
    """The runbook does not go on; the message says why."""


class Unwinding(Exception):
    """What was done is to be undone."""


class StageRun:
    """Goes through one stage after the other."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._world = trail.world
        self._operator = trail.operator
        self.running: Run | None = None
        self.given_up = False
        """Somebody wants an end: nothing is waited for any more."""
        self.accepted = False
        """The world is taken as it is, once."""

    async def go(self, task: Task, undoes: str) -> AsyncIterator[Moment]:
        """Raises Problem, Stopped or Unwinding."""
        stage, progress = task.stage, self._trail.progress
        held_against = bool(stage.action) or not progress.seen
        snapshot = await (self._compared(task) if stage.action else self._world.look())
        picture = seen(snapshot)
        await self._trail.write(told.REACHED, stage=task.key, compared=held_against, seen=picture)
        if held_against:
            progress.seen, progress.ours = picture, set()
        yield Moment(kind="stage", task=task, says=task.text(stage.says))
        if stage.unless and (check := CONDITIONS[stage.unless](snapshot)).ok:
            await self._trail.ended(task, "left out", f"{check.says}: {check.value}")
            yield Moment(kind="left out", task=task, says=f"left out: {check.says}: {check.value}")
            return
        says, ours = "", frozenset[str]()
        if stage.action:
            async for moment in self._acted(task, undoes):
                yield moment
                if moment.kind == "skipped":
                    return
        elif stage.check or stage.wait:
            check = await self._checked(task)
            says = f"{check.says}: {check.value}"
            yield Moment(kind="check", task=task, check=check)
        else:
            answer = await self._asked(task)
            if answer.way == "skip":
                yield await self._trail.skipped(task, answer)
                return
            ours = frozenset((task.target, *(str(task.values.get(name)) for name in FIELD.findall(stage.manual))))
            async for moment in self._approved(task, task.text(stage.question or stage.manual)):
                yield moment
        await self._trail.ended(task, "done", says, ours)
        yield Moment(kind="done", task=task, says=task.title)

    async def _compared(self, task: Task) -> Snapshot:
        """A fresh look, when the world is as the stage before left it or was taken as it is. Raises Problem."""
        ends_s, progress = time.monotonic() + SETTLES_WITHIN_S, self._trail.progress
        while True:
            snapshot = await self._world.look()
            worse = differences(progress.seen, seen(snapshot), progress.ours)  # none, where nothing was seen before
            if not worse or self.accepted:
                self.accepted = False
                return snapshot
            if time.monotonic() >= ends_s:
                raise Problem(f"the cluster is otherwise than the stage before left it: {'; '.join(worse)}", worse)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _checked(self, task: Task) -> Check:
        """The condition as it holds. Raises Problem when it does not, or not in time."""
        stage, condition = task.stage, CONDITIONS[task.stage.check or task.stage.wait]
        ends_s, since_s = time.monotonic() + (stage.patience_s if stage.wait else 0.0), None
        while True:
            check, now_s = condition(await self._world.look()), time.monotonic()
            since_s = (since_s if since_s is not None else now_s) if check.ok else None
            if since_s is not None and now_s - since_s >= stage.steady_s:
                return check
            if self.given_up or (now_s >= ends_s and not (stage.check and check.ok)):
                raise Problem(f"{check.says}: {check.value}, must be {check.limit}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _asked(self, task: Task) -> Answer:
        """Raises Stopped or Unwinding."""
        words = task.text(task.stage.question or task.stage.manual)
        kind: AskKind = "question" if task.stage.question else "manual"
        return _heard(task, await self._operator.answer(Asks(kind=kind, task=task, says=words, ways=self._ways)))

    @property
    def _ways(self) -> tuple[Way, ...]:
        return YES if self._trail.progress.unwinding else (*YES, "unwind")

    async def _acted(self, task: Task, undoes: str) -> AsyncIterator[Moment]:
        """Each of its targets. Raises Problem, Stopped or Unwinding."""
        for target in await self._targets(task):
            if self._has_run(task, target):
                continue
            if self.given_up:
                raise Problem(f"not begun for {target}")
            async for moment in self._changed(task, target, undoes):
                yield moment
                if moment.kind == "skipped":
                    return

    async def _changed(self, task: Task, target: str, undoes: str) -> AsyncIterator[Moment]:
        """Raises Problem where there is no plan, or it is refused or does not end well; Stopped or Unwinding."""
        answer = Answer(way="again")
        while answer.way == "again":
            await self._world.look(target)
            plan, left = self._plan(task, target, undoes)
            if not left and not plan.steps and not plan.refusals:
                return  # it is so already
            yield Moment(kind="plan", task=task, plan=plan, says=f"goes on with run {left}" if left else plan.title)
            if plan.refusals and not left:
                raise Problem("; ".join(f"{check.says}: {check.value}" for check in plan.refusals))
            asks = Asks(kind="plan", task=task, says=plan.title, plan=plan, ways=("again", *self._ways))
            answer = _heard(task, await self._operator.answer(asks))
        if answer.way == "skip" or answer.confirmation is None:
            yield await self._trail.skipped(task, answer)
            return
        async for moment in self._approved(task, plan.title):
            yield moment
        confirmation = replace(answer.confirmation, without_lease=task.stage.without_lease)
        run = self._begun(plan, left, undoes, confirmation)
        await self._began(task, target, plan, run)
        self.running = run
        async for event in run.follow():
            yield Moment(kind="event", task=task, event=event)
        outcome = await run.finished()
        self.running = None
        if outcome is not Outcome.DONE:
            raise Problem(run.events[-1].says)

    def _begun(self, plan: Plan, left: str, undoes: str, confirmation: Confirmation) -> Run:
        if undoes:
            return self._world.undo(undoes, confirmation)
        return self._world.resume(left, confirmation) if left else self._world.start(plan, confirmation)

    async def _began(self, task: Task, target: str, plan: Plan, run: Run) -> None:
        snapshot = self._world.snapshot
        back, ours = way_back(plan, snapshot), touched(plan, target, snapshot)
        detail = asdict(back) | {"parameters": dict(back.parameters)} if back else None
        await self._trail.write(
            told.STARTED, stage=task.key, target=target, run=run.id, way_back=detail, ours=sorted(ours)
        )
        self._trail.progress.runs.pop((task.key, target), None)
        self._trail.progress.runs[task.key, target] = run.id
        self._trail.progress.ways_back.setdefault((task.key, target), back)
        self._trail.progress.ours |= ours

    def _has_run(self, task: Task, target: str) -> bool:
        """Its change was done before the runbook was interrupted. Raises JournalError."""
        id = self._trail.progress.runs.get((task.key, target), "")
        run = run_named(self._trail.journal.records(), id) if id else None
        return run is not None and run.ended == "done"

    async def _targets(self, task: Task) -> tuple[str, ...]:
        on = task.text(task.stage.on)
        return await self._trail.chosen(f"{task.key}/on", on) if on in SELECTORS else (on,)

    def _plan(self, task: Task, target: str, undoes: str) -> tuple[Plan, str]:
        """A new plan; or the very one that a kill interrupted, and the run that goes on with it. Raises Problem."""
        try:
            if undoes:
                return self._world.interrupted_plan(undoes), undoes
            for left in self._world.unfinished():
                if (left.action, left.target) == (task.stage.action, target):
                    return self._world.interrupted_plan(left.run), left.run
            return self._world.plan(task.stage.action, target, task.parameters), ""
        except PlanError as problem:
            raise Problem(str(problem)) from None

    async def _approved(self, task: Task, says: str) -> AsyncIterator[Moment]:
        """A second operator's yes, where the stage needs one. Raises Problem or Stopped."""
        if not task.stage.approval:
            return
        yield Moment(
            kind="approval",
            task=task,
            says=f"waits for another operator, who agrees by `watchkeeper runbook approve {self._trail.progress.id}`",
        )
        await self._trail.write(told.ASKED, stage=task.key, says=says)
        answer = await approved(
            self._world.lease_store,
            f"{self._trail.progress.id}/{task.key}",
            says,
            self._trail.progress.reason,
            lambda: self.given_up,
        )
        if answer.agreed is not True:
            raise Problem(answer.refusal)
        await self._trail.write(told.APPROVED, stage=task.key, by=answer.by)
        yield Moment(kind="approval", task=task, says=f"{answer.by} agrees")


def _heard(task: Task, answer: Answer) -> Answer:
    """Raises Stopped or Unwinding."""
    if answer.way == "stop":
        raise Stopped(f"{task.title}: stopped by its operator")
    if answer.way == "unwind":
        raise Unwinding(f"{task.title}: unwound by its operator")
    return answer
