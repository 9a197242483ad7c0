"""What the engine waits for: sessions that end, a choice when they do not, a new Primary, a stop."""

import asyncio
import re
from pathlib import Path

import pytest

from console.change.events import Event, EventKind, Outcome
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Admin
from tests.change.memory_session import memory_session

YES = Confirmation("a test")
ASKS = ("wait", "extend", "end-sessions", "undo")


async def finished(run: Run) -> Outcome:
    return await asyncio.wait_for(run.finished(), 30)


async def question(run: Run, number: int = 1) -> Event:
    """The nth question of a run."""
    async for event in run.follow():
        if event.choices:
            number -= 1
            if not number:
                return event
    raise AssertionError(f"{run.events[-1].says}, and no such question")


async def beginning(run: Run, step: int) -> None:
    """Until a step is being done."""
    async for event in run.follow():
        if event.step == step:
            return


async def test_sessions_left_at_the_deadline_are_a_question_and_undo_answers_it(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 3)
        run = session.start(session.plan("drain", "app2", {"deadline": 1}), YES)
        asked = await question(run)
        assert (asked.step, asked.choices) == (2, ASKS)
        assert asked.says.startswith("12 sessions left (6 on lb1, 6 on lb2) after 1 s")
        run.decide("undo")
        assert await finished(run) is Outcome.FAILED
        assert run.events[-1].says.endswith("undone, it is as it was")
        assert world.admins("app2") == {Admin.READY}


async def test_sessions_that_are_left_can_be_ended(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 3)
        run = session.start(session.plan("drain", "app2", {"deadline": 1}), YES)
        await question(run)
        run.decide("end-sessions")
        assert await finished(run) is Outcome.DONE
        assert world.admins("app2") == {Admin.DRAIN}
        assert world.commands[4:] == [
            f"{balancer}: shutdown sessions server {backend}/app2"
            for balancer in ("lb1", "lb2")
            for backend in ("app", "web")
        ]


async def test_to_wait_is_to_be_asked_no_more(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("drain", "app2", {"deadline": 1}), YES)
        await question(run)
        run.decide("wait")
        await asyncio.sleep(1.5)
        assert run.outcome is None
        world.set_sessions("app2", 0)
        assert await finished(run) is Outcome.DONE
        assert len([event for event in run.events if event.choices]) == 1


async def test_to_extend_is_to_be_asked_again_after_the_same_time(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("drain", "app2", {"deadline": 1}), YES)
        first = await question(run)
        run.decide("extend")
        second = await question(run, 2)
        assert (second.at - first.at).total_seconds() > 0.9
        world.set_sessions("app2", 0)
        assert await finished(run) is Outcome.DONE


async def test_a_word_that_is_no_choice_is_not_taken(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("drain", "app2", {"deadline": 1}), YES)
        await question(run)
        run.decide("force")
        await asyncio.sleep(0.3)
        assert run.outcome is None
        run.decide("undo")
        assert await finished(run) is Outcome.FAILED


async def test_sessions_that_end_while_the_question_stands_answer_it(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("drain", "app2", {"deadline": 1}), YES)
        await question(run)
        world.set_sessions("app2", 0)
        assert await finished(run) is Outcome.DONE


@pytest.mark.parametrize(("choice", "outcome"), [("end-sessions", Outcome.DONE), ("undo", Outcome.FAILED)])
async def test_a_choice_made_beforehand_is_not_asked_for(tmp_path: Path, choice: str, outcome: Outcome) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("drain", "app2", {"deadline": 1, "at-deadline": choice}), YES)
        assert await finished(run) is outcome
        assert not [event for event in run.events if event.choices]


@pytest.mark.parametrize("at_the_question", [False, True])
async def test_a_stop_ends_a_wait_at_once_and_says_what_stays(tmp_path: Path, at_the_question: bool) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("maint", "app2", {"deadline": 1 if at_the_question else 60}), YES)
        await (question(run) if at_the_question else beginning(run, 2))
        run.stop("SIGHUP")
        assert await asyncio.wait_for(run.finished(), 1) is Outcome.PARTIAL
        assert run.events[-1].says.startswith(
            "stopped by SIGHUP after step 1 of 3; what was done stays; `journal resume "
        )
        assert world.admins("app2") == {Admin.DRAIN}
        assert session.journal
        assert [record.kind for record in session.journal.records()][-2:] == ["session.lost", "plan.finished"]
        assert session.journal.unfinished() == []


async def test_a_reload_that_forgets_the_drain_is_no_end_of_the_wait(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("drain", "app2", {"deadline": 1}), YES)
        await beginning(run, 2)
        world.reload("lb1")
        world.set_sessions("app2", 0)
        asked = await question(run)
        assert asked.says.startswith("lb1: app/app2 is ready again and takes new traffic")
        run.decide("undo")
        assert await finished(run) is Outcome.FAILED
        assert world.admins("app2") == {Admin.READY}


async def test_a_step_down_is_proved_by_a_higher_term_that_all_see(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = session.start(session.plan("step-down", ""), YES)
        assert await finished(run) is Outcome.DONE
        assert (world.primary, world.term) == ("db2", 2)
        [proved] = [event.says for event in run.events if event.kind is EventKind.PROVED]
        assert re.fullmatch(
            r"db2 is Primary in term 2, seen by 3 members; no Primary for \d+ ms as seen from here", proved
        )


async def test_a_step_down_that_the_server_refuses_changes_nothing(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.lag("db2", 8.0)
        world.lag("db3", 8.0)
        await session.look()
        run = session.start(session.plan("step-down", "", {"catch-up": 1}), YES)
        assert await finished(run) is Outcome.FAILED
        assert run.events[-1].says == "MongoDB refused: No electable secondaries caught up; nothing was changed"
        assert (world.primary, world.term) == ("db1", 1)


@pytest.mark.parametrize(("applied", "outcome"), [(True, Outcome.DONE), (False, Outcome.FAILED)])
async def test_a_lost_answer_to_a_step_down_is_judged_by_what_is_seen_and_never_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, applied: bool, outcome: Outcome
) -> None:
    monkeypatch.setattr("console.change.actions.step_down.PROOF_S", 1.5)
    async with memory_session(tmp_path) as (session, world):
        world.lose_step_down_answer(applied=applied)
        run = session.start(session.plan("step-down", ""), YES)
        assert await finished(run) is outcome
        assert len(world.commands) == 1
        assert EventKind.UNKNOWN in [event.kind for event in run.events]
        assert applied or run.events[-1].says.endswith("db1 is still Primary in term 1; nothing was changed")
