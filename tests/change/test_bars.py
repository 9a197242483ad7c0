"""Who does not stand for election after a plan, and that every console knows it before the next."""

from pathlib import Path

import pytest

from console.change.events import Outcome
from console.change.preflight import refusals
from console.change.run import Confirmation
from console.cluster.candidates import electable_after_step_down
from console.session import Session
from tests.change.memory_session import memory_session
from tests.change.test_turn import finished


async def carried_out(session: Session, action: str, target: str, **parameters: str | int) -> None:
    await session.look()
    plan = session.plan(action, target, parameters)
    words = Confirmation("a test", words=plan.confirm_words, again=True)
    assert await finished(session.start(plan, words)) is Outcome.DONE
    await session.look()


async def test_who_has_stepped_down_is_no_candidate_for_the_next_as_every_console_knows(tmp_path: Path) -> None:
    async with (
        memory_session(tmp_path / "one") as (one, _),
        memory_session(tmp_path / "two", name=one.cluster) as (two, _),
    ):
        await carried_out(one, "step-down", "db1")
        await two.look()
        whys = {candidate.member: candidate.why for candidate in electable_after_step_down(two.snapshot)}
        assert whys["db1"].startswith("stands not for ")
        assert "`unfreeze db1`" in whys["db1"]
        primary = two.snapshot.replica_set.primary
        assert primary
        await carried_out(two, "step-down", primary.name)
        last = two.snapshot.replica_set.primary
        assert last
        assert last.name not in ("db1", primary.name)
        assert "a secondary can take over: none" in refusals(two.plan("step-down", last.name).refusals)


async def test_a_freeze_is_known_until_it_is_ended(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        await carried_out(session, "freeze", "db2", seconds=600)
        await carried_out(session, "freeze", "db3", seconds=600)
        assert "db2: stands not for" in refusals(session.plan("step-down", "db1").refusals)
        await carried_out(session, "unfreeze", "db3")
        assert refusals(session.plan("step-down", "db1").refusals) == ""
        assert [bar.address for bar in session.snapshot.bars] == [session.snapshot.replica_set.members[1].address]


@pytest.mark.parametrize("action", ["drain", "maint"])
async def test_nobody_holds_out_a_server_that_has_left_its_pools(tmp_path: Path, action: str) -> None:
    async with memory_session(tmp_path) as (session, _):
        await carried_out(session, action, "app2")
        assert [hold.target for hold in session.snapshot.holds] == ["app2"]
        await carried_out(session, "remove-server", "app2")
        assert session.snapshot.holds == ()
