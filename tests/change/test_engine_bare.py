"""Beside a balancer that drains and checks, one that does neither: what there is not is not waited for, nor claimed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from console.change.actions import add_server, node, pool, ready, remove_server
from console.change.events import Outcome
from console.change.plan import Step
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Admin, Health
from console.session import Session
from plugins.memory import World
from tests.change.memory_session import memory_session

YES = Confirmation("a test")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not seen within some seconds will not be seen."""
    for module in (add_server, node, pool, ready, remove_server):
        monkeypatch.setattr(module, "Step", _quick_step)


def _quick_step(**fields: Any) -> Step:
    return Step(**{**fields, "steady_s": min(fields.get("steady_s", 0.0), 0.2), "patience_s": 2.0})


async def bare(session: Session, world: World, *balancers: str) -> None:
    for name in balancers:
        world.balancers[name].bare = True
    await session.look("app2")


async def finished(run: Run) -> Outcome:
    return await asyncio.wait_for(run.finished(), 60)


def told(world: World, balancer: str) -> list[str]:
    return [command.removeprefix(f"{balancer}: ") for command in world.commands if command.startswith(balancer)]


async def test_a_server_of_a_mixed_set_is_drained_where_it_can_be_and_in_maintenance_everywhere(
    tmp_path: Path,
) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, "lb2")
        plan = session.plan("maint", "app2")
        assert not plan.refusals
        assert [step.does for step in plan.steps] == [
            "drain app2 on lb1",
            "wait until no session is left on app2",
            "put app2 into maintenance on every balancer",
        ]
        assert [note for note in plan.notes if note.startswith("No drain and no wait in app on lb2 and web on lb2")]
        assert await finished(session.start(plan, YES)) is Outcome.DONE
        assert world.admins("app2") == {Admin.MAINT}
        assert told(world, "lb2") == ["set server app/app2 state maint", "set server web/app2 state maint"]


async def test_where_nothing_drains_maintenance_is_one_step(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, "lb1", "lb2")
        run = session.start(session.plan("maint", "app2"), YES)
        assert await finished(run) is Outcome.DONE
        assert len(run.plan.steps) == 1


async def test_a_drain_that_one_balancer_has_not_is_refused_with_what_does_nearly_the_same(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, "lb2")
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.REFUSED
        assert "lb2 drains servers in app: it has no drain; `maint app2` sends it no new client" in run.events[-1].says
        assert world.commands == []


@pytest.mark.parametrize("balancers", [("lb2",), ("lb1", "lb2")])
async def test_what_is_ready_again_without_a_check_is_proved_by_its_own_word_and_the_proof_says_so(
    tmp_path: Path, balancers: tuple[str, ...]
) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, *balancers)
        assert await finished(session.start(session.plan("maint", "app2"), YES)) is Outcome.DONE
        await session.look()
        run = session.start(session.plan("ready", "app2"), YES)
        assert await finished(run) is Outcome.DONE
        [proof] = [step.proof.says for step in run.plan.steps]
        assert (
            proof
            == {
                1: "app2 is healthy and up on lb1, and lb2, which checks nothing, sends it traffic",
                2: "app2 is healthy by its own word, and lb1 and lb2, which check nothing, send it traffic",
            }[len(balancers)]
        )


async def test_what_is_not_well_by_its_own_word_is_not_put_back_on_trust(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, "lb1", "lb2")
        assert await finished(session.start(session.plan("maint", "app2"), YES)) is Outcome.DONE
        await session.look()
        plan = session.plan("ready", "app2")
        world.balancers["lb1"].before = lambda command: world.kill("app2")
        run = session.start(plan, YES)
        assert await finished(run) is Outcome.FAILED
        assert run.events[-1].says.endswith("undone, it is as it was")
        assert world.admins("app2") == {Admin.MAINT}


async def test_a_server_joins_and_leaves_a_mixed_set(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, "lb2")
        plan = session.plan("add-server", "app4", {"hold": 1})
        assert not [note for note in plan.notes if "will not survive a reload of" in note and "lb2" in note]
        assert await finished(session.start(plan, YES)) is Outcome.DONE
        assert [command for command in told(world, "lb2") if "app/app4" in command] == [
            "add server app/app4 app4:8080 check inter 500ms fall 2 rise 2 weight 10",
            "set server app/app4 state ready",
            "set server app/app4 weight 50",
            "set server app/app4 weight 100",
        ]
        await session.look()
        plan = session.plan("remove-server", "app4")
        assert await finished(session.start(plan, YES)) is Outcome.DONE
        assert world.places("app4") == set()


async def test_a_server_that_is_not_well_when_it_joins_a_mixed_set_is_gone_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, "lb1", "lb2")
        plan = session.plan("add-server", "app4", {"hold": 1})
        world.balancers["lb2"].before = lambda command: world.kill("app4")
        assert await finished(session.start(plan, YES)) is Outcome.FAILED
        assert world.places("app4") == set()


async def test_a_restart_of_a_server_goes_without_a_wait_where_none_can_be_had(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, "lb1", "lb2")
        plan = session.plan("restart", "app2")
        assert [step.does for step in plan.steps][:2] == [
            "put app2 into maintenance on every balancer",
            "stop the service of app2",
        ]
        run = session.start(plan, YES)
        assert await finished(run) is Outcome.DONE
        assert world.admins("app2") == {Admin.READY}


async def test_a_weight_that_is_written_anyway_is_not_said_to_be_lost_by_a_reload(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        await bare(session, world, "lb2")
        [note] = session.plan("set-weight", "app2", {"weight": 30}).notes
        assert note == "It will not survive a reload: the configuration says 100 in app on lb1 and 100 in web on lb1."


async def test_sessions_that_one_balancer_does_not_tell_are_not_known_and_not_none(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 3)
        await bare(session, world, "lb2")
        server = session.snapshot.app_server("app2")
        assert server
        assert server.sessions is None
        assert [pool.sessions for pool in server.pools] == [3, 3, None, None]
        assert {pool.check for pool in server.pools} == {Health.UP, Health.UNKNOWN}
