from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.change.journal import Journal, Record, recent
from console.change.journal.recent import deeds

AT = datetime(2026, 11, 23, 2, 40, tzinfo=UTC)


def record(seq: int, kind: str, **fields: Any) -> Record:
    body = {"cluster": fields.pop("cluster", "prod")}
    return Record(seq=seq, at=AT + timedelta(seconds=seq), kind=kind, who="ada", body=body, **fields)


def test_a_run_is_one_deed_with_its_reason_and_its_end_and_the_newest_stands_first() -> None:
    drain = {"run": "1a", "action": "drain", "target": "app2"}
    found = deeds(
        [
            record(1, "plan.confirmed", **drain, reason="kernel"),
            record(2, "step.intent", **drain, step=1),
            record(3, "plan.finished", **drain, outcome="done"),
            record(4, "refused", action="maint", target="app2", detail={"says": "another server must serve"}),
            record(5, "plan.confirmed", run="2b", action="ready", target="app2", reason="done"),
        ],
        "prod",
        "app2",
    )
    assert [(one.does, one.outcome, one.reason) for one in found] == [
        ("ready", "", "done"),
        ("maint", "refused", "another server must serve"),
        ("drain", "done", "kernel"),
    ]
    assert found[-1].at == AT + timedelta(seconds=1)


def test_another_node_another_cluster_and_what_was_changed_in_the_file_are_left_out() -> None:
    drain = {"kind": "plan.confirmed", "action": "drain"}
    found = deeds(
        [
            record(1, **drain, run="1", target="app1"),
            record(2, **drain, run="2", target="app2", cluster="elsewhere"),
            record(3, **drain, run="3", target="app2", corrupt="its bytes do not match its hash"),
        ],
        "prod",
        "app2",
    )
    assert found == ()


def test_what_was_abandoned_is_closed() -> None:
    own = {"run": "1", "action": "drain", "target": "app2"}
    [one] = deeds([record(1, "plan.confirmed", **own), record(2, "plan.abandoned", **own)], "prod", "app2")
    assert one.outcome == "closed"


async def test_only_the_newest_records_of_a_journal_are_read(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "prod")
    for number in range(5):
        await journal.append("plan.tried", target=f"app{number}")
    assert [found.target for found in journal.newest(2)] == ["app3", "app4"]
    assert len(list(journal.newest(100))) == 5
    journal.close()


async def test_a_session_that_only_looks_reads_the_file_and_without_one_there_is_nothing(tmp_path: Path) -> None:
    assert recent(None, tmp_path / "none", "prod", "app2") == ()
    journal = Journal.open(tmp_path / "state", "prod")
    await journal.append("plan.confirmed", run="1", action="drain", target="app2", reason="kernel")
    journal.close()
    assert [one.does for one in recent(None, tmp_path / "state", "prod", "app2")] == ["drain"]
