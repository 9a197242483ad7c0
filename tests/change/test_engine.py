"""The engine: nothing without its intent, nothing done without its proof, nothing failed without its way back."""

import asyncio
from pathlib import Path

import pytest

from console.change.events import EventKind, Outcome
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
        assert journalled(session) == ["plan.confirmed", *step, *step, "plan.finished"]
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


async def test_when_the_second_balancer_refuses_the_first_is_undone(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.balancers["lb2"].refuses = "Permission denied"
        run = session.start(session.plan("drain", "app2"), YES)
        outcome = await finished(run)
        assert world.balancers["lb1"].admins["app", "app2"] is Admin.READY
        assert outcome is Outcome.UNKNOWN  # the undo on lb2 was refused as well, and that is said
        assert "Permission denied" in last(run)


async def test_a_refusal_that_passes_is_undone_on_all(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.balancers["lb2"].refuses = "busy"
        run = session.start(session.plan("drain", "app2"), YES)
        async for event in run.follow():
            if event.kind is EventKind.FAILED:
                world.balancers["lb2"].refuses = ""
        assert await finished(run) is Outcome.FAILED
        assert world.admins("app2") == {Admin.READY}
        assert kinds(run) == [EventKind.FAILED, EventKind.UNDOING, EventKind.UNDONE, EventKind.FAILED]
        assert last(run) == "busy; undone, it is as it was"


async def test_a_lost_answer_is_unknown_until_what_was_sent_is_seen(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.balancers["lb2"].admins["app", "app2"] = Admin.DRAIN
        world.balancers["lb1"].admins = {**world.balancers["lb1"].admins, ("web", "app2"): Admin.DRAIN}
        world.balancers["lb2"].admins["web", "app2"] = Admin.DRAIN
        await session.look()
        world.balancers["lb1"].loses_answers = True  # after the one place that was missing
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.DONE
        assert kinds(run)[:2] == [EventKind.UNKNOWN, EventKind.PROVED]


@pytest.mark.parametrize(
    ("choice", "outcome", "admin"),
    [
        ("undo", Outcome.FAILED, Admin.READY),
        ("end-sessions", Outcome.DONE, Admin.DRAIN),
    ],
)
async def test_sessions_left_at_the_deadline_are_a_question(
    tmp_path: Path, choice: str, outcome: Outcome, admin: Admin
) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.sessions["app2"] = 3
        run = session.start(session.plan("drain", "app2", {"deadline": 1}), YES)
        async for event in run.follow():
            if event.choices:
                assert event.choices == ("wait", "extend", "end-sessions", "undo")
                assert event.says.startswith("12 sessions left (6 on lb1, 6 on lb2) after 1 s")
                run.decide(choice)
        assert await finished(run) is outcome
        assert world.admins("app2") == {admin}


@pytest.mark.parametrize("choice", ["wait", "extend"])
async def test_waiting_on_goes_on_until_the_sessions_have_ended(tmp_path: Path, choice: str) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.sessions["app2"] = 1
        run = session.start(session.plan("drain", "app2", {"deadline": 1, "at-deadline": choice}), YES)
        await asyncio.sleep(2.5)
        assert run.outcome is None
        world.sessions["app2"] = 0
        assert await finished(run) is Outcome.DONE


async def test_a_stop_ends_a_wait_at_once_and_says_what_stays(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.sessions["app2"] = 1
        run = session.start(session.plan("maint", "app2"), YES)
        await asyncio.sleep(1)
        run.stop("SIGHUP")
        assert await finished(run) is Outcome.PARTIAL
        assert last(run) == "stopped by SIGHUP after step 1 of 3; what was done stays"
        assert world.admins("app2") == {Admin.DRAIN}
        assert journalled(session)[-2:] == ["session.lost", "plan.finished"]


async def test_a_second_change_while_one_runs_is_refused_with_what_runs(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.sessions["app2"] = 1
        first = session.start(session.plan("drain", "app2"), YES)
        await asyncio.sleep(0.5)
        second = session.start(session.plan("drain", "app1"), YES)
        assert await finished(second) is Outcome.REFUSED
        assert last(second) == "another change is running: Drain app2"
        first.stop("the test")
        await finished(first)


async def test_another_console_on_the_same_journal_is_refused_too(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (one, world), memory_session(tmp_path) as (two, _):
        world.sessions["app2"] = 1
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


async def test_a_step_down_is_proved_by_a_higher_term_that_all_see(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = session.start(session.plan("step-down", ""), YES)
        assert await finished(run) is Outcome.DONE
        assert (world.primary, world.term) == ("db2", 2)
        assert "db2 is Primary in term 2, seen by 3 members" in [event.says for event in run.events]


@pytest.mark.parametrize(("answer", "outcome"), [("lost", Outcome.DONE), ("dropped", Outcome.FAILED)])
async def test_a_lost_answer_to_a_step_down_is_judged_by_what_is_seen_and_never_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, outcome: Outcome
) -> None:
    monkeypatch.setattr("console.change.actions.step_down.PROOF_S", 1.5)
    async with memory_session(tmp_path) as (session, world):
        world.step_down_answer = answer
        run = session.start(session.plan("step-down", ""), YES)
        assert await finished(run) is outcome
        assert world.commands == ["step down db1:27017"]
        if outcome is Outcome.FAILED:
            assert last(run).endswith("nothing was changed")


async def test_a_plan_leaves_a_trace_of_who_ran_it_and_why(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        run = session.start(session.plan("drain", "app2"), Confirmation("kernel 6.18"))
        await finished(run)
        assert session.journal
        confirmed = next(iter(session.journal.records()))
        assert (confirmed.reason, confirmed.target, confirmed.plan_hash) == ("kernel 6.18", "app2", run.plan.hash)
