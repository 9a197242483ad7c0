"""Several writers, readers and kills: what was acknowledged is there, in one chain, and nobody waits for a reader."""

import asyncio
import json
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785

from console.change.journal import FILE, Journal, JournalError, export, store, verify
from console.change.journal.anchor import Anchor
from console.change.journal.database import PAGE_ROWS
from console.change.journal.record import chain

KILLED_OFTEN = """
import os, random, signal, sys, time
import psutil
from pathlib import Path
from console.change.journal import Journal

chance, acknowledged = random.Random(int(sys.argv[2])), []
for number in range(30):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        journal = Journal.open(Path(sys.argv[1]), "prod")
        while True:
            os.write(writing, b"%d\\n" % journal.append_now("step.intent", run=str(number)).seq)
    os.close(writing)
    with open(reading, "rb") as answers:
        if number % 3:  # else it may also die while it opens the journal
            acknowledged.append(answers.readline())
        time.sleep(chance.uniform(0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        acknowledged += answers.read().split()
print(*(int(seq) for seq in acknowledged))
"""

APPENDING = """
import sys
from pathlib import Path
from console.change.journal import Journal
journal = Journal.open(Path(sys.argv[1]), "prod")
for number in range(60):
    journal.append_now("step.intent", run=sys.argv[2], step=number)
journal.close()
"""


def test_thirty_kills_at_random_moments_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    seed = time.time_ns() % 2**32
    command = [sys.executable, "-c", KILLED_OFTEN, str(tmp_path), str(seed)]
    acknowledged = [int(seq) for seq in subprocess.check_output(command, text=True).split()]
    there = {json.loads(line)["seq"] for line in export(tmp_path / FILE)}
    assert len(acknowledged) >= 20
    assert set(acknowledged) <= there, f"seed {seed}"
    assert verify(tmp_path / FILE).problems == (), f"seed {seed}"


def test_two_consoles_write_one_chain_and_the_anchor_never_goes_back(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", APPENDING, str(tmp_path), name]) for name in ("a", "b")]
    seen = [0]
    while any(one.poll() is None for one in writers):
        anchor = Anchor.read(tmp_path)
        seen.append(anchor.seq if anchor else 0)
    assert [one.returncode for one in writers] == [0, 0]
    assert seen == sorted(seen)
    lines = [json.loads(line) for line in export(tmp_path / FILE)]
    assert {line["journal_id"] for line in lines} == {lines[0]["journal_id"]}
    for name in ("a", "b"):
        assert [line["step.no"] for line in lines if line["plan.id"] == name] == list(range(60))
    final = Anchor.read(tmp_path)
    assert final == Anchor(lines[0]["journal_id"], 120, lines[-1]["hash"])
    assert verify(tmp_path / FILE).ok


def test_consoles_that_open_an_empty_journal_together_share_its_id(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, "prod")) as one, closing(Journal.open(tmp_path, "prod")) as other:
        ids = {journal.append_now("session.opened").body["journal_id"] for journal in (one, other)}
    assert len(ids) == 1
    assert verify(tmp_path / FILE).ok


def test_a_reader_that_pauses_does_not_stop_a_writer(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, "prod")) as journal:
        for _ in range(3):
            journal.append_now("session.opened")
        reading, lines = journal.records(), export(tmp_path / FILE)  # both are held open
        assert next(reading).seq == 1
        assert '"seq"' in next(lines)
        assert journal.append_now("plan.confirmed", run="a").seq == 4
        assert [record.seq for record in reading][:2] == [2, 3]


def test_records_are_read_over_the_edge_of_a_page(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, "prod")) as journal:
        journal.append_now("session.opened")
        with closing(sqlite3.connect(tmp_path / FILE)) as connection:
            connection.executemany(
                "INSERT INTO record SELECT ?, body, prev, hash FROM record WHERE seq = 1",
                [(seq,) for seq in range(2, 2 * PAGE_ROWS + 2)],
            )
            connection.commit()
        assert [record.seq for record in journal.records()] == list(range(1, 2 * PAGE_ROWS + 2))
        assert [record.seq for record in journal.records(after=2 * PAGE_ROWS - 1)] == [2 * PAGE_ROWS, 2 * PAGE_ROWS + 1]


async def test_a_signal_may_write_at_once_while_records_are_under_way(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, "prod")) as journal:
        under_way = [asyncio.ensure_future(journal.append("step.result", run="a")) for _ in range(30)]
        await asyncio.sleep(0)
        for _ in range(30):
            journal.append_now("session.lost", run="a")
        await asyncio.gather(*under_way)
        assert [record.seq for record in journal.records()] == list(range(1, 61))
    assert verify(tmp_path / FILE).ok


async def test_a_record_that_missed_its_deadline_is_not_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "DEADLINE_S", 0.3)
    with closing(Journal.open(tmp_path, "prod")) as journal:
        with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began_s = time.monotonic()
            with pytest.raises(JournalError, match=r"did not take a record in 0\.3 s"):
                await journal.append("step.intent", run="late")
            assert time.monotonic() - began_s < 2
            other.execute("ROLLBACK")
        monkeypatch.setattr(store, "DEADLINE_S", 5.0)
        await journal.append("step.intent", run="next")
        assert [record.run for record in journal.records()] == ["next"]


async def test_a_cancelled_caller_does_not_take_back_a_record_that_still_waits(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, "prod")) as journal:
        with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = [asyncio.ensure_future(journal.append("step.result", run=run)) for run in ("a", "b")]
            await asyncio.sleep(0.05)
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)
            other.execute("ROLLBACK")
        await journal.append("plan.finished", run="b")
        assert [record.run for record in journal.records()] == ["a", "b", "b"]


async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "prod")
    journal.close()
    with pytest.raises(JournalError, match="is closed"):
        await journal.append("step.intent")
    with pytest.raises(JournalError, match="closed"):
        journal.append_now("step.intent")


def test_records_are_written_in_one_thread_of_their_own(tmp_path: Path) -> None:
    async def names(journal: Journal) -> set[str]:
        await asyncio.gather(*(journal.append("session.opened") for _ in range(5)))
        return {thread.name for thread in threading.enumerate() if thread.name.startswith("journal")}

    with closing(Journal.open(tmp_path, "prod")) as journal:
        assert asyncio.run(names(journal)) == {"journal_0"}


def head_at(path: Path, at: datetime) -> None:
    """Make the only record one that was written then."""
    with closing(sqlite3.connect(path)) as connection:
        body = json.loads(connection.execute("SELECT body FROM record WHERE seq = 1").fetchone()[0])
        encoded = rfc8785.dumps({**body, "@timestamp": at.isoformat()})
        digest = chain(bytes(32), encoded)
        connection.execute("UPDATE record SET body = ?, hash = ? WHERE seq = 1", (encoded, digest))
        connection.commit()
    (path.parent / "journal.anchor").unlink()


@pytest.mark.parametrize(("ahead_s", "kinds"), [(3600, ["journal.clock_stepped", "step.result"]), (1, ["step.result"])])
def test_a_clock_that_went_back_is_a_record_of_its_own(tmp_path: Path, ahead_s: int, kinds: list[str]) -> None:
    with closing(Journal.open(tmp_path, "prod")) as journal:
        journal.append_now("step.intent", run="a")
        head_at(tmp_path / FILE, datetime.now(UTC) + timedelta(seconds=ahead_s))
        assert journal.append_now("step.result", run="a").seq == 1 + len(kinds)
        journal.append_now("step.verified", run="a")
        records = list(journal.records(after=1))
    assert [record.kind for record in records] == [*kinds, "step.verified"]
    if ahead_s > 2:
        assert ahead_s - 5 < records[0].detail["back_s"] <= ahead_s
    assert verify(tmp_path / FILE).ok
