"""An interrupted run, looked at again: what of its plan is so now, and where it would go on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from console.change.ops import Wait
from console.change.plan import Plan, Step
from console.change.proofs import Verdict
from console.cluster.snapshot import Snapshot


class Found(StrEnum):
    """What the proof of a step that had begun says now."""

    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One step that had begun, as it is seen now."""

    step: int
    does: str
    found: Found
    seen: str
    unchanged: bool
    """What is seen is the state from before the step."""

    @property
    def says(self) -> str:
        """The line for a person."""
        return f"{self.does}: {self.found}: {self.seen}"


def look_again(plan: Plan, begun: int, snapshot: Snapshot, since_s: float) -> tuple[Sight, ...]:
    """Every step that had begun, by its proof on what was seen within `since_s`."""
    sights = []
    for number, step in enumerate(plan.steps[:begun], 1):
        verdict = step.proof.look(snapshot, since_s)
        sights.append(
            Sight(step=number, does=step.does, found=_found(verdict), seen=verdict.says, unchanged=verdict.unchanged)
        )
    return tuple(sights)


def next_step(plan: Plan, sights: Sequence[Sight]) -> int:
    """The step to go on with: the one after the last change that is so.

    The proof of an earlier change need not hold any more: a later one may have gone on from there. A wait is no
    change; it is waited for again.
    """
    applied = [s.step for s in sights if s.found is Found.APPLIED and not is_wait(plan.steps[s.step - 1])]
    return max(applied, default=0) + 1


def cannot_be_undone(plan: Plan, sights: Sequence[Sight]) -> str:
    """Why the way back is closed; empty when it is open."""
    for sight in sights:
        step = plan.steps[sight.step - 1]
        if step.undo is None and not is_wait(step) and sight.found is not Found.NOT_APPLIED:
            return f"step {sight.step} is {sight.found} and has no undo: {step.undo_says}"
    return ""


def settled(plan: Plan, sights: Sequence[Sight]) -> bool:
    """What was sent last has had its effect, or has none: to look again would show nothing else."""
    if not sights or is_wait(plan.steps[sights[-1].step - 1]):
        return True
    return sights[-1].found is Found.APPLIED or sights[-1].unchanged


def is_wait(step: Step) -> bool:
    """It changes nothing; the step is its proof."""
    return isinstance(step.op, Wait)


def _found(verdict: Verdict) -> Found:
    if verdict.holds:
        return Found.APPLIED
    return Found.INDETERMINATE if verdict.blind else Found.NOT_APPLIED
