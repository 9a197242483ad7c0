"""The replica set's actions through the engine: members come and go, and nobody's change is lost."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from console.change.actions import members
from console.change.events import EventKind, Outcome
from console.change.plan import Step
from console.change.run import Confirmation, Run
from console.session import Session
from plugins.memory import World
from tests.change.memory_session import memory_session

FOREVER = float("inf")


async def finished(run: Run) -> Outcome:
    return await asyncio.wait_for(run.finished(), 60)


def start(session: Session, action: str, target: str, **parameters: str | int | float) -> Run:
    plan = session.plan(action, target, {name.replace("_", "-"): value for name, value in parameters.items()})
    assert not plan.refusals, plan.refusals
    return session.start(plan, Confirmation("a test", words=plan.confirm_words, again=True))


def votes(world: World) -> dict[str, int]:
    return {name: line.votes for name in world.members if (line := world.line(name))}


def last(run: Run) -> str:
    return run.events[-1].says


async def until(run: Run, step: int) -> None:
    async for event in run.follow():
        if event.step == step:
            return


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not seen within a second will not be seen."""
    monkeypatch.setattr(members, "Step", partial(Step, patience_s=1.0))
    monkeypatch.setattr(members, "RECONFIGURED_S", 1.0)


async def test_a_spare_member_joins_copies_and_votes(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.sync_s = 1.0
        run = start(session, "add-secondary", "db4")
        assert await finished(run) is Outcome.DONE, last(run)
        assert votes(world) == {"db1": 1, "db2": 1, "db3": 1, "db4": 1}
        told = [event.says for event in run.events if event.step == 2]
        assert "db4 is STARTUP2: 1.0 of 2.0 GiB, 50 %" in told
        assert not any("100 %" in says for says in told)
        snapshot = await session.look()
        assert snapshot.spare_members == ()
        assert [member.name for member in snapshot.replica_set.members] == ["db1", "db2", "db3", "db4"]


async def test_a_copy_that_does_not_end_is_a_question_and_undo_takes_the_member_out_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.sync_s = FOREVER
        run = start(session, "add-secondary", "db4", deadline=1)
        async for event in run.follow():
            if event.choices:
                assert event.choices == ("wait", "extend", "undo")
                run.decide("undo")
        assert run.outcome is Outcome.FAILED
        assert last(run).endswith("undone, it is as it was")
        assert world.members == ("db1", "db2", "db3")


async def test_a_vote_is_not_given_on_a_configuration_that_another_changed_meanwhile(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.sync_s = FOREVER
        run = start(session, "add-secondary", "db4")
        await until(run, 2)
        world.configure(replace(line, priority=3.0) if line.address == "db1:27017" else line for line in world.config)
        world._synced("db4")
        assert await finished(run) is Outcome.FAILED
        failed = next(event for event in run.events if event.kind is EventKind.FAILED)
        assert failed.says.endswith("not the one that was planned for: db1:27017 has priority 3 instead of 1")
        assert world.members == ("db1", "db2", "db3")
        line = world.line("db1")
        assert line
        assert line.priority == 3.0


async def test_a_foreign_change_before_the_yes_is_refused_with_the_difference(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        plan = session.plan("remove-member", "db3")
        world.configure(replace(line, priority=0.5) if line.address == "db2:27017" else line for line in world.config)
        run = session.start(plan, Confirmation("a test", words="db3"))
        assert await finished(run) is Outcome.REFUSED
        assert "db2:27017 in the configuration was votes 1 priority 1, is votes 1 priority 0.5" in last(run)
        assert world.commands == []


async def test_a_higher_version_alone_is_no_foreign_change(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        plan = session.plan("remove-member", "db3")
        world.configure(world.config)
        run = session.start(plan, Confirmation("a test", words="db3"))
        assert await finished(run) is Outcome.DONE, last(run)


async def test_a_removed_spare_may_join_again_with_its_data(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        for action in ("add-secondary", "remove-member", "add-secondary"):
            run = start(session, action, "db4")
            assert await finished(run) is Outcome.DONE, last(run)
            await session.look("db4")
        assert world.spares["db4"].former
        assert votes(world)["db4"] == 1


async def test_a_removed_member_that_is_no_spare_is_a_finding(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        run = start(session, "remove-member", "db3")
        assert await finished(run) is Outcome.DONE, last(run)
        snapshot = await session.look()
        [found] = [finding for finding in snapshot.findings if finding.code == "member-outside"]
        assert (found.subject, "REMOVED" in found.says) == ("db3", True)
        assert (snapshot.replica_set.votes, snapshot.replica_set.majority) == (2, 2)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("applied", "outcome", "left"), [(True, Outcome.DONE, 2), (False, Outcome.FAILED, 3)])
async def test_a_lost_answer_is_judged_by_what_is_seen(
    tmp_path: Path, applied: bool, outcome: Outcome, left: int
) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.lose_set_answers(applied=applied)
        run = start(session, "remove-member", "db3")
        assert await finished(run) is outcome
        assert EventKind.UNKNOWN in [event.kind for event in run.events]
        assert len(world.config) == left


async def test_a_refused_reconfiguration_changes_nothing_and_is_no_unknown(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_refuses = "another reconfiguration is going on; look again when it has ended"
        run = start(session, "set-priority", "db2", priority=0.5)
        assert await finished(run) is Outcome.FAILED
        assert last(run).startswith("another reconfiguration is going on")
        assert world.config_version == 1


async def test_a_priority_above_the_primarys_moves_the_role(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.takeover_s = 0.05
        run = start(session, "set-priority", "db3", priority=2)
        assert await finished(run) is Outcome.DONE, last(run)
        await asyncio.sleep(0.1)
        assert world.primary == "db3"


async def test_the_chosen_successor_leads_and_every_priority_is_as_before(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = world.config
        run = start(session, "step-down", "", to="db3")
        assert await finished(run) is Outcome.DONE, last(run)
        assert world.primary == "db3"
        assert world.config == before
        assert [event.step for event in run.events if event.kind is EventKind.PROVED] == [1, 2, 3]


async def test_a_step_down_that_is_refused_sets_the_priority_back(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = world.config
        run = start(session, "step-down", "", to="db3")
        await until(run, 1)
        world.lag("db3", 99.0)
        world.lag("db2", 99.0)
        assert await finished(run) is Outcome.FAILED
        assert world.primary == "db1"
        assert world.config == before


async def test_a_freeze_is_done_by_its_answer(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = start(session, "freeze", "db2", seconds=300)
        assert await finished(run) is Outcome.DONE, last(run)
        assert world.frozen == {"db2": 300}
        assert "a freeze cannot be read back" in next(e.says for e in run.events if e.kind is EventKind.PROVED)
        run = start(session, "unfreeze", "db2")
        assert await finished(run) is Outcome.DONE, last(run)
        assert world.frozen == {}


async def test_a_freeze_whose_answer_is_lost_is_never_called_done(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.lose_set_answers(applied=True)
        run = start(session, "freeze", "db2", seconds=300)
        assert await finished(run) is Outcome.UNKNOWN
        assert "whether it was taken cannot be read back" in last(run)
        assert world.commands[-1] == "db.adminCommand({replSetFreeze: 0})  on db2:27017"


async def test_after_a_lost_majority_the_one_that_is_left_is_forced_to_go_on(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kill("db1")
        world.kill("db3")
        await session.look()
        plan = session.plan("force-reconfigure", "db2")
        run = session.start(plan, Confirmation("a test", words=session.cluster))
        assert await finished(run) is Outcome.REFUSED
        assert "give --without-lease" in last(run)
        run = session.start(plan, Confirmation("a test", words=session.cluster, without_lease=True))
        assert await finished(run) is Outcome.DONE, last(run)
        assert (world.primary, world.members) == ("db2", ("db2",))
        assert world.commands == ["force on db2:27017: db1:27017 is missing; db3:27017 is missing"]
        world.revive("db1")
        snapshot = await session.look()
        assert [f.subject for f in snapshot.findings if f.code == "member-outside"] == ["db1"]


async def test_force_without_the_clusters_name_is_refused(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kill("db1")
        world.kill("db3")
        await session.look()
        confirmation = Confirmation("a test", words="db2", without_lease=True)
        run = session.start(session.plan("force-reconfigure", "db2"), confirmation)
        assert await finished(run) is Outcome.REFUSED
        assert f"confirm it by typing {session.cluster}" in last(run)
        assert world.commands == []
