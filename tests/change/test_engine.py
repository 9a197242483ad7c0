"""The engine: nothing without its intent, nothing done without its proof, nothing failed without its way back."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from console.change.actions import pool
from console.change.events import EventKind, Outcome
from console.change.plan import Step
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Admin
from console.session import Session
from tests.change.memory_session import memory_session

YES = Confirmation("a test")


async def finished(run: Run) -> Outcome:
    return await asyncio.wait_for(run.finished(), 30)


def last(run: Run) -> str:
    return run.events[-1].says


def kinds(run: Run) -> list[EventKind]:
    return [event.kind for event in run.events if event.kind is not EventKind.DOING]


def journalled(session: Session) -> list[str]:
    assert session.journal
    return [record.kind for record in session.journal.records()]


async def test_a_drain_reaches_every_place_and_each_intent_stands_before_its_result(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.DONE
        assert world.admins("app2") == {Admin.DRAIN}
        assert world.admins("app1") == {Admin.READY}
        step = ["step.intent", "step.result", "step.verified"]
        assert journalled(session) == ["plan.confirmed", *step, *step, "hold.begun", "plan.finished"]
        assert len(world.commands) == 4
        assert kinds(run) == [EventKind.PROVED, EventKind.PROVED, EventKind.DONE]


async def test_nothing_to_do_is_done_and_sends_nothing(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = session.start(session.plan("ready", "app2"), YES)
        assert await finished(run) is Outcome.DONE
        assert world.commands == []


async def test_a_refused_plan_sends_nothing_and_stands_in_the_journal(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kill("app1")
        world.kill("app3")
        await session.look()
        run = session.start(session.plan("drain", "app2"), Confirmation("a test", words=session.cluster))
        assert await finished(run) is Outcome.REFUSED
        assert "0 others serving, must be at least 1 other" in last(run)
        assert (world.commands, journalled(session)) == ([], ["refused"])


async def test_a_state_that_moved_after_the_plan_was_read_is_refused_with_the_difference(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        plan = session.plan("drain", "app2")
        world.balancers["lb1"].admins["app", "app2"] = Admin.DRAIN
        run = session.start(plan, YES)
        assert await finished(run) is Outcome.REFUSED
        assert "lb1: app/app2 was ready, check up, is drain, check up" in last(run)
        assert world.commands == []


async def test_a_degraded_plan_without_its_words_is_refused(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kill("app3")
        await session.look()
        plan = session.plan("drain", "app2")
        assert plan.confirm_words == "app2"
        assert await finished(session.start(plan, YES)) is Outcome.REFUSED
        assert await finished(session.start(plan, Confirmation("x", words="app1"))) is Outcome.REFUSED
        assert world.commands == []
        assert await finished(session.start(plan, Confirmation("x", words="app2"))) is Outcome.DONE


async def test_a_yes_for_another_plan_is_refused(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = session.start(session.plan("drain", "app2"), Confirmation("x", plan_hash="0123456789abcdef"))
        assert await finished(run) is Outcome.REFUSED
        assert world.commands == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not seen within a second will not be seen."""
    monkeypatch.setattr(pool, "Step", partial(Step, patience_s=1.0))


async def test_when_the_second_balancer_refuses_both_are_as_they_were(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.refuse("lb2")
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.FAILED
        assert world.admins("app2") == {Admin.READY}
        assert kinds(run) == [EventKind.FAILED, EventKind.UNDOING, EventKind.UNDONE, EventKind.FAILED]
        assert last(run) == "lb2: Permission denied; undone, it is as it was"
        step = ["step.intent", "step.result", "step.undo", "step.result", "step.undone"]
        assert journalled(session) == ["plan.confirmed", *step, "plan.finished"]


async def test_an_undo_that_is_refused_too_is_unknown_and_says_where(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.refuse("lb2")
        run = session.start(session.plan("drain", "app2"), YES)
        async for event in run.follow():
            if event.kind is EventKind.FAILED and event.step:
                world.refuse("lb1")
        assert await finished(run) is Outcome.UNKNOWN
        assert "step 1 could not be undone: lb1: Permission denied; lb1: app/app2 is drain" in last(run)


async def test_a_lost_answer_is_unknown_until_what_was_sent_is_seen(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.lose_answers("lb1", applied=True)
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.DONE
        assert kinds(run) == [EventKind.UNKNOWN, EventKind.PROVED, EventKind.PROVED, EventKind.DONE]
        assert world.admins("app2") == {Admin.DRAIN}


@pytest.mark.usefixtures("impatient")
async def test_a_lost_answer_to_what_never_happened_is_undone_everywhere(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.lose_answers("lb1", applied=False)
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.FAILED
        assert world.admins("app2") == {Admin.READY}
        assert kinds(run)[:2] == [EventKind.UNKNOWN, EventKind.FAILED]
        assert last(run).endswith("lb1: app/app2 is ready, not yet drain; undone, it is as it was")


async def test_a_second_change_while_one_runs_is_refused_with_what_runs(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        first = session.start(session.plan("drain", "app2"), YES)
        await asyncio.sleep(0.5)
        second = session.start(session.plan("drain", "app1"), YES)
        assert await finished(second) is Outcome.REFUSED
        assert last(second) == "another change is running: Drain app2"
        first.stop("the test")
        await finished(first)


async def test_another_console_on_the_same_journal_is_refused_too(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (one, world), memory_session(tmp_path, name=one.cluster) as (two, _):
        world.set_sessions("app2", 1)
        first = one.start(one.plan("drain", "app2"), YES)
        await asyncio.sleep(0.5)
        second = two.start(two.plan("drain", "app1"), YES)
        assert await finished(second) is Outcome.REFUSED
        assert "drain app2" in last(second)
        first.stop("the test")
        await finished(first)


async def test_a_read_only_session_changes_nothing(tmp_path: Path) -> None:
    async with memory_session(tmp_path, read_only=True) as (session, world):
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.REFUSED
        assert "read-only" in last(run)
        assert world.commands == []


async def test_a_journal_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        (tmp_path / "journal.sqlite3").unlink()
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.REFUSED
        assert "nothing was changed: journal" in last(run)
        assert world.commands == []


async def test_a_journal_that_others_can_read_is_not_written_and_changes_nothing(tmp_path: Path) -> None:
    async with memory_session(tmp_path):
        pass
    (tmp_path / "journal.sqlite3").chmod(0o644)
    async with memory_session(tmp_path) as (session, world):
        assert session.read_only
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.REFUSED
        assert "has mode 0644; chmod 600" in last(run)
        assert (world.commands, world.admins("app2")) == ([], {Admin.READY})


async def test_a_plan_leaves_a_trace_of_who_ran_it_and_why(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        run = session.start(session.plan("drain", "app2"), Confirmation("kernel 6.18"))
        await finished(run)
        assert session.journal
        confirmed = next(iter(session.journal.records()))
        assert (confirmed.reason, confirmed.target, confirmed.plan_hash) == ("kernel 6.18", "app2", run.plan.hash)
