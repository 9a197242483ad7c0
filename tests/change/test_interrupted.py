"""A run that was killed at any point: found, looked at again, and brought to its end, back, or marked as done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.change.events import Outcome
from console.change.journal import Journal, Record
from console.change.plan import PlanError
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Admin, Hold
from console.session import Session
from plugins.memory import WORLDS, World
from plugins.memory.lease import MemoryLease
from tests.change.memory_session import memory_session

YES = Confirmation("a test")
HOLD = Hold(
    target="app2",
    admin=Admin.MAINT,
    owner="ann@one",
    reason="kernel",
    since=datetime(2026, 11, 23, tzinfo=UTC),
    until=None,
)
RECORDS = 12
"""Of a maint that is done: confirmed, three steps of three, the hold, finished."""
RESTART_RECORDS = 20
"""Of a restart that is done: confirmed, six steps of three, finished."""


WHOLE: dict[str, "Whole"] = {}
"""By action: to carry it out once is enough, the world and the journal are made anew from it."""


async def finished(run: Run) -> Outcome:
    return await asyncio.wait_for(run.finished(), 30)


def last(run: Run) -> str:
    return run.events[-1].says


@pytest.fixture(autouse=True)
def quick_and_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions end at once, and whoever wrote the journal before is dead."""
    monkeypatch.setattr("console.change.journal.unfinished.alive", lambda body: False)


@dataclass(frozen=True)
class Whole:
    """A run that came to its end, and what it sent."""

    world: str
    records: list[Record]
    commands: list[str]


async def whole(state_dir: Path, action: str, target: str) -> Whole:
    async with memory_session(state_dir) as (session, world):
        run = session.start(session.plan(action, target), YES)
        assert await finished(run) is Outcome.DONE
        assert session.journal
        return Whole(session.cluster, list(session.journal.records()), list(world.commands))


def written(state_dir: Path, cluster: str, records: list[Record]) -> None:
    """A journal that holds these records and no more."""
    journal = Journal.open(state_dir, cluster)
    for record in records:
        names = ("run", "action", "target", "step", "outcome", "reason", "plan_hash", "detail")
        fields: dict[str, Any] = {name: getattr(record, name) for name in names}
        journal.append_now(record.kind, **fields)
    journal.close()


def sent(records: list[Record], *, newest_applied: bool) -> list[str]:
    """What had gone out by then; whether the newest, whose answer is not there, had its effect, nobody wrote down."""
    intents = [record for record in records if record.kind == "step.intent"]
    if records[-1].kind == "step.intent" and not newest_applied:
        intents.pop()
    return [line for intent in intents for line in str(intent.detail["command"]).splitlines()]


def tell(world: World, command: str) -> None:
    """Carry out a command of a balancer or of a service, as it stands in the journal."""
    balancer, _, words = command.partition(": ")
    if words.startswith("systemctl"):
        return turn(world, *words.split()[1:])
    _, _, place, _, admin = words.split()
    backend, server = place.split("/")
    world.balancers[balancer].admins[backend, server] = Admin(admin)


def turn(world: World, verb: str, name: str) -> None:
    (world.stopped.add if verb == "stop" else world.stopped.discard)(name)
    (world.kill if verb == "stop" else world.revive)(name)


@asynccontextmanager
async def killed(
    tmp_path: Path, after: int, *, applied: bool = True, action: str = "maint"
) -> AsyncIterator[tuple[Session, World, str]]:
    """A new console on the cluster and the journal that a kill after so many records left."""
    run = WHOLE[action] = WHOLE.get(action) or await whole(tmp_path / "whole", action, "app2")
    left = run.records[:after]
    WORLDS[run.world] = World()
    for command in sent(left, newest_applied=applied):
        tell(WORLDS[run.world], command)
    written(tmp_path / "killed", run.world, left)
    async with memory_session(tmp_path / "killed", name=run.world) as (session, world):
        yield session, world, run.records[0].run or ""


async def test_a_restart_that_is_done_has_so_many_records(tmp_path: Path) -> None:
    assert len((await whole(tmp_path, "restart", "app2")).records) == RESTART_RECORDS


async def test_a_maint_that_is_done_has_so_many_records(tmp_path: Path) -> None:
    assert len((await whole(tmp_path, "maint", "app2")).records) == RECORDS


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not-applied"])
@pytest.mark.parametrize("after", range(1, RECORDS))
async def test_a_kill_after_any_record_is_resumed_to_the_end(tmp_path: Path, after: int, applied: bool) -> None:
    async with killed(tmp_path, after, applied=applied) as (session, world, run):
        assert [left.run for left in session.unfinished()] == [run]
        resumed = session.resume(run, Confirmation("go on"))
        assert await finished(resumed) is Outcome.DONE, last(resumed)
        assert world.admins("app2") == {Admin.MAINT}
        assert world.admins("app1") == {Admin.READY}
        assert session.unfinished() == []
        assert [hold.target for hold in (await session.look()).holds] == ["app2"]


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not-applied"])
@pytest.mark.parametrize("after", range(1, RECORDS))
async def test_a_kill_after_any_record_is_undone_to_the_beginning(tmp_path: Path, after: int, applied: bool) -> None:
    async with killed(tmp_path, after, applied=applied) as (session, world, run):
        undone = session.undo(run, Confirmation("go back"))
        assert await finished(undone) is Outcome.DONE, last(undone)
        assert world.admins("app2") == {Admin.READY}
        assert session.unfinished() == []


async def test_what_is_undone_is_no_longer_held_out(tmp_path: Path) -> None:
    async with killed(tmp_path, RECORDS - 1) as (session, world, run):
        await MemoryLease(world.kept, lambda: True).hold(HOLD)
        assert await finished(session.undo(run, YES)) is Outcome.DONE
        assert (await session.look()).holds == ()


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not-applied"])
@pytest.mark.parametrize("after", range(8, RESTART_RECORDS))
async def test_a_restart_that_was_killed_leaves_no_server_standing(tmp_path: Path, after: int, applied: bool) -> None:
    async with killed(tmp_path, after, applied=applied, action="restart") as (session, world, run):
        resumed = session.resume(run, Confirmation("go on"))
        assert await finished(resumed) is Outcome.DONE, last(resumed)
        assert world.admins("app2") == {Admin.READY}
        assert world.stopped == set()
        assert session.unfinished() == []


async def test_a_restart_that_was_killed_goes_back_too(tmp_path: Path) -> None:
    async with killed(tmp_path, 13, action="restart") as (session, world, run):
        assert world.stopped == {"app2"}
        undone = session.undo(run, Confirmation("go back"))
        assert await finished(undone) is Outcome.DONE, last(undone)
        assert world.admins("app2") == {Admin.READY}
        assert world.stopped == set()


async def test_what_had_its_effect_is_not_sent_again(tmp_path: Path) -> None:
    async with killed(tmp_path, 9, applied=True) as (session, world, run):
        assert await finished(session.resume(run, YES)) is Outcome.DONE
        assert world.commands == []


async def test_the_steps_are_told_as_they_are_seen_before_anything_is_done(tmp_path: Path) -> None:
    async with killed(tmp_path, 8, applied=False) as (session, _, run):
        resumed = session.resume(run, YES)
        await finished(resumed)
        first, second, third = [event.says for event in resumed.events[:3]]
        assert first.startswith("drain app2 on every balancer: applied: app2 is drain on")
        assert second.startswith("wait until no session is left on app2: applied: no session left")
        assert third.startswith("put app2 into maintenance on every balancer: not applied: ")
        assert session.journal
        found = [r.detail["found"] for r in session.journal.records() if r.kind == "step.reconciled"]
        assert found == ["applied", "applied", "not applied"]


async def test_an_unfinished_run_keeps_others_from_its_target_and_says_the_ways_out(tmp_path: Path) -> None:
    async with killed(tmp_path, 3) as (session, world, run):
        refused = session.start(session.plan("ready", "app2"), YES)
        assert await finished(refused) is Outcome.REFUSED
        assert f"run {run}: maint app2 by " in last(refused)
        assert f"`watchkeeper journal resume {run}` goes on, `undo {run}` goes back, `close {run}`" in last(refused)
        assert world.commands == []
        other = session.start(session.plan("drain", "app1"), Confirmation("x", words="app1"))
        assert await finished(other) is Outcome.DONE


async def test_what_is_closed_keeps_nobody_from_anything_and_stands_in_the_journal(tmp_path: Path) -> None:
    async with killed(tmp_path, 3) as (session, _, run):
        await session.close_run(run, "the server is gone")
        assert session.unfinished() == []
        assert session.journal
        [closed] = [record for record in session.journal.records() if record.kind == "plan.abandoned"]
        assert (closed.run, closed.target, closed.reason) == (run, "app2", "the server is gone")
        assert await finished(session.start(session.plan("ready", "app2"), YES)) is Outcome.DONE
        with pytest.raises(PlanError, match="has ended: abandoned"):
            session.resume(run, YES)


async def test_a_degraded_plan_is_resumed_only_with_its_words(tmp_path: Path) -> None:
    async with memory_session(tmp_path / "whole") as (session, world):
        world.kill("app3")
        await session.look()
        done = session.start(session.plan("drain", "app2"), Confirmation("x", words="app2"))
        assert await finished(done) is Outcome.DONE
        assert session.journal
        records, cluster = list(session.journal.records())[:2], session.cluster
    WORLDS[cluster] = World()
    WORLDS[cluster].health = world.health
    written(tmp_path / "killed", cluster, records)
    async with memory_session(tmp_path / "killed", name=cluster) as (session, _):
        refused = session.resume(done.id, YES)
        assert await finished(refused) is Outcome.REFUSED
        assert "confirm it by typing app2" in last(refused)
        assert await finished(session.resume(done.id, Confirmation("x", words="app2"))) is Outcome.DONE


async def test_what_must_hold_is_asked_again_before_a_run_goes_on(tmp_path: Path) -> None:
    async with killed(tmp_path, 2, applied=False) as (session, world, run):
        world.kill("app1")
        world.kill("app3")
        refused = session.resume(run, YES)
        assert await finished(refused) is Outcome.REFUSED
        assert "0 others serving, must be at least 1 other" in last(refused)
        assert world.admins("app2") == {Admin.READY}
        assert [left.run for left in session.unfinished()] == [run]


async def test_a_kill_while_it_is_resumed_is_found_again(tmp_path: Path) -> None:
    async with killed(tmp_path, 3) as (session, world, run):
        world.set_sessions("app2", 1)
        resumed = session.resume(run, YES)
        async for event in resumed.follow():
            if event.step == 2 and "sessions left" in event.says:
                break
        assert [left.run for left in session.unfinished()] == [run]
        resumed.stop("the test")
        assert await finished(resumed) is Outcome.PARTIAL


async def test_a_run_that_was_stopped_keeps_nobody_from_anything_and_can_still_go_on_or_back(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        for way, admin in (("undo", Admin.READY), ("resume", Admin.MAINT)):
            world.set_sessions("app2", 1)
            run = session.start(session.plan("maint", "app2"), YES)
            async for event in run.follow():
                if event.step == 2:
                    break
            run.stop("SIGHUP")
            assert await finished(run) is Outcome.PARTIAL
            assert f"`journal resume {run.id}` goes on, `journal undo {run.id}` goes back" in last(run)
            assert session.unfinished() == []
            world.set_sessions("app2", 0)
            assert await finished(getattr(session, way)(run.id, YES)) is Outcome.DONE
            assert world.admins("app2") == {admin}


async def test_an_unknown_result_keeps_others_from_its_target_until_somebody_has_looked(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.refuse("lb2")
        run = session.start(session.plan("drain", "app2"), YES)
        async for event in run.follow():
            if event.kind == "failed" and event.step:
                world.refuse("lb1")
        assert await finished(run) is Outcome.UNKNOWN
        for balancer in ("lb1", "lb2"):
            world.refuse(balancer, "")
        assert [left.ended for left in session.unfinished()] == ["unknown"]
        refused = session.start(session.plan("ready", "app2"), YES)
        assert await finished(refused) is Outcome.REFUSED
        assert "has ended: unknown" in last(refused)
        assert await finished(session.undo(run.id, YES)) is Outcome.DONE
        assert world.admins("app2") == {Admin.READY}
        assert session.unfinished() == []


@pytest.mark.parametrize("applied", [True, False])
async def test_a_step_down_that_was_killed_is_done_or_sent_once_more(tmp_path: Path, applied: bool) -> None:
    run = await whole(tmp_path / "whole", "step-down", "")
    WORLDS[run.world] = World()
    written(tmp_path / "killed", run.world, run.records[:2])
    async with memory_session(tmp_path / "killed", name=run.world) as (session, world):
        if applied:
            await world.hand_over("db2")
        id = run.records[0].run or ""
        assert await finished(session.resume(id, YES)) is Outcome.DONE
        assert world.term == 2
        assert len(world.commands) == (0 if applied else 1)


async def test_a_step_down_that_happened_is_not_undone_and_says_why(tmp_path: Path) -> None:
    run = await whole(tmp_path / "whole", "step-down", "")
    WORLDS[run.world] = World()
    written(tmp_path / "killed", run.world, run.records[:2])
    async with memory_session(tmp_path / "killed", name=run.world) as (session, world):
        await world.hand_over("db2")
        undone = session.undo(run.records[0].run or "", YES)
        assert await finished(undone) is Outcome.REFUSED
        assert "step 1 is applied and has no undo: only a new step-down moves the Primary back" in last(undone)


async def test_an_unknown_run_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    async with killed(tmp_path, 3) as (session, _, run):
        with pytest.raises(PlanError, match=f"no run 'ffff' on .* unfinished are: {run}"):
            session.resume("ffff", YES)


async def test_a_plan_that_the_journal_does_not_have_whole_can_only_be_closed(tmp_path: Path) -> None:
    run = await whole(tmp_path / "whole", "drain", "app2")
    WORLDS[run.world] = World()
    confirmed = run.records[0]
    written(tmp_path / "killed", run.world, [confirmed])
    async with memory_session(tmp_path / "killed", name=run.world) as (session, _):
        assert session.journal
        await session.journal.append(
            "plan.confirmed", run="0ld", action="drain", target="app3", detail={"steps": 2}, plan_hash="77"
        )
        with pytest.raises(PlanError, match="then `watchkeeper journal close 0ld`"):
            session.undo("0ld", YES)
        await session.close_run("0ld", "looked at")
