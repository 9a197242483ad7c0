"""What every copy of the journal does."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import cast

from console.contract.behaviour import Suite, expect
from console.ports.protocols import CopiedRecord, Forked, JournalCopy, ReadsBack


def example(journal_id: str, seq: int, kind: str = "journal.tried") -> CopiedRecord:
    """A record as a journal of that id would hold it."""
    body = f'{{"event.kind":"{kind}","journal_id":"{journal_id}","seq":{seq}}}'
    return CopiedRecord(
        journal_id=journal_id,
        seq=seq,
        at=datetime.now(UTC).replace(microsecond=0),
        kind=kind,
        cluster="trial",
        target="",
        hash=sha256(body.encode()).hexdigest(),
        prev="0" * 64,
        body=body,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSubject:
    """A copy, and how it is read back where it can be: the ids and hashes that it holds of one journal, in order."""

    port: JournalCopy
    read: Callable[[str], Awaitable[Sequence[tuple[str, str]]]] | None = None
    compares: bool = True
    """It notices another record under the same number; a log that is only written does not."""
    journal_id: str = field(default_factory=lambda: f"trial-{uuid.uuid4().hex[:12]}")

    async def restore(self) -> None:
        """What was kept stays: that is what it is for."""

    async def expect_kept(self, records: Sequence[CopiedRecord], *, at_most_once: bool) -> None:
        """These and no others, in this order, where it can be read back. Raises Broken."""
        if self.read is None:
            return
        found = list(await self.read(self.journal_id))
        wanted = [(record.id, record.hash) for record in records]
        if not at_most_once:
            found = list(dict.fromkeys(found))
        expect(found == wanted, f"expected {wanted}, found {found}")


JOURNAL: Suite[JournalSubject] = Suite("journal")


@JOURNAL.behaviour(changes=True)
async def records_are_kept_in_their_order(subject: JournalSubject) -> None:
    records = [example(subject.journal_id, seq) for seq in (1, 2, 3)]
    await subject.port.keep(records)
    await subject.expect_kept(records, at_most_once=subject.compares)


@JOURNAL.behaviour(changes=True)
async def a_record_that_is_there_already_is_taken_again_without_harm(subject: JournalSubject) -> None:
    fresh = replace(subject, journal_id=f"{subject.journal_id}-again")
    records = [example(fresh.journal_id, seq) for seq in (1, 2)]
    await fresh.port.keep(records[:1])
    await fresh.port.keep(records)
    await fresh.expect_kept(records, at_most_once=subject.compares)


@JOURNAL.behaviour(needs=(ReadsBack,), changes=True)
async def the_newest_record_can_be_read_back(subject: JournalSubject) -> None:
    fresh = replace(subject, journal_id=f"{subject.journal_id}-head")
    reader = cast(ReadsBack, fresh.port)
    expect(await reader.head(fresh.journal_id) is None, "expected nothing of a journal that it does not know")
    records = [example(fresh.journal_id, seq) for seq in range(1, 12)]
    await fresh.port.keep(records)
    head, wanted = await reader.head(fresh.journal_id), (records[-1].seq, records[-1].hash)
    expect(head == wanted, f"expected {wanted}, got {head}")


async def _compares(subject: JournalSubject) -> bool:
    return subject.compares


@JOURNAL.behaviour(changes=True, when=_compares)
async def another_record_under_the_same_number_is_a_fork(subject: JournalSubject) -> None:
    fresh = replace(subject, journal_id=f"{subject.journal_id}-fork")
    await fresh.port.keep([example(fresh.journal_id, 1)])
    try:
        await fresh.port.keep([example(fresh.journal_id, 1, kind="journal.forged")])
    except Forked as fork:
        expect(str(fork).strip(), "expected a fork to be told in words")
    else:
        expect(False, "expected a fork to be told, was taken")
