"""Tampering: every edit of the file is found, and said with its place."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from console.change.journal import FILE, Journal, verify
from console.change.journal.record import chain

RECORDS = 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal.open(tmp_path, "prod")
    for number in range(RECORDS):
        journal.append_now("step.intent", run=f"r{number}", detail={"does": f"thing {number}"})
    journal.close()
    return tmp_path / FILE


def tamper(path: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement, values in statements:
            connection.execute(statement, values)
        connection.commit()


def says(path: Path) -> list[str]:
    return [problem.says for problem in verify(path).problems]


def test_an_untouched_journal_is_right(path: Path) -> None:
    verdict = verify(path)
    assert verdict.ok
    assert verdict.records == RECORDS
    assert verdict.exit_code == 0


@pytest.mark.parametrize("seq", range(1, RECORDS + 1))
def test_a_changed_record_is_named(path: Path, seq: int) -> None:
    tamper(path, ("UPDATE record SET body = CAST(replace(body, 'thing', 'think') AS BLOB) WHERE seq = ?", (seq,)))
    assert f"record {seq} was changed: its bytes do not match its hash" in says(path)
    assert verify(path).exit_code == 1


@pytest.mark.parametrize("seq", range(2, RECORDS))
def test_a_removed_record_is_named(path: Path, seq: int) -> None:
    tamper(path, ("DELETE FROM record WHERE seq = ?", (seq,)))
    assert f"record {seq} is missing: {seq - 1} is followed by {seq + 1}" in says(path)


def test_the_first_record_removed_is_named(path: Path) -> None:
    tamper(path, ("DELETE FROM record WHERE seq = 1", ()))
    assert "record 1 is missing: the beginning is followed by 2" in says(path)


@pytest.mark.parametrize(("a", "b"), [(1, 2), (4, 5), (3, 9), (1, RECORDS)])
def test_two_records_that_changed_places_are_named(path: Path, a: int, b: int) -> None:
    tamper(
        path,
        ("UPDATE record SET seq = -1 WHERE seq = ?", (a,)),
        ("UPDATE record SET seq = ? WHERE seq = ?", (a, b)),
        ("UPDATE record SET seq = ? WHERE seq = -1", (b,)),
    )
    found = says(path)
    assert f"record {a} stands in another place: it was written as record {b}" in found
    assert f"record {b} stands in another place: it was written as record {a}" in found


@pytest.mark.parametrize("kept", [0, 1, 5, RECORDS - 1])
def test_a_cut_tail_is_named(path: Path, kept: int) -> None:
    tamper(path, ("DELETE FROM record WHERE seq > ?", (kept,)))
    assert says(path) == [f"the tail was cut: the anchor knows record {RECORDS}, the journal ends at {kept}"]


def test_a_removed_record_whose_followers_were_renumbered_is_found(path: Path) -> None:
    tamper(
        path,
        ("DELETE FROM record WHERE seq = 5", ()),
        ("UPDATE record SET seq = -seq WHERE seq > 5", ()),
        ("UPDATE record SET seq = -seq - 1 WHERE seq < 0", ()),
    )
    assert "record 5 stands in another place: it was written as record 6" in says(path)


def rechain(path: Path, edit: Callable[[int, bytes], bytes]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        prev = bytes(32)
        for seq, body in connection.execute("SELECT seq, body FROM record ORDER BY seq").fetchall():
            changed = edit(seq, bytes(body))
            digest = chain(prev, changed)
            connection.execute(
                "UPDATE record SET body = ?, prev = ?, hash = ? WHERE seq = ?", (changed, prev, digest, seq)
            )
            prev = digest
        connection.commit()


def test_a_chain_rewritten_as_a_whole_is_found_by_the_anchor(path: Path) -> None:
    rechain(path, lambda seq, body: body.replace(b"thing 3", b"nothing") if seq == 4 else body)
    assert says(path) == [f"the chain was rewritten: record {RECORDS} is not the one that the anchor knows"]


def test_a_record_with_a_new_hash_of_its_own_breaks_the_chain_after_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        prev, body = connection.execute("SELECT prev, body FROM record WHERE seq = 4").fetchone()
        changed = bytes(body).replace(b"thing", b"think")
        connection.execute("UPDATE record SET body = ?, hash = ? WHERE seq = 4", (changed, chain(bytes(prev), changed)))
        connection.commit()
    assert "record 5 does not follow from record 4: that one was replaced" in says(path)


def test_without_an_anchor_it_says_that_a_cut_cannot_be_told(path: Path) -> None:
    (path.parent / "journal.anchor").unlink()
    verdict = verify(path)
    assert verdict.exit_code == 3
    assert [problem.kind for problem in verdict.problems] == ["no-anchor"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"rubbish" * 1000)
    assert verify(tmp_path / FILE).exit_code == 2
    assert verify(tmp_path / "none").exit_code == 2


def test_a_corrupt_record_does_not_hide_the_others(path: Path) -> None:
    tamper(path, ("UPDATE record SET body = x'00' WHERE seq = 6", ()))
    journal = Journal.open(path.parent, "prod", read_only=True)
    records = list(journal.records())
    journal.close()
    assert len(records) == RECORDS
    assert [record.seq for record in records if record.corrupt] == [6]


def test_a_journal_goes_on_after_a_copy_was_verified(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (FILE, "journal.anchor"):
        shutil.copy(path.parent / name, copy / name)
    journal = Journal.open(path.parent, "prod")
    journal.append_now("session.opened")
    journal.close()
    assert verify(path).ok
    assert verify(copy / FILE).ok
