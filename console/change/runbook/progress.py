"""How far a run of a runbook has come: written into the journal as it goes, and read back out of it alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from console.change.action import Value
from console.change.journal import Record
from console.change.plan import PlanError
from console.change.runbook.format import Runbook, RunbookError

BEGAN, RESUMED, TARGETS, REACHED, STARTED, ENDED, FINISHED = (
    f"runbook.{word}" for word in ("began", "resumed", "targets", "reached", "started", "ended", "finished")
)
GONE_THROUGH = ("done", "skipped", "left out")


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
    reached: str = ""
    """The key of the newest stage that was reached."""
    outcome: str = ""
    """How the whole ended; empty while it has not."""

    def passed(self, key: str) -> bool:
        """It needs not be gone through again."""
        return self.ended.get(key) in GONE_THROUGH

    @property
    def says(self) -> str:
        """One line for a person."""
        ended = sum(self.passed(key) for key in self.ended)
        state = self.outcome or f"not finished, after {ended} stages"
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
    return list(found.values())


def named(records: Iterable[Record], id: str) -> Progress:
    """The run of that id. Raises PlanError with those that there are."""
    there = {one.id: one for one in progress(records)}
    if id not in there:
        open_ones = ", ".join(one.id for one in there.values() if one.outcome != "done") or "none"
        raise PlanError(f"no run '{id}' of a runbook in this journal; not finished are: {open_ones}")
    return there[id]


def _begun(id: str, record: Record) -> Progress | None:
    detail = record.detail
    name = str(detail.get("runbook", ""))
    try:
        runbook = Runbook.decode(name, str(detail["text"]), Path(f"{name}.toml"))
    except (KeyError, RunbookError):  # of another version: it cannot be gone on with
        return None
    return Progress(
        id=id,
        runbook=runbook,
        values=dict(detail.get("values") or {}),
        cluster=str(record.body.get("cluster", "")),
        who=record.who,
        reason=record.reason or "",
        began=record.at,
    )


def _told(run: Progress, kind: str, detail: Mapping[str, Any]) -> None:
    key = str(detail.get("stage", ""))
    if kind == TARGETS:
        run.targets[key] = tuple(str(name) for name in detail.get("targets") or ())
    elif kind == REACHED:
        run.reached = key
        run.ended.pop(key, None)
    elif kind == STARTED:
        run.runs[key, str(detail.get("target", ""))] = str(detail.get("run", ""))
    elif kind == ENDED:
        run.ended[key] = str(detail.get("outcome", ""))
    elif kind == FINISHED:
        run.outcome = str(detail.get("outcome", ""))
    elif kind == RESUMED:
        run.outcome = ""
