"""What a run of a runbook tells, what it asks, and of whom."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from console.change.action import Value
from console.change.events import Event
from console.change.journal import Journal, Unfinished
from console.change.plan import Check, Plan
from console.change.run import Confirmation, Run
from console.change.runbook.format import TARGET, StageTable, filled
from console.cluster.snapshot import Snapshot
from console.ports.protocols import LeaseStore

MomentKind = Literal[
    "stage",
    "plan",
    "event",
    "check",
    "done",
    "skipped",
    "left out",
    "problem",
    "paused",
    "continued",
    "approval",
    "unwinding",
    "stopped",
    "finished",
]
AskKind = Literal["plan", "question", "manual", "problem"]
Way = Literal["go on", "again", "skip", "stop", "unwind"]
YES: tuple[Way, ...] = ("go on", "skip", "stop")


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

    @property
    def parameters(self) -> dict[str, Value]:
        """What its action is given."""
        return {
            name: self.text(value) if isinstance(value, str) else value for name, value in self.stage.parameters.items()
        }


def tasks_for(key: str, stage: StageTable, values: Mapping[str, Value], targets: Iterable[str]) -> Iterator[Task]:
    """What an `each` goes through: its stages for one target after the other."""
    for target in targets:
        for number, inner in enumerate(stage.stages, 1):
            yield Task(key=f"{key}/{target}/{number}", stage=inner, target=target, values={**values, TARGET: target})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something to tell whoever follows."""

    kind: MomentKind
    task: Task | None = None
    says: str = ""
    plan: Plan | None = None
    event: Event | None = None
    check: Check | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What somebody has to answer before the runbook goes on."""

    kind: AskKind
    task: Task
    says: str
    plan: Plan | None = None
    differences: tuple[str, ...] = ()
    """How the world is otherwise than the stage before left it, a sentence each."""
    ways: tuple[Way, ...] = YES
    """What may be answered."""

    @property
    def words(self) -> str | None:
        """What has to be typed for its plan, if anything."""
        if self.plan is None:
            return None
        return self.plan.cluster if self.task.stage.without_lease else self.plan.confirm_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody said."""

    way: Way
    reason: str = ""
    """Why, where a stage is skipped."""
    confirmation: Confirmation | None = None
    """What a plan is gone on with."""


class Operator(Protocol):
    """Who answers: a person at a terminal or in the console, or the options of a command line."""

    async def answer(self, asks: Asks) -> Answer:
        """One of the ways that are offered."""
        ...


class World(Protocol):
    """A session, as a runbook needs it."""

    @property
    def journal(self) -> Journal | None: ...  # noqa: D102 - a Session's own
    @property
    def snapshot(self) -> Snapshot: ...  # noqa: D102
    @property
    def lease_store(self) -> LeaseStore | None: ...  # noqa: D102
    async def look(self, *nodes: str) -> Snapshot: ...  # noqa: D102
    def plan(self, action: str, target: str, parameters: Mapping[str, Value] | None = None) -> Plan: ...  # noqa: D102
    def start(self, plan: Plan, confirmation: Confirmation) -> Run: ...  # noqa: D102
    def resume(self, run: str, confirmation: Confirmation) -> Run: ...  # noqa: D102
    def undo(self, run: str, confirmation: Confirmation) -> Run: ...  # noqa: D102
    def unfinished(self) -> list[Unfinished]: ...  # noqa: D102
    def interrupted_plan(self, run: str) -> Plan: ...  # noqa: D102
