"""What was done to one node lately, as the newest records of a journal tell it."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.change.journal.record import Record
from console.change.journal.store import FILE, Journal

RECORDS = 2000
"""How many of the newest records are read: a journal has no end."""
ENDS = {"plan.finished": "done", "plan.abandoned": "closed", "refused": "refused"}
"""The records that end a run, and how, where they do not say it themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that was done to a node, or refused."""

    at: datetime
    """When it began."""
    who: str
    does: str
    reason: str
    """Of a refusal, why it was refused."""
    outcome: str
    """Empty while it has not ended, and where nothing is to end."""
    run: str


def recent(journal: Journal | None, folder: Path, cluster: str, target: str) -> tuple[Deed, ...]:
    """What was done to a node, the newest first; without an open journal its file is read. Raises JournalError."""
    return deeds(newest(journal, folder, cluster), cluster, target)


def newest(journal: Journal | None, folder: Path, cluster: str) -> list[Record]:
    """The newest records, the oldest of them first; without an open journal its file is read. Raises JournalError."""
    if journal is not None:
        return list(journal.newest(RECORDS))
    if not (folder / FILE).exists():
        return []
    with closing(Journal.open(folder, cluster, read_only=True)) as read:
        return list(read.newest(RECORDS))


def deeds(records: Iterable[Record], cluster: str, target: str) -> tuple[Deed, ...]:
    """One for each run, and one for each record that belongs to none, the newest first."""
    runs: dict[str, list[Record]] = {}
    for record in records:
        own = record.target == target and record.body.get("cluster", cluster) == cluster
        if own and not record.corrupt:
            runs.setdefault(record.run or f"record {record.seq}", []).append(record)
    return tuple(_deed(found) for found in reversed(runs.values()))


def _deed(records: list[Record]) -> Deed:
    first, last = records[0], records[-1]
    reason = next((record.reason for record in records if record.reason), "")
    if last.kind == "refused":
        reason = str(last.detail.get("says", "")) or reason
    ended = last.outcome or ENDS[last.kind] if last.kind in ENDS else ""
    return Deed(
        at=first.at, who=first.who, does=first.action or first.kind, reason=reason, outcome=ended, run=first.run or ""
    )
