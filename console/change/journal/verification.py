"""Is every record as it was written? Says which was changed, removed, moved or cut."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from console.change.journal.anchor import Anchor
from console.change.journal.database import Row, rows
from console.change.journal.record import GENESIS, chain, decode
from console.ports.protocols import JournalCopy, NotKept, ReadsBack


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
        found = list(rows(path))
    except (sqlite3.Error, OSError) as error:
        return Verdict(0, "", (Problem(0, "unreadable", f"journal {path} cannot be read: {error}"),))
    anchor = Anchor.read(path.parent)
    if not found and anchor is None:
        return Verdict(0, "", ())
    problems = [*_chain_problems(found), *_anchor_problems(found, anchor)]
    return Verdict(len(found), found[-1][3].hex() if found else "", tuple(problems))


async def verify_copies(path: Path, verdict: Verdict, copies: Mapping[str, JournalCopy]) -> Verdict:
    """The same verdict with what the copies know that can be read back: a cut tail, or another chain."""
    try:
        found = list(rows(path))
    except (sqlite3.Error, OSError):
        return verdict
    digests = {row[0]: row[3].hex() for row in found}
    journal_id = str(decode(*found[0]).body.get("journal_id", "")) if found else ""
    last, problems = max(digests, default=0), list(verdict.problems)
    for name, copy in copies.items():
        if not isinstance(copy, ReadsBack):
            continue
        try:
            head = await copy.head(journal_id)
        except NotKept as problem:
            problems.append(Problem(0, "no-anchor", f"copy {name} cannot be read: {problem}"))
            continue
        if head and head[0] not in digests:
            says = f"the tail was cut: copy {name} knows record {head[0]}, the journal ends at {last}"
            problems.append(Problem(last + 1, "cut", says))
        elif head and digests[head[0]] != head[1]:
            says = f"the chain was rewritten: record {head[0]} is not the one that copy {name} has"
            problems.append(Problem(head[0], "rewritten", says))
    return replace(verdict, problems=tuple(problems))


def _chain_problems(found: list[Row]) -> Iterator[Problem]:
    moved = {row[0]: own for row in found if (own := _own_seq(row)) not in (None, row[0])}
    expected_seq, expected_prev = 1, GENESIS
    for seq, prev, body, digest in found:
        if seq < 1:
            yield Problem(seq, "reordered", f"record {seq} stands before the beginning: no console wrote it there")
            continue
        if seq != expected_seq:
            yield Problem(expected_seq, "removed", _removed(expected_seq, seq))
        if seq in moved:
            says = f"record {seq} stands in another place: it was written as record {moved[seq]}"
            yield Problem(seq, "reordered", says)
        elif chain(prev, body) != digest:
            yield Problem(seq, "changed", f"record {seq} was changed: its bytes do not match its hash")
        elif prev != expected_prev and seq == expected_seq and seq - 1 not in moved:
            yield Problem(seq, "rewritten", _rewritten(seq))
        expected_seq, expected_prev = seq + 1, digest


def _own_seq(row: Row) -> int | None:
    """The seq that a record was written with, as far as its bytes can be trusted."""
    record = decode(*row)
    own = record.body.get("seq")
    return own if isinstance(own, int) and not record.corrupt else None


def _rewritten(seq: int) -> str:
    if seq == 1:
        return "record 1 does not begin the chain: what stood before it was removed"
    return f"record {seq} does not follow from record {seq - 1}: that one was replaced"


def _removed(first: int, next_there: int) -> str:
    last = next_there - 1
    which = f"record {first} is" if first == last else f"records {first} to {last} are"
    return f"{which} missing: {first - 1 or 'the beginning'} is followed by {next_there}"


def _anchor_problems(found: list[Row], anchor: Anchor | None) -> Iterator[Problem]:
    if anchor is None:
        yield Problem(0, "no-anchor", "there is no anchor file that can be read: a cut tail cannot be told")
        return
    last = found[-1][0] if found else 0
    if last < anchor.seq:
        says = f"the tail was cut: the anchor knows record {anchor.seq}, the journal ends at {last}"
        yield Problem(last + 1, "cut", says)
        return
    digest = next((row[3].hex() for row in found if row[0] == anchor.seq), "")
    if digest and digest != anchor.hash:
        says = f"the chain was rewritten: record {anchor.seq} is not the one that the anchor knows"
        yield Problem(anchor.seq, "rewritten", says)
