"""Tampering by someone who knows the file: types, places, single bits, the anchor, and writing on as if nothing was."""

import json
import random
import shutil
import sqlite3
from contextlib import closing
from itertools import combinations
from pathlib import Path

import pytest

from console.change.journal import FILE, Journal, JournalError, export, verify
from console.change.journal.anchor import FILE as ANCHOR
from console.change.journal.anchor import Anchor
from console.change.journal.database import rows
from console.change.journal.files import RESERVE
from console.change.journal.record import chain

RECORDS = 5


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("untouched")
    with closing(Journal.open(folder, "prod")) as journal:
        for number in range(RECORDS):
            journal.append_now("step.intent", run="a", step=number, detail={"does": f"thing {number}"})
    return folder


@pytest.fixture
def path(untouched: Path, tmp_path: Path) -> Path:
    for name in (FILE, ANCHOR, RESERVE):
        shutil.copy(untouched / name, tmp_path)
    assert verify(tmp_path / FILE).ok
    return tmp_path / FILE


def tamper(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def write_on(path: Path, records: int) -> None:
    with closing(Journal.open(path.parent, "prod")) as journal:
        for _ in range(records):
            journal.append_now("session.opened")


@pytest.mark.parametrize("column", ["body", "prev", "hash"])
@pytest.mark.parametrize("seq", range(1, RECORDS + 1))
def test_every_column_of_every_record_is_watched(path: Path, seq: int, column: str) -> None:
    tamper(path, f"UPDATE record SET {column} = CAST({column} || x'20' AS BLOB) WHERE seq = {seq}")
    verdict = verify(path)
    assert verdict.exit_code == 1
    assert f"record {seq} was changed: its bytes do not match its hash" in [p.says for p in verdict.problems]


@pytest.mark.parametrize(("a", "b"), combinations(range(1, RECORDS + 1), 2))
@pytest.mark.parametrize("columns", [("seq",), ("body", "hash"), ("body", "prev", "hash")])
def test_every_swap_of_two_is_found_at_both_places(path: Path, a: int, b: int, columns: tuple[str, ...]) -> None:
    if columns == ("seq",):
        moves = (f"SET seq = -1 WHERE seq = {a}", f"SET seq = {a} WHERE seq = {b}", f"SET seq = {b} WHERE seq = -1")
        tamper(path, *(f"UPDATE record {move}" for move in moves))
    else:
        names = ", ".join(columns)
        tamper(
            path,
            "CREATE TABLE aside AS SELECT * FROM record",
            f"UPDATE record SET ({names}) = (SELECT {names} FROM aside WHERE seq = {b}) WHERE seq = {a}",
            f"UPDATE record SET ({names}) = (SELECT {names} FROM aside WHERE seq = {a}) WHERE seq = {b}",
            "DROP TABLE aside",
        )
    assert {a, b} <= {problem.seq for problem in verify(path).problems}


def test_a_changed_number_inside_a_record_is_a_change_not_a_move(path: Path) -> None:
    tamper(path, """UPDATE record SET body = CAST(replace(body, '"seq":4', '"seq":2') AS BLOB) WHERE seq = 4""")
    assert [(problem.seq, problem.kind) for problem in verify(path).problems] == [(4, "changed")]


def test_a_record_before_the_beginning_is_found(path: Path) -> None:
    tamper(path, "INSERT INTO record SELECT -1, body, prev, hash FROM record WHERE seq = 2")
    [problem] = verify(path).problems
    assert (problem.seq, problem.kind) == (-1, "reordered")


@pytest.mark.parametrize("gone", range(1, RECORDS))
def test_a_removed_record_is_found_even_when_the_rest_was_chained_anew(path: Path, gone: int) -> None:
    left = [row for row in rows(path) if row[0] != gone]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM record")
        prev = bytes(32)
        for seq, (_, _, body, _) in enumerate(left, 1):
            renumbered = body.replace(b'"seq":%d' % left[seq - 1][0], b'"seq":%d' % seq)
            digest = chain(prev, renumbered)
            connection.execute("INSERT INTO record VALUES (?, ?, ?, ?)", (seq, renumbered, prev, digest))
            prev = digest
        connection.commit()
    cut = f"the tail was cut: the anchor knows record {RECORDS}, the journal ends at {RECORDS - 1}"
    assert [problem.says for problem in verify(path).problems] == [cut]


@pytest.mark.parametrize("written_on", [1, 2, 3, 10])
def test_a_cut_tail_is_still_told_after_a_console_wrote_on(path: Path, written_on: int) -> None:
    tamper(path, f"DELETE FROM record WHERE seq > {RECORDS - 2}")
    write_on(path, written_on)
    assert verify(path).exit_code == 1
    assert {problem.kind for problem in verify(path).problems} <= {"cut", "rewritten"}


def test_a_journal_begun_anew_under_an_old_anchor_is_told(path: Path) -> None:
    path.unlink()
    write_on(path, RECORDS + 3)
    assert [problem.kind for problem in verify(path).problems] == ["rewritten"]


def test_an_anchor_behind_the_journal_is_no_break(path: Path) -> None:
    """A kill between the commit and the anchor leaves it so; the next record takes it along."""
    *_, (seq, _, _, digest) = list(rows(path))[:-1]
    journal_id = json.loads(next(iter(export(path))))["journal_id"]
    (path.parent / ANCHOR).write_text(f"{journal_id} {seq} {digest.hex()}\n")
    assert verify(path).ok
    write_on(path, 1)
    anchor = Anchor.read(path.parent)
    assert anchor
    assert anchor.seq == RECORDS + 1


def test_an_older_head_does_not_replace_a_newer_one(path: Path) -> None:
    before = Anchor.read(path.parent)
    assert before
    Anchor(before.journal_id, RECORDS - 1, "0" * 64).write(path.parent, lambda seq: before.hash)
    assert Anchor.read(path.parent) == before


def test_a_garbled_anchor_is_none(path: Path) -> None:
    (path.parent / ANCHOR).write_bytes(b"\xff\x00 what")
    assert verify(path).exit_code == 3


@pytest.mark.parametrize("value", ["NULL", "'text'", "7", "x''", "x'5b'", "CAST(zeroblob(9) AS TEXT)"])
@pytest.mark.parametrize("column", ["body", "prev", "hash"])
def test_a_table_of_other_types_breaks_no_reader(path: Path, column: str, value: str) -> None:
    tamper(
        path,
        "CREATE TABLE loose (seq INTEGER PRIMARY KEY, body, prev, hash)",
        "INSERT INTO loose SELECT * FROM record",
        "DROP TABLE record",
        "ALTER TABLE loose RENAME TO record",
        f"UPDATE record SET {column} = {value} WHERE seq = {RECORDS}",
    )
    assert verify(path).exit_code == 1
    assert len(list(export(path))) == RECORDS
    with closing(Journal.open(path.parent, "prod")) as journal:
        assert [record.seq for record in journal.records() if record.corrupt] == [RECORDS]
        journal.unfinished()
        journal.append_now("session.opened")


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"{}", b"[" * 100_000, b'{"@timestamp":7}', b"\xff", b""])
def test_a_body_that_is_no_record_is_shown_as_corrupt(path: Path, body: bytes) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE record SET body = ? WHERE seq = ?", (body, RECORDS))
        connection.commit()
    with closing(Journal.open(path.parent, "prod")) as journal:
        assert [(record.seq, record.kind) for record in journal.records() if record.corrupt] == [(RECORDS, "?")]
        assert journal.append_now("session.opened").seq == RECORDS + 1
    lines = [json.loads(line) for line in export(path)]
    assert [line["seq"] for line in lines if "corrupt" in line] == [RECORDS]


def test_the_last_number_there_is_ends_the_journal_with_a_sentence(path: Path) -> None:
    tamper(path, f"UPDATE record SET seq = {2**63 - 1} WHERE seq = {RECORDS}")
    with closing(Journal.open(path.parent, "prod")) as journal, pytest.raises(JournalError, match="is not writable"):
        journal.append_now("session.opened")


def test_no_flipped_bit_goes_unseen_and_none_breaks_the_verifier(path: Path, tmp_path: Path) -> None:
    written, whole = path.read_bytes(), list(rows(path))
    chance, found = random.Random(7), 0
    copy = tmp_path / "copy" / FILE
    for number in range(300):
        shutil.rmtree(copy.parent, ignore_errors=True)
        copy.parent.mkdir()
        flipped = bytearray(written)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        copy.write_bytes(flipped)
        shutil.copy(path.parent / ANCHOR, copy.parent)
        if verify(copy).ok:
            assert list(rows(copy)) == whole, f"flip {number}"
        else:
            found += 1
    assert found > 50


def test_a_damaged_order_of_rows_ends_the_reading(path: Path) -> None:
    written = bytearray(path.read_bytes())
    leaf = next(at for at in range(4096, len(written), 4096) if written[at] == 0x0D)
    second = leaf + int.from_bytes(written[leaf + 10 : leaf + 12], "big")
    while written[second] >= 0x80:  # over the size of the cell, to the number of its row
        second += 1
    written[second + 1] = 99
    path.write_bytes(written)
    assert verify(path).exit_code == 2
    with pytest.raises(JournalError, match="the file is damaged"):
        list(export(path))


def test_a_damaged_page_is_a_sentence_in_every_reader(path: Path) -> None:
    written = bytearray(path.read_bytes())
    written[4096:] = bytes(len(written) - 4096)
    path.write_bytes(written)
    assert verify(path).exit_code == 2
    with pytest.raises(JournalError, match="cannot be exported"):
        list(export(path))
    with pytest.raises(JournalError), closing(Journal.open(path.parent, "prod", read_only=True)) as journal:
        list(journal.records())


def test_a_later_record_of_a_newer_schema_is_not_written_after(path: Path) -> None:
    *_, (_, prev, body, _) = rows(path)
    newer = body.replace(b'"schema":1', b'"schema":2')
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE record SET body = ?, hash = ? WHERE seq = ?", (newer, chain(prev, newer), RECORDS))
        connection.commit()
    with pytest.raises(JournalError, match="schema 2, newer than 1: update, or look only"):
        Journal.open(path.parent, "prod")
    with closing(Journal.open(path.parent, "prod", read_only=True)) as journal:
        assert len(list(journal.records())) == RECORDS
