"""A whole runbook without doing anything: each stage planned on the picture that the one before would leave."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from console.change.action import Value
from console.change.foreseen import foreseen
from console.change.plan import Check, Plan, PlanError
from console.change.runbook.asking import Task, tasks_for
from console.change.runbook.conditions import CONDITIONS
from console.change.runbook.format import Runbook, StageTable
from console.change.runbook.selectors import SELECTORS
from console.cluster.snapshot import Snapshot
from console.cluster.whatif import Grade, Impact

Planned = Callable[[Snapshot, str, str, Mapping[str, Value]], Plan]
"""A plan for a picture, an action, its target and its parameters. Raises PlanError."""
Word = Literal["ok", "asked", "so already", "left out", "refused", "not reached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryStage:
    """One stage for one target, as far as it can be told beforehand."""

    key: str
    title: str
    word: Word
    says: str = ""
    """What would be done or asked, or why it would be refused."""
    plan: Plan | None = None
    check: Check | None = None


def dry_run(
    runbook: Runbook, values: Mapping[str, Value], snapshot: Snapshot, planned: Planned
) -> tuple[DryStage, ...]:
    """Every stage in order; after the first one that would be refused, the others are not reached."""
    return tuple(_stages(runbook, values, snapshot, planned))


def together(stages: Iterable[DryStage]) -> Impact | None:
    """What stands before any of it, and when least does; None where fewer than two stages change anything."""
    impacts = [stage.plan.impact for stage in stages if stage.word == "ok" and stage.plan is not None]
    if len(impacts) < 2:
        return None
    return replace(max(impacts, key=_danger), before=impacts[0].before)


def _danger(impact: Impact) -> tuple[int, ...]:
    left = (impact.after_one_more, impact.after)
    return list(Grade).index(impact.grade), *(-number for one in left for number in (one.serving, one.votes_up))


def _stages(runbook: Runbook, values: Mapping[str, Value], snapshot: Snapshot, planned: Planned) -> Iterator[DryStage]:
    reached, picture = True, snapshot
    for number, stage in enumerate(runbook.table.stages, 1):
        for task in _tasks(str(number), stage, values, picture):
            if not reached:
                yield DryStage(key=task.key, title=task.title, word="not reached")
                continue
            for found, after in _one(task, picture, planned):
                yield found
                reached, picture = reached and found.word != "refused", after


def _tasks(key: str, stage: StageTable, values: Mapping[str, Value], snapshot: Snapshot) -> Iterator[Task]:
    if not stage.each:
        yield Task(key=key, stage=stage, values=values)
        return
    yield from tasks_for(key, stage, values, SELECTORS[stage.each](snapshot))


def _one(task: Task, snapshot: Snapshot, planned: Planned) -> Iterator[tuple[DryStage, Snapshot]]:
    """What becomes of one stage, and the picture after it; one of an action for several, once for each."""
    stage = task.stage
    if stage.unless and (check := CONDITIONS[stage.unless](snapshot)).ok:
        yield DryStage(key=task.key, title=task.title, word="left out", says=check.says, check=check), snapshot
    elif stage.check or stage.wait:
        check = CONDITIONS[stage.check or stage.wait](snapshot)
        says = f"{check.says}: {check.value}" + ("" if check.ok else f", must be {check.limit}")
        word: Word = "ok" if check.ok else "refused"
        yield DryStage(key=task.key, title=task.title, word=word, says=says, check=check), snapshot
    elif stage.action:
        on = task.text(stage.on)
        for target in SELECTORS[on](snapshot) if on in SELECTORS else (on,):
            found, snapshot = _planned(task, target, snapshot, planned)
            yield found, snapshot
    else:
        says = task.text(stage.question or stage.manual)
        yield DryStage(key=task.key, title=task.title, word="asked", says=says), snapshot


def _planned(task: Task, target: str, snapshot: Snapshot, planned: Planned) -> tuple[DryStage, Snapshot]:
    def told(word: Word, says: str, plan: Plan | None = None) -> DryStage:
        return DryStage(key=task.key, title=task.title, word=word, says=says, plan=plan)

    try:
        plan = planned(snapshot, task.stage.action, target, task.parameters)
    except PlanError as problem:
        return told("refused", str(problem)), snapshot
    if plan.refusals:
        says = "; ".join(f"{check.says}: {check.value}, must be {check.limit}" for check in plan.refusals)
        return told("refused", says, plan), snapshot
    if not plan.steps:
        return told("so already", plan.title, plan), snapshot
    return told("ok", f"{plan.title}: {plan.impact.grade}: {plan.impact.says}", plan), foreseen(snapshot, plan)
