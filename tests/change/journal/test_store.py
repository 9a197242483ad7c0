"""The journal's file: what is on disk is on disk, and nobody else can reach it."""

import asyncio
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.change.journal import FILE, Journal, JournalError, export, verify


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "state", "prod")
    yield opened
    opened.close()


def connection(journal: Journal) -> sqlite3.Connection:
    return journal._connection


async def test_a_record_is_read_back_with_who_when_and_why(journal: Journal) -> None:
    await journal.append("plan.confirmed", run="a3f2", action="drain", target="app2", reason="kernel", plan_hash="77")
    [record] = journal.records()
    assert (record.seq, record.kind, record.run, record.action) == (1, "plan.confirmed", "a3f2", "drain")
    assert (record.target, record.reason, record.plan_hash) == ("app2", "kernel", "77")
    assert record.who
    assert record.body["cluster"] == "prod"
    assert record.body["process.pid"] == os.getpid()
    assert not record.corrupt


def test_files_are_ours_alone_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal = Journal.open(tmp_path / "state", "prod")
        journal.append_now("session.opened")
        journal.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    assert {FILE, "journal.anchor", "journal.reserve"} <= modes.keys()


def test_a_journal_that_others_can_read_is_refused_with_the_mend(tmp_path: Path) -> None:
    Journal.open(tmp_path, "prod").close()
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(JournalError, match=r"has mode 0644; chmod 600"):
        Journal.open(tmp_path, "prod")


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch(0o600)
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="is a symbolic link"):
        Journal.open(tmp_path, "prod")


def test_a_second_name_for_the_file_is_refused(tmp_path: Path) -> None:
    Journal.open(tmp_path, "prod").close()
    os.link(tmp_path / FILE, tmp_path / "copy")
    with pytest.raises(JournalError, match="has 2 links"):
        Journal.open(tmp_path, "prod")


def test_what_is_no_journal_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to be taken for one" * 50)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(JournalError, match="move it away to begin a new one"):
        Journal.open(tmp_path, "prod")


def test_the_modes_that_a_power_cut_needs_are_on(journal: Journal) -> None:
    assert connection(journal).execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection(journal).execute("PRAGMA synchronous").fetchone() == (3,)


def fill(journal: Journal) -> None:
    for _ in range(50):
        journal.append_now("step.intent", run="a", detail={"does": "x" * 500})


def test_a_full_disk_refuses_an_intent_and_keeps_a_result(journal: Journal) -> None:
    journal.append_now("plan.confirmed", run="a")
    pages = connection(journal).execute("PRAGMA page_count").fetchone()[0]
    connection(journal).execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(JournalError, match="is not writable: database or disk is full"):
        fill(journal)
    kept = len(list(journal.records()))
    connection(journal).execute(f"PRAGMA max_page_count={pages + 20}")  # what the freed reserve gives back
    journal._from_reserve({"event.kind": "step.result", "plan.id": "a"}, sqlite3.OperationalError("disk is full"))
    assert len(list(journal.records())) == kept + 1
    assert "free some space" in journal.read_only_because
    with pytest.raises(JournalError, match="free some space"):
        journal.append_now("step.intent", run="a")


def test_a_journal_taken_away_while_open_is_noticed_at_the_next_record(journal: Journal, tmp_path: Path) -> None:
    journal.append_now("session.opened")
    (tmp_path / "state" / FILE).unlink()
    with pytest.raises(JournalError, match="is not writable"):
        journal.append_now("plan.confirmed", run="a")


def test_a_newer_schema_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.change.journal import record

    monkeypatch.setattr(record, "SCHEMA", 2)
    record.writer.cache_clear()
    newer = Journal.open(tmp_path, "prod")
    newer.append_now("session.opened")
    newer.close()
    record.writer.cache_clear()
    monkeypatch.setattr(record, "SCHEMA", 1)
    with pytest.raises(JournalError, match="schema 2, newer than 1"):
        Journal.open(tmp_path, "prod")
    reading = Journal.open(tmp_path, "prod", read_only=True)
    assert len(list(reading.records())) == 1
    reading.close()


def test_a_secret_never_reaches_the_file(journal: Journal, tmp_path: Path) -> None:
    journal.redact("geheim-77")
    journal.append_now("step.intent", run="a", reason="it is geheim-77", detail={"command": ["curl", "t=geheim-77"]})
    assert b"geheim-77" not in (tmp_path / "state" / FILE).read_bytes()
    [record] = journal.records()
    assert record.reason == "it is ***"


def test_a_huge_text_is_cut_with_its_length_and_digest(journal: Journal) -> None:
    record = journal.append_now("step.result", run="a", detail={"answer": "x" * 200_000})
    assert "200000 characters, sha256 " in record.detail["answer"]
    assert verify(journal._folder / FILE).ok


def test_the_export_is_one_json_line_a_record(journal: Journal, tmp_path: Path) -> None:
    for _ in range(3):
        journal.append_now("session.opened")
    lines = list(export(tmp_path / "state" / FILE))
    assert len(lines) == 3
    assert all('"hash"' in line for line in lines)


async def test_a_cancelled_caller_does_not_cancel_the_record(journal: Journal) -> None:
    task = asyncio.ensure_future(journal.append("step.result", run="a"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await journal.append("plan.finished", run="a")
    assert [record.kind for record in journal.records()] == ["step.result", "plan.finished"]


APPENDING = """
import sys
from pathlib import Path
from console.change.journal import Journal
journal = Journal.open(Path(sys.argv[1]), "prod")
while True:
    print(journal.append_now("step.intent", run=sys.argv[2]).seq, flush=True)
"""


def test_nothing_acknowledged_is_lost_by_kill_9_with_two_writers(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    acknowledged: set[int] = set()
    for _ in range(8):
        writers = [
            subprocess.Popen([sys.executable, "-c", APPENDING, str(tmp_path), name], stdout=subprocess.PIPE, text=True)
            for name in ("a", "b")
        ]
        for one in writers:
            assert one.stdout
            acknowledged.add(int(one.stdout.readline()))
        time.sleep(chance.uniform(0.0, 0.2))
        for one in writers:
            one.send_signal(signal.SIGKILL)
            acknowledged |= {int(line) for line in one.communicate()[0].split("\n") if line.strip()}
    journal = Journal.open(tmp_path, "prod", read_only=True)
    there = {record.seq for record in journal.records()}
    journal.close()
    assert acknowledged <= there, f"seed {seed}"
    assert len(acknowledged) >= 16
    assert verify(tmp_path / FILE).ok, f"seed {seed}"
