"""What a run of a runbook has in hand at every stage: the world, its operator, and the journal that it is told to."""

from dataclasses import dataclass
from typing import Any

from console.change.journal import Journal
from console.change.plan import PlanError
from console.change.runbook.asking import Answer, Moment, Operator, Task, World
from console.change.runbook.progress import ENDED, TARGETS, Progress
from console.change.runbook.seen import seen
from console.change.runbook.selectors import SELECTORS


@dataclass(frozen=True, slots=True)
class Trail:
    """Every word of it is on disk before anything comes of it."""

    world: World
    operator: Operator
    progress: Progress

    @property
    def journal(self) -> Journal:
        """Raises PlanError in a session that only looks."""
        return writable(self.world)

    @property
    def seen(self) -> dict[str, Any]:
        """How the world looks now."""
        return seen(self.world.snapshot)

    async def write(self, kind: str, **detail: object) -> None:
        """One record. Raises JournalError."""
        await self.journal.append(kind, detail={"runbook_run": self.progress.id, **detail})

    async def chosen(self, key: str, selector: str) -> tuple[str, ...]:
        """Whom a selector meant when it was first reached: the same for whoever goes on."""
        if key not in self.progress.targets:
            targets = SELECTORS[selector](await self.world.look())
            await self.write(TARGETS, stage=key, targets=list(targets))
            self.progress.targets[key] = targets
        return self.progress.targets[key]

    async def ended(self, task: Task, outcome: str, says: str = "", ours: frozenset[str] = frozenset()) -> None:
        """A stage is over, with how the world looks then; `ours` may be otherwise by what was done by hand."""
        names = sorted(ours - {""})
        await self.write(ENDED, stage=task.key, outcome=outcome, says=says, ours=names, seen=self.seen)
        self.progress.ended[task.key] = outcome
        self.progress.ours |= set(names)

    async def skipped(self, task: Task, answer: Answer) -> Moment:
        """Somebody left it out, and said why."""
        await self.ended(task, "skipped", answer.reason)
        return Moment(kind="skipped", task=task, says=f"skipped: {answer.reason}")


def writable(world: World) -> Journal:
    """Its journal. Raises PlanError in a session that only looks."""
    if world.journal is None:
        raise PlanError("a runbook writes down what it does, and this session is read-only")
    return world.journal
