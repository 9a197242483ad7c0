"""Records as a runbook's run writes them, at times that a test gives: what report and estimate are made from."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from console.change.journal import Record

BEGAN = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)


class Told:
    """A journal that is being written, by a clock of its own."""

    def __init__(self, cluster: str = "prod") -> None:
        self.records: list[Record] = []
        self.cluster = cluster
        self._at = BEGAN

    def after(self, seconds: float) -> "Told":
        """Let time pass."""
        self._at += timedelta(seconds=seconds)
        return self

    def tell(self, kind: str, run: str | None = None, detail: dict[str, Any] | None = None, **fields: Any) -> "Told":
        """One record."""
        seq = len(self.records) + 1
        self.records.append(
            Record(
                seq=seq,
                at=self._at,
                kind=kind,
                run=run,
                detail=detail or {},
                hash=hashlib.sha256(f"{seq} {kind} {detail}".encode()).hexdigest(),
                body={"cluster": self.cluster, "host.name": "bastion1", **fields.pop("body", {})},
                **{"who": "ann", **fields},
            )
        )
        return self

    def begin(self, id: str, name: str, text: str, reason: str = "a test", **values: Any) -> "Told":
        """The first record of a runbook's run."""
        detail = {"runbook_run": id, "runbook": name, "text": text, "values": values}
        return self.tell("runbook.began", reason=reason, detail=detail)

    def runbook(self, id: str, word: str, **detail: Any) -> "Told":
        """Any other one."""
        return self.tell(f"runbook.{word}", detail={"runbook_run": id, **detail})

    def stage(self, id: str, key: str, took_s: float, outcome: str = "done", **detail: Any) -> "Told":
        """A stage from its beginning to its end."""
        return (
            self.runbook(id, "reached", stage=key)
            .after(took_s)
            .runbook(id, "ended", stage=key, outcome=outcome, **detail)
        )

    def action(self, run: str, action: str, target: str, took_s: float, outcome: str = "done") -> "Told":
        """A change by itself, without its steps."""
        self.tell("plan.confirmed", run, action=action, target=target).after(took_s)
        return self.tell("plan.finished", run, action=action, target=target, outcome=outcome)
