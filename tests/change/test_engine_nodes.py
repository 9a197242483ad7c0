"""A node that is turned: out of its work, proved by what is read inside it; and where it stays when it fails."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from console.change import expectation
from console.change.actions import node, resize
from console.change.events import EventKind, Outcome
from console.change.plan import Step
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Admin, Size
from console.session import Session
from plugins.memory import World
from tests.change.memory_session import memory_session

GIB = 2**30


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not seen within three seconds will not be seen."""

    def quick(**fields: object) -> Step:
        return replace(Step(**fields), patience_s=3.0)  # type: ignore[arg-type]

    monkeypatch.setattr(node, "Step", quick)
    monkeypatch.setattr(resize, "Step", quick)


async def carried_out(session: Session, action: str, target: str, **given: str | int | float) -> tuple[Outcome, Run]:
    plan = session.plan(action, target, given)
    run = session.start(plan, Confirmation("a test", words=plan.confirm_words))
    return await asyncio.wait_for(run.finished(), 60), run


def turned(world: World) -> list[str]:
    return [command for command in world.commands if "systemctl" in command or "resize" in command]


async def test_a_server_is_resized_while_it_is_out_of_every_pool_and_is_back_afterwards(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        outcome, _ = await carried_out(session, "resize", "app2", cpus=4.0)
        assert outcome is Outcome.DONE
        assert world.sizes["app2"].cpus == 4.0
        assert world.admins("app2") == {Admin.READY}
        stopped = world.commands.index("app2: systemctl stop app2")
        assert all("state ready" not in command for command in world.commands[:stopped])
        assert turned(world) == [
            "app2: systemctl stop app2",
            "app2: resize cpus=4.0",
            "app2: systemctl start app2",
        ]


async def test_the_primary_hands_over_and_comes_back_as_a_secondary_of_the_new_size(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        outcome, run = await carried_out(session, "resize", "db1", memory=8 * GIB)
        assert outcome is Outcome.DONE, run.events[-1].says
        assert world.primary != "db1"
        assert world.sizes["db1"] == Size(cpus=2.0, memory_bytes=8 * GIB, cache_bytes=resize.cache_for(8 * GIB))


async def test_a_size_that_was_promised_and_not_taken_is_found_and_everything_is_undone(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.ignores_sizes.add("app2")
        outcome, run = await carried_out(session, "resize", "app2", cpus=4.0)
        assert outcome is Outcome.FAILED
        assert "app2 has 2 cpus, 4 GiB of memory, 8 workers, not yet 4 cpus" in run.events[-1].says
        assert world.admins("app2") == {Admin.READY}
        assert "app2" not in world.stopped


async def test_who_is_needed_by_then_is_not_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectation, "PATIENCE_S", 0.5)
    async with memory_session(tmp_path) as (session, world):
        world.election_s = 0.2
        handed_over = world.follow()
        running = asyncio.create_task(carried_out(session, "restart", "db1"))
        await asyncio.wait_for(handed_over.wait(), 10)
        world.kill("db3")
        outcome, run = await running
        assert outcome is Outcome.UNKNOWN  # the step-down stays
        assert turned(world) == ["db1: systemctl start db1"]  # the undo of a stop, of which there was none
        assert "step 2 was not begun: db3 would be needed without db1" in run.events[-1].says


async def test_a_slow_stop_has_the_time_of_its_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.change.engine.OP_DEADLINE_S", 0.1)
    async with memory_session(tmp_path) as (session, world):
        world.turns_in_s = 0.5
        outcome, run = await carried_out(session, "restart", "db2")
        assert outcome is Outcome.DONE, run.events[-1].says
        assert EventKind.UNKNOWN not in [event.kind for event in run.events]


async def test_a_server_that_does_not_start_again_stays_out_of_the_pools_and_that_is_said(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.will_not_start.add("app2")
        outcome, run = await carried_out(session, "restart", "app2")
        assert outcome is Outcome.UNKNOWN
        assert world.admins("app2") == {Admin.MAINT}
        assert "app2: job failed, see its log" in run.events[-1].says
        assert "step 4 could not be undone" in run.events[-1].says
