"""How far a run of a runbook has come: written into the journal as it goes, and read back out of it alone."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from console.change.action import Value
from console.change.journal import Record
from console.change.journal.process import alive
from console.change.plan import PlanError
from console.change.runbook.error import RunbookError
from console.change.runbook.format import Runbook
from console.change.wayback import WayBack

BEGAN, RESUMED, TARGETS, REACHED, STARTED, ENDED, FINISHED = (
    f"runbook.{word}" for word in ("began", "resumed", "targets", "reached", "started", "ended", "finished")
)
PROBLEM, ANSWERED, PAUSED, CONTINUED, ASKED, APPROVED, UNWINDING = (
    f"runbook.{word}" for word in ("problem", "answered", "paused", "continued", "asked", "approved", "unwinding")
)
GONE_THROUGH = ("done", "skipped", "left out")
OVER = ("done", "unwound")
"""How a run may have ended that is not gone on with."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """One run of a runbook."""

    id: str
    runbook: Runbook
    values: dict[str, Value]
    cluster: str
    who: str
    reason: str
    began: datetime
    targets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By the key of each `each` that was reached: whom it goes through."""
    ended: dict[str, str] = field(default_factory=dict)
    """By the key of each stage that has ended: done, skipped, left out, failed, refused or stopped."""
    runs: dict[tuple[str, str], str] = field(default_factory=dict)
    """By the key of each stage that began to change something, and its target: the newest run."""
    ways_back: dict[tuple[str, str], WayBack | None] = field(default_factory=dict)
    """By the same: what would lead back to how it was before the stage was first gone through; None: nothing does."""
    seen: Mapping[str, Any] = field(default_factory=dict)
    """How the world was when it was last held against how it should be."""
    ours: set[str] = field(default_factory=set)
    """What this run has touched since then: it may well be otherwise."""
    reached: str = ""
    """The key of the newest stage that was reached."""
    outcome: str = ""
    """How the whole ended; empty while it has not."""
    unwinding: bool = False
    """What it has done is undone, in reverse."""
    owner: Mapping[str, Any] = field(default_factory=dict)
    """The process that began it, or went on with it."""

    @property
    def over(self) -> bool:
        """There is nothing to go on with."""
        return self.outcome in OVER

    def passed(self, key: str) -> bool:
        """It needs not be gone through again."""
        return self.ended.get(key) in GONE_THROUGH

    @property
    def elsewhere(self) -> bool:
        """Another console that still runs goes through it."""
        return not self.outcome and alive(self.owner) and self.owner.get("process.pid") != os.getpid()

    @property
    def says(self) -> str:
        """One line for a person."""
        ended = sum(self.passed(key) for key in self.ended)
        state = self.outcome or f"{'not unwound' if self.unwinding else 'not finished'}, after {ended} stages"
        return (
            f"{self.id}: {self.runbook.name} on {self.cluster} by {self.who}, {self.began:%Y-%m-%d %H:%M} UTC: {state}"
        )


def progress(records: Iterable[Record]) -> list[Progress]:
    """Every run of a runbook that the journal has, the oldest first; what cannot be read is left out."""
    found: dict[str, Progress] = {}
    for record in records:
        if not record.kind.startswith("runbook.") or record.corrupt:
            continue
        detail, id = record.detail, str(record.detail.get("runbook_run", ""))
        if record.kind == BEGAN and (begun := _begun(id, record)):
            found[id] = begun
        elif id in found:
            _told(found[id], record.kind, detail)
            if record.kind == RESUMED:
                found[id].owner = record.body
    return list(found.values())


def named(records: Iterable[Record], id: str) -> Progress:
    """The run of that id. Raises PlanError with those that there are."""
    there = {one.id: one for one in progress(records)}
    if id not in there:
        open_ones = ", ".join(one.id for one in there.values() if not one.over) or "none"
        raise PlanError(f"no run '{id}' of a runbook in this journal; not finished are: {open_ones}")
    return there[id]


def runbook_of(began: Record) -> Runbook:
    """The runbook that a run began with. Raises RunbookError where this version cannot read it."""
    detail = began.detail
    name = str(detail.get("runbook", ""))
    file = Path(str(detail.get("file", f"{name}.toml")))  # TOML or Markdown, by its suffix
    return Runbook.decode(name, str(detail.get("text", "")), file)


def _begun(id: str, record: Record) -> Progress | None:
    detail = record.detail
    try:
        runbook = runbook_of(record)
    except RunbookError:  # of another version: it cannot be gone on with
        return None
    return Progress(
        id=id,
        runbook=runbook,
        values=dict(detail.get("values") or {}),
        cluster=str(record.body.get("cluster", "")),
        who=record.who,
        reason=record.reason or "",
        began=record.at,
        owner=record.body,
    )


def _told(run: Progress, kind: str, detail: Mapping[str, Any]) -> None:
    key = str(detail.get("stage", ""))
    if kind == TARGETS:
        run.targets[key] = tuple(str(name) for name in detail.get("targets") or ())
    elif kind == REACHED:
        run.reached = key
        run.ended.pop(key, None)
    elif kind == STARTED:
        _started(run, (key, str(detail.get("target", ""))), detail)
    elif kind == ENDED:
        run.ended[key] = str(detail.get("outcome", ""))
        run.ours |= _names(detail, "ours")
    elif kind == FINISHED:
        run.outcome = str(detail.get("outcome", ""))
    elif kind == RESUMED:
        run.outcome = ""
    elif kind == UNWINDING:
        run.unwinding = True
    if detail.get("compared"):
        run.seen, run.ours = detail.get("seen") or {}, set()


def _started(run: Progress, place: tuple[str, str], detail: Mapping[str, Any]) -> None:
    run.runs.pop(place, None)  # the order is that in which they were done
    run.runs[place] = str(detail.get("run", ""))
    run.ours |= _names(detail, "ours")
    back = detail.get("way_back")
    if place not in run.ways_back:
        run.ways_back[place] = (
            WayBack(action=back["action"], target=back["target"], parameters=tuple(back["parameters"].items()))
            if back
            else None
        )


def _names(detail: Mapping[str, Any], field_: str) -> set[str]:
    return {str(name) for name in detail.get(field_) or ()}
