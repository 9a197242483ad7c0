"""Runs that began and did not end: what a kill -9 or a power cut left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from console.change.journal.process import alive
from console.change.journal.record import Record

ENDS = ("plan.finished", "plan.abandoned")
INTENTS = ("step.intent", "step.undo")
OWNED = ("plan.confirmed", *INTENTS)
"""What only the process writes that carries the run out: after a resume, that is another one than at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """One run without an end."""

    run: str
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
    intent_kind: str
    """step.intent or step.undo: what the last intent was for; empty when none began."""
    answered: bool
    """The last op's answer is known; what it did may be known or not."""
    running: bool
    """The process that owns it is alive: it goes on elsewhere."""

    @property
    def says(self) -> str:
        """The line for a person."""
        ago_s = (datetime.now(UTC) - self.began).total_seconds()
        ago = f"{ago_s / 60:.0f} min ago" if ago_s >= 90 else f"{ago_s:.0f} s ago"
        what = f"run {self.run}: {self.action} {self.target} by {self.who}, begun {ago}"
        if self.running:
            return f"{what}, is running in another console"
        doing = "" if not self.intent else f"; last begun: {self.intent}"
        known = "" if not self.intent else (" (answered)" if self.answered else " (its answer is not known)")
        return f"{what}, interrupted after step {self.proved} of {self.steps}{doing}{known}"


def unfinished(records: Iterable[Record]) -> list[Unfinished]:
    """Every run that was confirmed, or sent something, and was neither finished nor abandoned, oldest first."""
    runs: dict[str, list[Record]] = {}
    for record in records:
        if record.run and not record.corrupt:
            runs.setdefault(record.run, []).append(record)
    return [_unfinished(own) for own in runs.values() if _began(own) and not any(r.kind in ENDS for r in own)]


def _began(records: list[Record]) -> bool:
    return any(record.kind in OWNED for record in records)


def _unfinished(records: list[Record]) -> Unfinished:
    owned = [record for record in records if record.kind in OWNED]
    first = owned[0]
    intents = [record for record in owned if record.kind in INTENTS]
    intent = intents[-1] if intents else None
    return Unfinished(
        run=first.run or "",
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
        intent_kind=intent.kind if intent else "",
        answered=bool(intent) and any(r.kind == "step.result" and intent and r.seq > intent.seq for r in records),
        running=alive(owned[-1].body),
    )
