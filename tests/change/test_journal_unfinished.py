"""What a kill left behind, also where the journal is damaged, resumed by another console, or the clock was set."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from console.change.journal import FILE, Journal
from console.change.journal.process import alive
from console.change.journal.record import writer

ABOUT: dict[str, Any] = {"run": "a3f2", "action": "drain", "target": "app2", "plan_hash": "77"}

ANOTHER = """
import sys, time
from pathlib import Path
from console.change.journal import Journal
journal = Journal.open(Path(sys.argv[1]), "prod")
journal.append_now(sys.argv[2], run="a3f2", action="drain", target="app2", step=2, detail={"does": "on"})
print("written", flush=True)
time.sleep(60)
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path, "prod")
    yield opened
    opened.close()


def begin(journal: Journal) -> None:
    journal.append_now("plan.confirmed", **ABOUT, reason="kernel", detail={"steps": 2})
    journal.append_now("step.intent", **ABOUT, step=1, detail={"does": "drain app2", "command": "set server"})


def test_the_last_intent_is_told_with_its_number_and_whether_it_was_answered(journal: Journal) -> None:
    begin(journal)
    [left] = journal.unfinished()
    assert (left.step, left.intent_kind, left.intent, left.command) == (1, "step.intent", "drain app2", "set server")
    assert not left.answered
    journal.append_now("step.result", **ABOUT, step=1)
    journal.append_now("step.undo", **ABOUT, step=1, detail={"does": "undo: drain app2"})
    [left] = journal.unfinished()
    assert (left.intent_kind, left.intent, left.answered) == ("step.undo", "undo: drain app2", False)


@pytest.mark.parametrize("end", ["plan.finished", "plan.abandoned"])
def test_an_end_ends_only_its_own_run(journal: Journal, end: str) -> None:
    begin(journal)
    journal.append_now("plan.confirmed", run="b", action="ready", target="app1")
    journal.append_now(end, **ABOUT)
    assert [left.run for left in journal.unfinished()] == ["b"]


@pytest.mark.parametrize("damaged", [1, 2])
def test_a_damaged_record_does_not_hide_a_run(journal: Journal, tmp_path: Path, damaged: int) -> None:
    begin(journal)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("UPDATE record SET body = x'00' WHERE seq = ?", (damaged,))
        connection.commit()
    [left] = journal.unfinished()
    assert (left.run, left.action, left.target) == ("a3f2", "drain", "app2")


@pytest.mark.parametrize(("kind", "running"), [("step.intent", True), ("step.reconciled", False)])
def test_a_run_belongs_to_the_console_that_sent_something_last(tmp_path: Path, kind: str, running: bool) -> None:
    dying = ANOTHER.replace("time.sleep(60)", "sys.exit()")
    subprocess.run([sys.executable, "-c", dying, str(tmp_path), "plan.confirmed"], check=True, capture_output=True)
    other = subprocess.Popen([sys.executable, "-c", ANOTHER, str(tmp_path), kind], stdout=subprocess.PIPE, text=True)
    assert other.stdout
    try:
        assert other.stdout.readline() == "written\n"
        with closing(Journal.open(tmp_path, "prod", read_only=True)) as journal:
            assert [left.running for left in journal.unfinished()] == [running]
            other.kill()
            other.wait()
            assert [left.running for left in journal.unfinished()] == [False]
    finally:
        other.kill()
        other.communicate()


def test_a_wall_clock_that_is_set_does_not_make_a_running_console_look_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    body = dict(writer())
    boot_s = psutil.boot_time()
    monkeypatch.setattr(psutil, "boot_time", lambda: boot_s + 3600)
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot_s + 3600)
    assert alive(body)


@pytest.mark.parametrize(
    "other",
    [{"boot_id": "of another start"}, {"host.name": "elsewhere"}, {"process.start": 1.0}, {"process.pid": 2**22 + 1}],
)
def test_a_process_that_only_looks_alike_is_not_the_owner(other: dict[str, object]) -> None:
    assert alive(writer())
    assert not alive({**writer(), **other})
    assert not alive({"process.pid": os.getpid()})
