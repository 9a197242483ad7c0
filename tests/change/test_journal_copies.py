"""Copies of the journal: in order, once, never in the way, and what they know against a journal that was changed."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from console.change.journal import Copier, Journal, verify, verify_copies
from console.change.journal.copies import BATCH
from console.ports.protocols import CopiedRecord, Forked, NotKept


class Copy:
    """A copy that can be read back, and that is away when it is told to be."""

    def __init__(self) -> None:
        self.kept: dict[str, CopiedRecord] = {}
        self.away = ""
        self.hangs = False
        self.batches: list[int] = []

    async def keep(self, records: Sequence[CopiedRecord]) -> None:
        if self.hangs:
            await asyncio.sleep(60)
        if self.away:
            raise NotKept(self.away)
        for record in records:
            if self.kept.setdefault(record.id, record).hash != record.hash:
                raise Forked(f"record {record.id} is another one")
        self.batches.append(len(records))

    async def head(self, journal_id: str) -> tuple[int, str] | None:
        mine = [record for record in self.kept.values() if record.journal_id == journal_id]
        newest = max(mine, key=lambda record: record.seq, default=None)
        return (newest.seq, newest.hash) if newest else None

    async def close(self) -> None:
        """Nothing is held."""

    @property
    def seqs(self) -> list[int]:
        return [record.seq for record in self.kept.values()]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path, "prod")
    yield opened
    opened.close()


def write(journal: Journal, count: int) -> None:
    for number in range(count):
        journal.append_now("step.intent", run="r1", target="app1", step=number)


async def test_every_record_arrives_once_and_in_its_order(journal: Journal) -> None:
    copy = Copy()
    copier = Copier(journal, {"far": copy})
    write(journal, BATCH + 3)
    state = await copier.turn("far")
    assert (state.seq, state.behind, state.problem) == (BATCH + 3, 0, "")
    assert copy.batches == [BATCH, 3]
    write(journal, 2)
    await copier.turn("far")
    assert copy.seqs == list(range(1, BATCH + 6))
    assert copy.batches[-1] == 2


async def test_a_record_leaves_as_it_is_chained_and_says_what_it_is_about(journal: Journal) -> None:
    copy = Copy()
    write(journal, 2)
    await Copier(journal, {"far": copy}).turn("far")
    first, second = copy.kept.values()
    assert second.prev == first.hash
    assert (first.kind, first.target, first.cluster) == ("step.intent", "app1", "prod")
    assert [record.hash for record in journal.records()] == [first.hash, second.hash]


async def test_a_copy_that_is_away_falls_behind_says_why_and_catches_up(journal: Journal) -> None:
    copy = Copy()
    copier = Copier(journal, {"far": copy})
    copy.away = "no route to it"
    write(journal, 3)
    state = await copier.turn("far")
    assert state.says == "journal copy far is 3 records behind: no route to it"
    assert [(finding.code, finding.says) for finding in state.findings] == [("journal-copy-behind", f"{state.says}.")]
    copy.away = ""
    assert (await copier.turn("far")).says == "journal copy far has all 3 records"
    assert copy.seqs == [1, 2, 3]


async def test_a_copy_that_hangs_does_not_hold_up_the_others_or_a_record(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.change.journal.copies.DEADLINE_S", 0.2)
    hanging, well = Copy(), Copy()
    hanging.hangs = True
    copier = Copier(journal, {"hanging": hanging, "well": well})
    write(journal, 1)
    turns = asyncio.create_task(copier.turn_all())
    await journal.append("step.result", run="r1")
    states = {state.name: state for state in await turns}
    assert states["hanging"].problem == "no answer within 0.2 s"
    assert states["well"].behind == 0


async def test_another_console_goes_on_where_the_first_one_ended(journal: Journal, tmp_path: Path) -> None:
    copy = Copy()
    write(journal, 2)
    await Copier(journal, {"far": copy}).turn("far")
    other = Journal.open(tmp_path, "prod")
    write(other, 1)
    await Copier(other, {"far": copy}).turn("far")
    other.close()
    assert copy.batches == [2, 1]


async def test_two_consoles_never_send_at_the_same_time(journal: Journal) -> None:
    copy = Copy()
    first, second = Copier(journal, {"far": copy}), Copier(journal, {"far": copy})
    write(journal, 2 * BATCH)
    await asyncio.gather(first.turn("far"), second.turn("far"))
    assert sum(copy.batches) == 2 * BATCH


async def test_while_another_console_sends_it_is_told_how_far_it_has_come(journal: Journal) -> None:
    sending, idle = Copy(), Copy()
    sending.hangs = True
    write(journal, 4)
    task = asyncio.create_task(Copier(journal, {"far": sending}).turn("far"))
    await asyncio.sleep(0.3)
    state = await Copier(journal, {"far": idle}).turn("far")
    task.cancel()
    assert (state.behind, state.problem) == (4, "")
    assert idle.kept == {}


async def test_a_fork_is_told_and_nothing_more_is_sent(journal: Journal, tmp_path: Path) -> None:
    copy = Copy()
    write(journal, 2)
    copier = Copier(journal, {"far": copy})
    await copier.turn("far")
    (tmp_path / "journal.copy.far").unlink()
    forged = next(iter(copy.kept))
    copy.kept[forged] = replace(copy.kept[forged], hash="f" * 64)
    state = await copier.turn("far")
    assert state.forked
    assert [str(finding.severity) for finding in state.findings] == ["critical"]
    assert state.says.startswith("journal copy far holds ANOTHER journal: record ")


async def test_a_plugin_that_breaks_is_a_state_and_no_end(journal: Journal) -> None:
    class Broken(Copy):
        async def keep(self, records: Sequence[CopiedRecord]) -> None:
            raise KeyError("oops")

    write(journal, 1)
    state = await Copier(journal, {"far": Broken()}).turn("far")
    assert state.problem == "its plugin failed: KeyError: 'oops'"


async def test_a_tail_that_was_cut_with_its_anchor_is_found_by_the_copy(journal: Journal, tmp_path: Path) -> None:
    copy = Copy()
    write(journal, 3)
    await Copier(journal, {"far": copy}).turn("far")
    with sqlite3.connect(journal.path) as connection:
        connection.execute("DELETE FROM record WHERE seq = 3")
    (tmp_path / "journal.anchor").unlink()
    verdict = await verify_copies(journal.path, verify(journal.path), {"far": copy})
    assert verdict.exit_code == 1
    assert "the tail was cut: copy far knows record 3, the journal ends at 2" in [p.says for p in verdict.problems]


async def test_a_chain_that_its_owner_wrote_anew_is_found_by_the_copy(journal: Journal) -> None:
    copy = Copy()
    write(journal, 2)
    await Copier(journal, {"far": copy}).turn("far")
    newest = list(copy.kept)[-1]
    copy.kept[newest] = replace(copy.kept[newest], hash="e" * 64)
    verdict = await verify_copies(journal.path, verify(journal.path), {"far": copy})
    assert [problem.kind for problem in verdict.problems] == ["rewritten"]


async def test_a_copy_that_cannot_be_read_is_no_proof_of_anything(journal: Journal) -> None:
    class Away(Copy):
        async def head(self, journal_id: str) -> tuple[int, str] | None:
            raise NotKept("no route to it")

    write(journal, 1)
    verdict = await verify_copies(journal.path, verify(journal.path), {"far": Away()})
    assert verdict.exit_code == 3
    assert verdict.problems[0].says == "copy far cannot be read: no route to it"
