"""What a run has changed: whom each change has touched, what of it must still be so, and what leads back from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.change.journal import Record, run_named
from console.change.ops import ForceReconfigure, Reconfigure, StepDown
from console.change.plan import Plan
from console.change.proofs import ConfigurationIs, Proof
from console.change.runbook.asking import Task
from console.change.runbook.format import StageTable
from console.change.runbook.progress import Progress
from console.change.wayback import WayBack
from console.cluster.configuration import moved
from console.cluster.snapshot import Snapshot

SAME = {"drain": "state", "maint": "state", "ready": "state", "add-server": "pools", "remove-server": "pools"} | {
    "add-secondary": "set",
    "remove-member": "set",
}
"""Actions on one and the same thing of their target: how it was before the first of them is what is gone back to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One change that is still in place."""

    says: str
    task: Task | None
    """What undoes it; None where nothing does."""
    run: str = ""
    """The interrupted run whose own undo it is; empty: a plan of its own."""


def touched(plan: Plan, target: str, snapshot: Snapshot) -> set[str]:
    """Whom a plan leaves otherwise than they were: its target, and the members whose lines it changes."""
    names = {target}
    for step in plan.steps:
        if isinstance(step.op, Reconfigure | ForceReconfigure):
            members = (snapshot.member(address) for address in moved(step.op.before, step.op.after))
            names |= {member.name for member in members if member}
    return names


def lasting(plan: Plan) -> Proof | None:
    """What of a plan must still be so when later stages have gone on from there; None for what was an event only."""
    last = plan.steps[-1]
    if isinstance(last.op, StepDown):
        return None
    if isinstance(last.op, Reconfigure | ForceReconfigure):  # the other lines are for others to change
        return ConfigurationIs(last.proof.says, last.op.after, only=moved(last.op.before, last.op.after))
    return last.proof


def ways_back(progress: Progress, records: Sequence[Record]) -> Iterator[Left]:
    """What a run has changed and how each leads back, the newest first."""
    first: dict[tuple[str, str], tuple[str, str, str]] = {}
    for (key, target), id in progress.runs.items():
        run = run_named(records, id)
        if run is None or run.ended in ("failed", "abandoned"):
            continue  # it never began, or was undone or closed by itself
        if run.ended == "done":
            first.setdefault((target, SAME.get(run.action, run.action)), (key, run.action, ""))
        else:
            first[target, f"run {id}"] = (key, run.action, id)
    for (target, _), (key, action, id) in reversed(first.items()):
        back = progress.ways_back.get((key, target))
        if id:
            yield Left(says=f"undo run {id}", task=_task(key, WayBack(action=action, target=target)), run=id)
        elif back is None:
            yield Left(says=f"{action} {target} (stage {key}): no action leads back from it", task=None)
        else:
            yield Left(says=str(back), task=_task(key, back))


def _task(key: str, back: WayBack) -> Task:
    parameters: dict[str, str | int | float] = dict(back.parameters)
    stage = StageTable(name=f"back: {back.action}", action=back.action, on=back.target, parameters=parameters)
    return Task(key=f"back/{key}/{back.target}", stage=stage, target=back.target, values={})
