"""The lease as a run holds it: one at a time, asked before each step, and nobody acts on one that is lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.change.lease import NotGranted, Tenure
from console.ports.protocols import LeaseState, Refused, Unclear
from plugins.memory.lease import Kept, MemoryLease


class Set:
    """A replica set that keeps a lease, and whether it has a Primary."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.leads = True

    def console(self) -> MemoryLease:
        return MemoryLease(self.kept, lambda: self.leads)


@pytest.fixture
def kept() -> Set:
    return Set()


@asynccontextmanager
async def tenure(
    store: MemoryLease, run: str = "aaaa", ttl_s: float = 60.0, words: str = "Drain app2"
) -> AsyncIterator[Tenure]:
    held = await Tenure.begin(
        store, owner="ann@one", run=run, reason="kernel", words=lambda: words, ttl_s=ttl_s, takes_over=(run,)
    )
    try:
        yield held
    finally:
        await held.end()


async def test_a_second_console_is_told_who_has_it_since_when_for_what_and_why(kept: Set) -> None:
    async with tenure(kept.console()):
        with pytest.raises(NotGranted) as refused:
            async with tenure(kept.console(), "bbbb"):
                pass
    says = str(refused.value)
    assert "ann@one has it since " in says
    assert "for: Drain app2; reason: kernel; run aaaa; it ends by itself in 60 s" in says


async def test_each_grant_has_a_fence_of_its_own_and_what_is_given_back_is_free(kept: Set) -> None:
    fences = []
    for _ in range(3):
        async with tenure(kept.console()) as held:
            fences.append(held.state.fence)
    assert fences == [1, 2, 3]


async def test_a_dead_holder_keeps_it_until_its_time_is_over_and_is_then_told_of(kept: Set) -> None:
    async with tenure(kept.console()):
        with pytest.raises(NotGranted):
            async with tenure(kept.console(), "bbbb"):
                pass
        kept.kept.pass_time(61)
        async with tenure(kept.console(), "bbbb") as taken:
            assert taken.state.fence == 2
            assert taken.state.before
            assert (taken.state.before.run, taken.state.before.says) == ("aaaa", "Drain app2")


async def test_a_run_that_is_known_to_be_dead_is_taken_over_at_once(kept: Set) -> None:
    async with tenure(kept.console(), "aaaa"), tenure(kept.console(), "aaaa") as taken:
        assert taken.state.fence == 2


async def test_a_holder_that_slept_past_its_time_finds_it_lost_once_another_has_it(kept: Set) -> None:
    async with tenure(kept.console()) as held:
        kept.kept.take_away("bob@two")
        assert "the loss of the lease: bob@two has it since" in await held.lost()
        assert "bob@two" in await held.lost()


async def test_a_holder_that_slept_and_was_not_missed_goes_on(kept: Set) -> None:
    async with tenure(kept.console()) as held:
        kept.kept.pass_time(100)
        assert await held.lost() == ""
        assert (await kept.console().look()).lease is not None


async def test_without_a_primary_it_is_ours_until_its_time_is_over_and_no_longer(kept: Set) -> None:
    async with tenure(kept.console(), ttl_s=1.0) as held:
        kept.leads = False
        assert await held.lost() == ""
        await asyncio.sleep(1.0)
        assert "could not be renewed: no member takes writes" in await held.lost()


class LostAnswers(MemoryLease):
    """Whatever is asked for does not happen, its answer is lost, and the lease is read back as it was."""

    async def renew(self, rid: str, *, ttl_s: float, says: str, changes_set: str = "") -> LeaseState:
        return self._now()


async def test_what_is_read_back_after_a_lost_answer_counts_only_as_long_as_it_stands(kept: Set) -> None:
    async with tenure(LostAnswers(kept.kept, lambda: True), ttl_s=1.0) as held:
        assert await held.lost() == ""
        assert "a lease that could not be renewed" in await held.lost("step-down db1")
        await asyncio.sleep(0.95)
        assert "a lease that could not be renewed" in await held.lost()


async def test_a_change_of_the_set_does_not_begin_while_it_cannot_be_written_down(kept: Set) -> None:
    async with tenure(kept.console()) as held:
        kept.leads = False
        assert "could not be renewed" in await held.lost("step-down db1")


async def test_a_lost_answer_is_no_grant_and_leaves_nothing_behind(kept: Set) -> None:
    kept.kept.loses_answers = True
    with pytest.raises(Unclear):
        async with tenure(kept.console()):
            pass
    kept.kept.loses_answers = False
    async with tenure(kept.console(), "bbbb") as held:
        assert held.state.fence == 2


async def test_without_a_primary_there_is_none_to_be_had(kept: Set) -> None:
    kept.leads = False
    with pytest.raises(Refused, match="no member takes writes"):
        async with tenure(kept.console()):
            pass


async def test_it_is_renewed_while_the_run_goes_on_and_its_newest_words_reach_the_others(kept: Set) -> None:
    words = ["Drain app2"]
    held = await Tenure.begin(
        kept.console(), owner="ann@one", run="aaaa", reason="kernel", words=lambda: words[0], ttl_s=1.2
    )
    began_s = time.monotonic()
    words[0] = "Drain app2: 3 sessions left"
    seen = None
    while time.monotonic() - began_s < 2.0:
        seen = (await kept.console().look()).lease
        assert seen is not None, f"ended after {time.monotonic() - began_s:.2f} s"
        await asyncio.sleep(0.05)
    assert seen
    assert seen.says == "Drain app2: 3 sessions left"
    await held.end()
    assert (await kept.console().look()).lease is None


async def test_ours_is_told_apart_from_that_of_another_console(kept: Set) -> None:
    own = kept.console()
    async with tenure(own):
        assert [(await view.look()).lease.ours for view in (own, kept.console())] == [True, False]  # type: ignore[union-attr]
