"""A journal of fixed records: a run that ended well, one that was interrupted, and a record that was changed."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from console.change.journal import Journal, JournalError, Record, Unfinished

AT = datetime(2026, 11, 23, 2, 40, tzinfo=UTC)


class FixedJournal(Journal):
    """Reads what it was given; writes nothing."""

    def __init__(self, *records: Record, left: tuple[Unfinished, ...] = ()) -> None:
        self._fixed = records
        self._left = left

    def records(self, after: int = 0) -> Iterator[Record]:
        return iter(self._fixed)

    def newest(self, count: int) -> Iterator[Record]:
        return iter(list(self.records())[-count:])

    def unfinished(self) -> list[Unfinished]:
        return list(self._left)


LEFT = "run 77aa12ff: maint app3 by ada, begun 20 min ago, interrupted after step 0 of 2; last begun: drain app3"


class Left(Unfinished):
    """An interrupted run that tells the same at any time."""

    @property
    def says(self) -> str:
        return f"run {self.run}: {self.action} {self.target} by {self.who}, interrupted at step {self.step}"


def interrupted(cluster: str) -> FixedJournal:
    """Two runs on that cluster that nothing is known of: a resize cut off while it waited, and a drain."""
    resize = {
        "run": "77aa12ff",
        "action": "resize",
        "target": "db3",
        "steps": 4,
        "proved": 1,
        "intent": "resize db3 to 8 GiB of memory, 3.5 GiB of cache",
        "step": 2,
    }
    drain = {
        "run": "12cd34ef",
        "action": "drain",
        "target": "app2",
        "steps": 2,
        "proved": 0,
        "intent": "drain app2 on every balancer",
        "step": 1,
    }
    same = {
        "cluster": cluster,
        "who": "ada",
        "reason": "kernel update",
        "plan_hash": "5be2f00d",
        "began": AT,
        "command": "",
        "intent_kind": "step.intent",
        "answered": False,
        "running": False,
        "ended": "",
        "ending": "",
    }
    return FixedJournal(left=tuple(Left(**same, **run, begun=run["step"]) for run in (resize, drain)))  # type: ignore[arg-type]


class UnreadableJournal(FixedJournal):
    """Its disk does not answer any more."""

    def records(self, after: int = 0) -> Iterator[Record]:
        raise JournalError("journal /var/lib/watchkeeper/journal.sqlite3 cannot be read: disk I/O error")

    def newest(self, count: int) -> Iterator[Record]:
        return self.records()

    def unfinished(self) -> list[Unfinished]:
        self.records()
        return []


class SlowJournal(FixedJournal):
    """Its disk answers when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def records(self, after: int = 0) -> Iterator[Record]:
        self.may_answer.wait(60)
        return iter(())


def journal() -> FixedJournal:
    """Nine records, of which one is corrupt, and one unfinished run."""
    drain, left = {"run": "0123abcd", "action": "drain", "target": "app2"}, {"run": "77aa12ff", "target": "app3"}
    told: tuple[dict[str, Any], ...] = (
        {"kind": "plan.confirmed", **drain, "reason": "kernel update", "detail": {"title": "Drain app2"}},
        {"kind": "step.intent", **drain, "step": 1, "detail": {"does": "drain app2 on every balancer"}},
        {"kind": "step.result", **drain, "step": 1, "detail": {"answer": "ok"}},
        {"kind": "step.verified", **drain, "step": 1, "outcome": "success", "detail": {"seen": "drain in 4 places"}},
        {"kind": "plan.finished", **drain, "outcome": "done", "detail": {"says": "Drain app2: done"}},
        {"kind": "refused", "action": "drain", "target": "app1", "detail": {"says": "another server must serve"}},
        {"kind": "step.result", "corrupt": "its bytes do not match its hash"},
        {"kind": "plan.confirmed", **left, "action": "maint", "reason": "disk", "detail": {"title": "Maint app3"}},
        {"kind": "step.intent", **left, "action": "maint", "step": 1, "detail": {"does": "drain app3 everywhere"}},
    )
    return FixedJournal(
        *(_record(seq, **fields) for seq, fields in enumerate(told, 1)),
        left=(cast(Unfinished, SimpleNamespace(says=LEFT, cluster="elsewhere", running=False)),),
    )


def _record(seq: int, **fields: Any) -> Record:
    return Record(seq=seq, at=AT + timedelta(seconds=7 * seq), who="ada", body={"seq": seq, **fields}, **fields)
