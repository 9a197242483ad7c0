"""Is every record as it was written? Says which was changed, removed, moved or cut."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from console.change.journal.anchor import Anchor
from console.change.journal.record import GENESIS, chain, decode
from console.change.journal.store import connect

Row = tuple[int, bytes, bytes, bytes]
"""seq, prev, body, hash"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where the journal is not as it was written."""

    seq: int
    kind: str
    """changed, removed, reordered, rewritten, cut, unreadable or no-anchor."""
    says: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found."""

    records: int
    head: str
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return not self.problems

    @property
    def exit_code(self) -> int:
        """0 unbroken, 1 broken, 2 unreadable, 3 unbroken as far as can be told without an anchor."""
        kinds = {problem.kind for problem in self.problems}
        if "unreadable" in kinds:
            return 2
        if kinds - {"no-anchor"}:
            return 1
        return 3 if kinds else 0


def verify(path: Path) -> Verdict:
    """Check every record against the chain, and the head against the anchor. Never raises."""
    try:
        rows = _rows(path)
    except (sqlite3.Error, OSError) as error:
        return Verdict(0, "", (Problem(0, "unreadable", f"journal {path} cannot be read: {error}"),))
    if not rows and Anchor.read(path.parent) is None:
        return Verdict(0, "", ())
    problems = [*_chain_problems(rows), *_anchor_problems(rows, Anchor.read(path.parent))]
    return Verdict(len(rows), rows[-1][3].hex() if rows else "", tuple(problems))


def _rows(path: Path) -> list[Row]:
    with closing(connect(path, read_only=True)) as connection:
        found = connection.execute("SELECT seq, prev, body, hash FROM record ORDER BY seq")
        return [(seq, bytes(prev), bytes(body), bytes(digest)) for seq, prev, body, digest in found]


def _chain_problems(rows: list[Row]) -> Iterator[Problem]:
    moved = {seq for seq, own in ((row[0], _own_seq(row)) for row in rows) if own is not None and own != seq}
    expected_seq, expected_prev = 1, GENESIS
    for seq, prev, body, digest in rows:
        if seq != expected_seq:
            yield Problem(expected_seq, "removed", _removed(expected_seq, seq))
        if seq in moved:
            own = _own_seq((seq, prev, body, digest))
            yield Problem(seq, "reordered", f"record {seq} stands in another place: it was written as record {own}")
        elif chain(prev, body) != digest:
            yield Problem(seq, "changed", f"record {seq} was changed: its bytes do not match its hash")
        elif prev != expected_prev and seq == expected_seq and seq - 1 not in moved:
            yield Problem(
                seq, "rewritten", f"record {seq} does not follow from record {seq - 1}: that one was replaced"
            )
        expected_seq, expected_prev = seq + 1, digest


def _own_seq(row: Row) -> int | None:
    own = decode(row[0], row[1], row[2], row[3]).body.get("seq")
    return own if isinstance(own, int) else None


def _removed(first: int, next_there: int) -> str:
    last = next_there - 1
    which = f"record {first} is" if first == last else f"records {first} to {last} are"
    return f"{which} missing: {first - 1 or 'the beginning'} is followed by {next_there}"


def _anchor_problems(rows: list[Row], anchor: Anchor | None) -> Iterator[Problem]:
    if anchor is None:
        yield Problem(0, "no-anchor", "there is no anchor file: a cut tail cannot be told")
        return
    last = rows[-1][0] if rows else 0
    if last < anchor.seq:
        says = f"the tail was cut: the anchor knows record {anchor.seq}, the journal ends at {last}"
        yield Problem(last + 1, "cut", says)
        return
    digest = next((row[3].hex() for row in rows if row[0] == anchor.seq), "")
    if digest and digest != anchor.hash:
        says = f"the chain was rewritten: record {anchor.seq} is not the one that the anchor knows"
        yield Problem(anchor.seq, "rewritten", says)
