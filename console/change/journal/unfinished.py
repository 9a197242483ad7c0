"""Runs that began and did not end: what a kill -9 or a power cut left; and those whose result nobody knows.

A run that was stopped between two steps (PARTIAL) has ended: each of its steps was proved, nothing about it is
unknown, and it keeps nobody from anything. It can still be resumed or undone by its name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from console.change.journal.process import alive
from console.change.journal.record import Record

ENDS = ("plan.finished", "plan.abandoned")
BEGINS = ("plan.confirmed", "plan.resumed", "plan.undoing")
INTENTS = ("step.intent", "step.undo")
OWNED = (*BEGINS, *INTENTS)
"""What only the process writes that carries the run out: after a resume, that is another one than at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """One run without an end."""

    run: str
    cluster: str
    action: str
    target: str
    who: str
    reason: str
    plan_hash: str
    began: datetime
    steps: int
    proved: int
    """Steps whose proof was seen."""
    intent: str
    """What the last step that began does; empty when none began."""
    command: str
    step: int
    """Number of the last step that began; 0 when none did."""
    begun: int
    """The highest number of a step that began; 0 when none did."""
    intent_kind: str
    """step.intent or step.undo: what the last intent was for; empty when none began."""
    answered: bool
    """The last op's answer is known; what it did may be known or not."""
    running: bool
    """The process that owns it is alive: it goes on elsewhere."""
    ended: str
    """done, failed, partial, unknown or abandoned, when it has ended since; else empty."""
    ending: str
    """The words of its end."""

    @property
    def says(self) -> str:
        """The line for a person."""
        ago_s = (datetime.now(UTC) - self.began).total_seconds()
        ago = f"{ago_s / 60:.0f} min ago" if ago_s >= 90 else f"{ago_s:.0f} s ago"
        what = f"run {self.run}: {self.action} {self.target} by {self.who}, begun {ago}"
        if self.running:
            return f"{what}, is running in another console"
        if self.ended:
            return f"{what}, has ended: {self.ended}: {self.ending}"
        doing = "" if not self.intent else f"; last begun: {self.intent}"
        known = "" if not self.intent else (" (answered)" if self.answered else " (its answer is not known)")
        undoing = "while it was undone, " if self.intent_kind == "step.undo" else ""
        return f"{what}, {undoing}interrupted after step {self.proved} of {self.steps}{doing}{known}"


def unfinished(records: Iterable[Record]) -> list[Unfinished]:
    """Every run that began and did not end, or ended with an unknown result, oldest first."""
    return [left for left in _runs(records) if left.ended in ("", "unknown")]


def run_named(records: Iterable[Record], run: str) -> Unfinished | None:
    """A run that began, whatever became of it."""
    return next((left for left in _runs(records) if left.run == run), None)


def confirmed_plan(records: Iterable[Record], run: str) -> object:
    """What the journal keeps of a run's plan; None when nothing."""
    kept = (r.detail.get("plan") for r in records if r.run == run and r.kind == "plan.confirmed" and not r.corrupt)
    return next(kept, None)


def _runs(records: Iterable[Record]) -> list[Unfinished]:
    runs: dict[str, list[Record]] = {}
    for record in records:
        if record.run and not record.corrupt:
            runs.setdefault(record.run, []).append(record)
    return [_unfinished(own) for own in runs.values() if any(record.kind in OWNED for record in own)]


def _unfinished(records: list[Record]) -> Unfinished:
    owned = [record for record in records if record.kind in OWNED]
    first = owned[0]
    intents = [record for record in owned if record.kind in INTENTS]
    intent = intents[-1] if intents else None
    end = next((r for r in reversed(records) if r.kind in ENDS and r.seq > owned[-1].seq), None)
    return Unfinished(
        run=first.run or "",
        cluster=str(first.body.get("cluster", "")),
        action=first.action or "",
        target=first.target or "",
        who=first.who,
        reason=first.reason or "",
        plan_hash=first.plan_hash or "",
        began=first.at,
        steps=int(first.detail.get("steps", 0)),
        proved=len({r.step for r in records if r.kind == "step.verified" and r.outcome == "success"}),
        intent=str(intent.detail.get("does", "")) if intent else "",
        command=str(intent.detail.get("command", "")) if intent else "",
        step=intent.step or 0 if intent else 0,
        begun=max((record.step or 0 for record in intents), default=0),
        intent_kind=intent.kind if intent else "",
        answered=bool(intent) and any(r.kind == "step.result" and intent and r.seq > intent.seq for r in records),
        running=end is None and alive(owned[-1].body),
        ended="" if end is None else "abandoned" if end.kind == "plan.abandoned" else end.outcome or "done",
        ending=str(end.detail.get("says", "")) if end else "",
    )
