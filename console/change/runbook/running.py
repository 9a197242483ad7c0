"""A runbook on its way: stage by stage, each planned on a fresh look when it is reached, all of it in the journal."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from console.change.action import Value
from console.change.events import Event, Outcome
from console.change.journal import Journal, Unfinished, confirmed_plan, run_named
from console.change.plan import Check, Plan, PlanError
from console.change.run import Confirmation, Run
from console.change.runbook import progress as told
from console.change.runbook.conditions import CONDITIONS
from console.change.runbook.format import Runbook, StageTable, filled
from console.change.runbook.progress import Progress
from console.change.runbook.selectors import SELECTORS
from console.change.stored import NotStored, decoded
from console.cluster.snapshot import Snapshot

LOOK_EVERY_S = 0.5
MomentKind = Literal["stage", "plan", "event", "check", "done", "skipped", "left out", "stopped", "finished"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One stage for one target, as it is reached."""

    key: str
    """`2`, or `3/app1/1` within an `each`: the same whenever the runbook is gone on with."""
    stage: StageTable
    target: str = ""
    values: Mapping[str, Value]

    @property
    def title(self) -> str:
        """Its name, and whom it is for."""
        return f"{self.stage.name}: {self.target}" if self.target else self.stage.name

    def text(self, template: str) -> str:
        """With what stands in braces filled in."""
        return filled(template, self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something to tell whoever follows."""

    kind: MomentKind
    task: Task | None = None
    says: str = ""
    plan: Plan | None = None
    event: Event | None = None
    check: Check | None = None


class Stopped(Exception):
    """The runbook does not go on; the message says why and what can be done."""


class World(Protocol):
    """A session, as a runbook needs it."""

    @property
    def journal(self) -> Journal | None: ...  # noqa: D102 - a Session's own
    @property
    def snapshot(self) -> Snapshot: ...  # noqa: D102
    async def look(self, *nodes: str) -> Snapshot: ...  # noqa: D102
    def plan(self, action: str, target: str, parameters: Mapping[str, Value] | None = None) -> Plan: ...  # noqa: D102
    def start(self, plan: Plan, confirmation: Confirmation) -> Run: ...  # noqa: D102
    def resume(self, run: str, confirmation: Confirmation) -> Run: ...  # noqa: D102
    def unfinished(self) -> list[Unfinished]: ...  # noqa: D102
    def interrupted_plan(self, run: str) -> Plan: ...  # noqa: D102


class Operator(Protocol):
    """Who answers: a person at a terminal, or the options of a command line."""

    async def confirm(self, task: Task, plan: Plan) -> Confirmation | str | None:
        """Yes to a stage's plan; a text: skip it, and why; None: stop."""
        ...

    async def answer(self, task: Task, words: str) -> bool:
        """Yes to a question, or that what is to be done by hand is done."""
        ...


class RunbookRun:
    """One run of a runbook, new or gone on with."""

    def __init__(self, world: World, operator: Operator, progress: Progress) -> None:
        self._world = world
        self._operator = operator
        self.progress = progress
        self._running: Run | None = None
        self._stopped_by = ""

    @classmethod
    async def begin(
        cls, world: World, operator: Operator, runbook: Runbook, text: str, values: Mapping[str, Value], reason: str
    ) -> "RunbookRun":
        """A new run, in the journal before anything else. Raises JournalError or PlanError."""
        journal, id = _journal(world), secrets.token_hex(4)
        detail = {"runbook_run": id, "runbook": runbook.name, "text": text, "values": dict(values)}
        record = await journal.append(told.BEGAN, reason=reason, detail=detail)
        begun = told.named([record], id)
        return cls(world, operator, begun)

    @classmethod
    async def resume(cls, world: World, operator: Operator, id: str) -> "RunbookRun":
        """One that has not finished. Raises JournalError or PlanError."""
        journal = _journal(world)
        left = told.named(journal.records(), id)
        if left.outcome == "done":
            raise PlanError(f"{left.says}; there is nothing to go on with")
        await journal.append(told.RESUMED, detail={"runbook_run": id})
        left.outcome = ""
        return cls(world, operator, left)

    def stop(self, why: str) -> None:
        """Let the change that is going on come to its end, and begin no other stage."""
        self._stopped_by = self._stopped_by or why
        if self._running:
            self._running.stop(why)

    async def go(self) -> AsyncGenerator[Moment]:
        """Every moment until the runbook has ended or stopped. Raises JournalError."""
        try:
            async for moment in self._stages():
                yield moment
        except Stopped as stop:
            await self._write(told.FINISHED, outcome="stopped", says=str(stop))
            self.progress.outcome = "stopped"
            yield Moment(kind="stopped", says=f"{stop}; `watchkeeper runbook resume {self.progress.id}` goes on")
            return
        await self._write(told.FINISHED, outcome="done")
        self.progress.outcome = "done"
        yield Moment(kind="finished", says=f"{self.progress.runbook.table.title}: done")

    async def _stages(self) -> AsyncIterator[Moment]:
        async for moment in self._looked_at_again():
            yield moment
        for number, stage in enumerate(self.progress.runbook.table.stages, 1):
            async for task in self._tasks(str(number), stage):
                if self._stopped_by:
                    raise Stopped(f"stopped by {self._stopped_by} before {task.title}")
                if not self.progress.passed(task.key):
                    async for moment in self._gone_through(task):
                        yield moment

    async def _looked_at_again(self) -> AsyncIterator[Moment]:
        """The newest change of each target that was done before: what does not hold any more is gone through again."""
        newest = {target: (key, id) for (key, target), id in self.progress.runs.items() if self.progress.passed(key)}
        if not newest:
            return
        began_s, records = time.monotonic(), list(_journal(self._world).records())
        snapshot = await self._world.look(*newest)
        since_s = time.monotonic() - began_s
        for target, (key, id) in newest.items():
            try:
                plan = decoded(confirmed_plan(records, id))
            except NotStored:
                continue
            verdict = plan.steps[-1].proof.look(snapshot, since_s)
            if not verdict.holds:
                del self.progress.ended[key]
                self.progress.runs.pop((key, target))
                says = f"{plan.title} (stage {key}) does not hold any more: {verdict.says}; it is gone through again"
                yield Moment(kind="check", says=says)

    async def _tasks(self, key: str, stage: StageTable) -> AsyncIterator[Task]:
        values = self.progress.values
        if not stage.each:
            yield Task(key=key, stage=stage, values=values)
            return
        for target in await self._chosen(key, stage.each):
            for number, inner in enumerate(stage.stages, 1):
                yield Task(
                    key=f"{key}/{target}/{number}", stage=inner, target=target, values={**values, "target": target}
                )

    async def _gone_through(self, task: Task) -> AsyncIterator[Moment]:
        stage = task.stage
        await self._write(told.REACHED, stage=task.key)
        yield Moment(kind="stage", task=task, says=task.text(stage.says))
        if stage.unless and (check := CONDITIONS[stage.unless](await self._world.look())).ok:
            await self._ended(task, "left out", f"{check.says}: {check.value}")
            yield Moment(kind="left out", task=task, says=f"left out: {check.says}: {check.value}")
            return
        outcome = "done"
        if stage.action:
            async for moment in self._acted(task):
                outcome = "skipped" if moment.kind == "skipped" else outcome
                yield moment
        elif stage.check or stage.wait:
            yield Moment(kind="check", task=task, check=await self._checked(task))
        else:
            words = task.text(stage.question or stage.manual)
            if not await self._operator.answer(task, words):
                await self._ended(task, "stopped", "somebody said no")
                raise Stopped(f"{task.title}: stopped by its operator")
        await self._ended(task, outcome)
        if outcome == "done":
            yield Moment(kind="done", task=task, says=task.title)

    async def _checked(self, task: Task) -> Check:
        """The condition as it holds. Raises Stopped when it does not, or not in time."""
        stage, condition = task.stage, CONDITIONS[task.stage.check or task.stage.wait]
        ends_s, since_s = time.monotonic() + (stage.patience_s if stage.wait else 0.0), None
        while True:
            check, now_s = condition(await self._world.look()), time.monotonic()
            since_s = (since_s if since_s is not None else now_s) if check.ok else None
            if since_s is not None and now_s - since_s >= stage.steady_s:
                return check
            if now_s >= ends_s and not (stage.check and check.ok):
                await self._ended(task, "failed", f"{check.value}, must be {check.limit}")
                raise Stopped(f"{task.title}: {check.says}: {check.value}, must be {check.limit}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _acted(self, task: Task) -> AsyncIterator[Moment]:
        """Raises Stopped where there is no plan, where it is refused or stopped, and where it does not end well."""
        for target in await self._targets(task):
            if self._has_run(task, target):
                continue
            await self._world.look(target)
            plan, left = self._plan(task, target)
            if not left and not plan.steps and not plan.refusals:
                continue  # it is so already
            yield Moment(kind="plan", task=task, plan=plan, says=f"goes on with run {left}" if left else plan.title)
            said = await self._operator.confirm(task, plan)
            if said is None:
                await self._ended(task, "stopped", "somebody said no")
                raise Stopped(f"{task.title}: stopped by its operator")
            if isinstance(said, str):
                yield Moment(kind="skipped", task=task, says=f"skipped: {said}")
                return
            run = self._world.resume(left, said) if left else self._world.start(plan, said)
            await self._write(told.STARTED, stage=task.key, target=target, run=run.id)
            self._running = run
            async for event in run.follow():
                yield Moment(kind="event", task=task, event=event)
            outcome = await run.finished()
            self._running = None
            if outcome is not Outcome.DONE:
                await self._ended(task, str(outcome), run.events[-1].says)
                raise Stopped(f"{task.title}: {run.events[-1].says}")

    def _has_run(self, task: Task, target: str) -> bool:
        """Its change was done before the runbook was interrupted. Raises JournalError."""
        id = self.progress.runs.get((task.key, target), "")
        run = run_named(_journal(self._world).records(), id) if id else None
        return run is not None and run.ended == "done"

    async def _targets(self, task: Task) -> tuple[str, ...]:
        on = task.text(task.stage.on)
        return await self._chosen(f"{task.key}/on", on) if on in SELECTORS else (on,)

    async def _chosen(self, key: str, selector: str) -> tuple[str, ...]:
        """Whom a selector meant when it was first reached: the same for whoever goes on."""
        if key not in self.progress.targets:
            targets = SELECTORS[selector](await self._world.look())
            await self._write(told.TARGETS, stage=key, targets=list(targets))
            self.progress.targets[key] = targets
        return self.progress.targets[key]

    def _plan(self, task: Task, target: str) -> tuple[Plan, str]:
        """A new plan; or the very one that a kill interrupted, and the run that goes on with it. Raises Stopped."""
        for left in self._world.unfinished():
            if (left.action, left.target) == (task.stage.action, target):
                return self._world.interrupted_plan(left.run), left.run
        parameters = {
            name: task.text(value) if isinstance(value, str) else value for name, value in task.stage.parameters.items()
        }
        try:
            return self._world.plan(task.stage.action, target, parameters), ""
        except PlanError as problem:
            raise Stopped(f"{task.title}: {problem}") from None

    async def _ended(self, task: Task, outcome: str, says: str = "") -> None:
        await self._write(told.ENDED, stage=task.key, outcome=outcome, says=says)
        self.progress.ended[task.key] = outcome

    async def _write(self, kind: str, **detail: object) -> None:
        """On disk before anything comes of it. Raises JournalError."""
        await _journal(self._world).append(kind, detail={"runbook_run": self.progress.id, **detail})


def _journal(world: World) -> Journal:
    """Raises PlanError in a session that only looks."""
    if world.journal is None:
        raise PlanError("a runbook writes down what it does, and this session is read-only")
    return world.journal
