"""What was done, out of the journal, and the timeline as a document."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.change.chronicle import done, export, markdown
from console.change.journal import Journal
from console.cluster.timeline import incidents

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def kept(folder: Path) -> Path:
    journal = Journal.open(folder, "prod")
    about: dict[str, Any] = {"run": "a3f2", "action": "drain", "target": "app2"}
    journal.append_now("plan.confirmed", **about, reason="kernel | update", detail={"title": "Drain app2"})
    journal.append_now("step.intent", **about, step=1, detail={"does": "drain app2 on every balancer"})
    journal.append_now("step.result", **about, step=1, detail={"answer": "ok"})
    journal.append_now("plan.finished", **about, outcome="done", detail={"says": "Drain app2: done"})
    journal.close()
    return folder


def test_every_record_of_a_run_is_told_but_the_bare_answers(tmp_path: Path) -> None:
    entries = done(None, kept(tmp_path), "prod")
    assert [(entry.kind, entry.after) for entry in entries] == [
        ("action", "begun"),
        ("step", "doing"),
        ("action", "done"),
    ]
    assert all(entry.run == "a3f2" and entry.who for entry in entries)
    assert "(kernel | update)" in entries[0].says


def test_another_cluster_s_deeds_are_not_told(tmp_path: Path) -> None:
    assert done(None, kept(tmp_path), "test") == ()


def test_the_document_is_the_same_for_the_same_incidents_and_nothing_in_it_breaks_its_tables(tmp_path: Path) -> None:
    found = incidents(done(None, kept(tmp_path), "prod"))
    text = markdown("prod", found, AT, "This console looks since 03:00:00 UTC.")
    assert text == markdown("prod", found, AT, "This console looks since 03:00:00 UTC.")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "step" in line]
    assert len(rows) == 1
    assert r"kernel \| update" in text
    assert "Every time is by the clock of the host that this console runs on" in text


def test_an_export_is_its_owner_s_and_says_where_it_is(tmp_path: Path) -> None:
    path = export(kept(tmp_path), "prod/eu", incidents(done(None, tmp_path, "prod")), AT, "since then.")
    assert path.name == "timeline-prod_eu-20261123T030000Z.md"
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_text().startswith("# Timeline of prod/eu")
