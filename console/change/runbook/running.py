"""A runbook on its way: each stage planned when it is reached, every word of it in the journal, gone on with anywhere.

Nothing is begun in a world that is worse than the stage before left it, unless somebody takes it as it is. What an
interrupted stage had begun is resumed, never sent again.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from itertools import dropwhile, takewhile

from console.change.action import Value
from console.change.journal import confirmed_plan
from console.change.plan import PlanError
from console.change.runbook import progress as told
from console.change.runbook.asking import Asks, Moment, Operator, Task, Way, World, tasks_for
from console.change.runbook.changes import lasting, ways_back
from console.change.runbook.format import Runbook, StageTable
from console.change.runbook.progress import Progress
from console.change.runbook.stage import Problem, StageRun, Stopped, Unwinding
from console.change.runbook.trail import Trail, writable
from console.change.stored import NotStored, decoded


class RunbookRun:
    """One run of a runbook, new or gone on with."""

    def __init__(self, world: World, operator: Operator, progress: Progress) -> None:
        self.progress = progress
        self._trail = Trail(world, operator, progress)
        self._stage = StageRun(self._trail)
        self._stopped_by = ""
        self._unwound_by = ""
        self._may_go = asyncio.Event()
        self._may_go.set()

    @classmethod
    async def begin(
        cls, world: World, operator: Operator, runbook: Runbook, values: Mapping[str, Value], reason: str
    ) -> "RunbookRun":
        """A new run, in the journal before anything else. Raises JournalError or PlanError."""
        journal, id, file = writable(world), secrets.token_hex(4), runbook.path.name
        detail = {
            "runbook_run": id,
            "runbook": runbook.name,
            "file": file,
            "text": runbook.text,
            "values": dict(values),
        }
        record = await journal.append(told.BEGAN, reason=reason, detail=detail)
        begun = told.named([record], id)
        return cls(world, operator, begun)

    @classmethod
    async def resume(cls, world: World, operator: Operator, id: str) -> "RunbookRun":
        """One that has not finished. Raises JournalError or PlanError."""
        journal = writable(world)
        left = told.named(journal.records(), id)
        if left.over:
            raise PlanError(f"{left.says}; there is nothing to go on with")
        if left.elsewhere:
            raise PlanError(f"{left.says}; another console goes through it: process {left.owner.get('process.pid')}")
        await journal.append(told.RESUMED, detail={"runbook_run": id})
        left.outcome = ""
        return cls(world, operator, left)

    def stop(self, why: str) -> None:
        """Let the change that is going on come to its end, and begin no other stage."""
        self._stopped_by = self._stopped_by or why
        self._interrupt(why)

    def pause(self) -> None:
        """Let the stage that is going on come to its end, and wait there."""
        self._may_go.clear()

    def carry_on(self) -> None:
        """After a pause."""
        self._may_go.set()

    @property
    def paused(self) -> bool:
        """It waits, or will wait at the end of the stage that is going on."""
        return not self._may_go.is_set()

    def unwind(self, why: str) -> None:
        """Stop, and undo in reverse what was done: each change by a plan of its own."""
        self._unwound_by = self._unwound_by or why
        self._interrupt(why)

    def _interrupt(self, why: str) -> None:
        self._may_go.set()
        self._stage.given_up = True
        if self._stage.running:
            self._stage.running.stop(why)

    async def go(self) -> AsyncGenerator[Moment]:
        """Every moment until the runbook has ended or stopped. Raises JournalError."""
        try:
            if not self.progress.unwinding:
                try:
                    async for moment in self._stages():
                        yield moment
                except Unwinding as why:
                    await self._trail.write(told.UNWINDING, says=str(why))
                    self.progress.unwinding = True
                    self._stage.given_up = bool(self._stopped_by)  # what is undone is asked about like all else
            if self.progress.unwinding:
                yield Moment(kind="unwinding", says="what was done is undone, the newest first")
                async for moment in self._undone():
                    yield moment
        except Stopped as stop:
            await self._finished("stopped", str(stop))
            yield Moment(kind="stopped", says=f"{stop}; `watchkeeper runbook resume {self.progress.id}` goes on")
            return
        outcome = "unwound" if self.progress.unwinding else "done"
        await self._finished(outcome)
        yield Moment(kind="finished", says=f"{self.progress.runbook.table.title}: {outcome}")

    async def _stages(self) -> AsyncIterator[Moment]:
        if self._unwound_by:
            raise Unwinding(f"asked for by {self._unwound_by}")
        async for moment in self._looked_at_again():
            yield moment
        for number, stage in enumerate(self.progress.runbook.table.stages, 1):
            async for task in self._tasks(str(number), stage):
                async for moment in self._passed(task):
                    yield moment

    async def _undone(self) -> AsyncIterator[Moment]:
        """In reverse: an interrupted change by its own undo, a whole one by the action that leads back."""
        records = list(self._trail.journal.records())
        for left in ways_back(self.progress, records):
            if left.task is None:
                yield Moment(kind="left out", says=left.says)
                continue
            async for moment in self._passed(left.task, undoes=left.run):
                yield moment

    async def _looked_at_again(self) -> AsyncIterator[Moment]:
        """The newest change of each target that was done before: what does not hold any more is gone through again."""
        begun = {target: (key, id) for (key, target), id in self.progress.runs.items()}
        # One that was interrupted has moved its target on from there, and is gone on with by its own stage.
        newest = {target: one for target, one in begun.items() if self.progress.passed(one[0])}
        if not newest:
            return
        began_s, records = time.monotonic(), list(self._trail.journal.records())
        snapshot = await self._trail.world.look(*newest)
        since_s = time.monotonic() - began_s
        for target, (key, id) in newest.items():
            try:
                plan = decoded(confirmed_plan(records, id))
            except NotStored:
                continue
            proof = lasting(plan)
            verdict = proof.look(snapshot, since_s) if proof else None
            if verdict and not verdict.holds:
                self._anew(key)
                self.progress.runs.pop((key, target))
                says = f"{plan.title} (stage {key}) does not hold any more: {verdict.says}; it is gone through again"
                yield Moment(kind="check", says=says)

    def _anew(self, key: str) -> None:
        """A stage counts as not gone through, and so do the looks at what it had done, up to the next change."""
        changing = {changed for changed, _ in self.progress.runs}
        later = dropwhile(lambda ended: ended != key, list(self.progress.ended))
        for ended in takewhile(lambda ended: ended == key or ended not in changing, later):
            del self.progress.ended[ended]

    async def _tasks(self, key: str, stage: StageTable) -> AsyncIterator[Task]:
        values = self.progress.values
        if not stage.each:
            yield Task(key=key, stage=stage, values=values)
            return
        for task in tasks_for(key, stage, values, await self._trail.chosen(key, stage.each)):
            yield task

    async def _passed(self, task: Task, undoes: str = "") -> AsyncIterator[Moment]:
        """Gone through, or asked about until it is, or is skipped. Raises Stopped or Unwinding."""
        while not self.progress.passed(task.key):
            async for moment in self._waited(task):
                yield moment
            try:
                async for moment in self._stage.go(task, undoes):
                    yield moment
            except Problem as problem:
                says = f"{task.title}: {problem}"
                detail = {"says": str(problem), "differences": problem.differences, "seen": self._trail.seen}
                await self._trail.write(told.PROBLEM, stage=task.key, **detail)
                yield Moment(kind="problem", task=task, says=says)
                async for moment in self._answered(task, problem, says):
                    yield moment

    async def _waited(self, task: Task) -> AsyncIterator[Moment]:
        """Between two stages: told to stop, to unwind, or to pause."""
        if self.paused:
            await self._trail.write(told.PAUSED, stage=task.key)
            yield Moment(kind="paused", task=task, says=f"paused before {task.title}")
            await self._may_go.wait()
            await self._trail.write(told.CONTINUED, stage=task.key)
            yield Moment(kind="continued", task=task)
        if self._unwound_by and not self.progress.unwinding:
            raise Unwinding(f"asked for by {self._unwound_by} before {task.title}")
        if self._stopped_by:
            raise Stopped(f"stopped by {self._stopped_by} before {task.title}")

    async def _answered(self, task: Task, problem: Problem, says: str) -> AsyncIterator[Moment]:
        """What is done about a problem. Raises Stopped or Unwinding."""
        ways: tuple[Way, ...] = ("again", "skip", "stop")
        ways = ("go on", *ways) if problem.differences else ways
        ways = ways if self.progress.unwinding else (*ways, "unwind")
        if self._stage.given_up:
            return
        asks = Asks(kind="problem", task=task, says=says, differences=problem.differences, ways=ways)
        answer = await self._trail.operator.answer(asks)
        detail: dict[str, object] = {"way": answer.way, "reason": answer.reason}
        if problem.differences and answer.way == "skip":  # whoever leaves a stage out has read them: once is enough
            self.progress.seen, self.progress.ours = self._trail.seen, set()
            detail |= {"compared": True, "seen": self.progress.seen}
        await self._trail.write(told.ANSWERED, stage=task.key, **detail)
        if answer.way == "stop":
            raise Stopped(says)
        if answer.way == "unwind":
            raise Unwinding(says)
        if answer.way == "skip":
            yield await self._trail.skipped(task, answer)
        self._stage.accepted = answer.way == "go on"

    async def _finished(self, outcome: str, says: str = "") -> None:
        await self._trail.write(told.FINISHED, outcome=outcome, says=says, seen=self._trail.seen)
        self.progress.outcome = outcome
