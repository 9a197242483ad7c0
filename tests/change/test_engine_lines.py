"""Changes that are written into the balancers' configurations as well: in all of them, or undone in all."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from console.change.actions import add_server, persisting, pool, ready, remove_server, set_weight
from console.change.events import Outcome
from console.change.plan import Step
from console.change.run import Confirmation, Run
from console.change.stored import decoded, encoded
from console.change.wayback import way_back
from console.cluster.snapshot import Admin
from console.ports.protocols import Refused
from console.session import Session
from plugins.memory import World
from tests.change.memory_session import memory_session

YES = Confirmation("a test")
LINE = "server app4 app4:8080 check inter 500ms fall 2 rise 2 weight 100"
CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("add-server", "app4", {"hold": 1, "persist": "yes"}),
    ("remove-server", "app2", {"persist": "yes"}),
    ("set-weight", "app2", {"weight": 30, "persist": "yes"}),
    ("maint", "app2", {"persist": "yes"}),
]
EACH = pytest.mark.parametrize(("action", "target", "given"), CHANGES, ids=[change[0] for change in CHANGES])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not seen within some seconds will not be seen."""
    for module in (add_server, persisting, pool, ready, remove_server, set_weight):
        monkeypatch.setattr(module, "Step", _quick_step)


def _quick_step(**fields: Any) -> Step:
    return Step(**{**fields, "steady_s": min(fields.get("steady_s", 0.0), 0.2), "patience_s": 2.0})


async def change(session: Session, action: str, target: str, given: dict[str, Any]) -> Run:
    run = session.start(session.plan(action, target, given), YES)
    await asyncio.wait_for(run.finished(), 60)
    await session.look(target)
    return run


def lines(world: World) -> list[dict[tuple[str, str], str]]:
    return [balancer.lines.copy() for balancer in world.balancers.values()]


def states(world: World) -> list[Any]:
    return [(b.admins.copy(), b.weights.copy(), b.lines.copy()) for b in world.balancers.values()]


def reload(world: World) -> None:
    for balancer in tuple(world.balancers):
        world.reload(balancer)


async def test_a_server_that_joins_stands_in_every_configuration_and_outlives_a_reload(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = await change(session, *CHANGES[0])
        assert run.outcome is Outcome.DONE
        assert {b.lines["app", "app4"] for b in world.balancers.values()} == {LINE}
        reload(world)
        assert (world.admins("app4"), world.weights("app4")) == ({Admin.READY}, {100})


async def test_a_maintenance_a_weight_and_a_way_out_outlive_a_reload(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        for action, target, given in CHANGES[2:]:
            assert (await change(session, action, target, given)).outcome is Outcome.DONE
        reload(world)
        assert (world.admins("app2"), world.weights("app2")) == ({Admin.MAINT}, {30})
        await session.look()
        assert (await change(session, "ready", "app2", {"persist": "yes"})).outcome is Outcome.DONE
        assert (await change(session, *CHANGES[1])).outcome is Outcome.DONE
        reload(world)
        assert world.places("app2") == set()


@EACH
async def test_where_the_second_configuration_cannot_be_written_all_is_as_it_was(
    tmp_path: Path, action: str, target: str, given: dict[str, Any]
) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = states(world)

        def refuse(command: str) -> None:
            if command.startswith("write "):
                raise Refused("lb2: haproxy -c says no")

        world.balancers["lb2"].before = refuse
        run = await change(session, action, target, given)
        assert run.outcome is Outcome.FAILED
        assert run.events[-1].says.endswith("; undone, it is as it was")
        assert states(world) == before


@EACH
async def test_a_line_that_changed_since_the_plan_is_not_overwritten(
    tmp_path: Path, action: str, target: str, given: dict[str, Any]
) -> None:
    async with memory_session(tmp_path) as (session, world):
        plan = session.plan(action, target, given)

        def write(command: str) -> None:
            if not command.startswith("write "):
                world.balancers["lb1"].lines["app", target] = f"server {target} elsewhere:1 check weight 5"

        world.balancers["lb1"].before = write
        run = session.start(plan, YES)
        assert await asyncio.wait_for(run.finished(), 60) is Outcome.FAILED
        assert "the line was changed meanwhile" in run.events[-1].says
        assert "elsewhere:1" in world.balancers["lb1"].lines["app", target]


@EACH
async def test_without_it_nothing_is_written_and_the_plan_does_not_speak_of_it(
    tmp_path: Path, action: str, target: str, given: dict[str, Any]
) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = lines(world)
        plan = session.plan(action, target, {**given, "persist": "no"})
        assert "persist" not in plan.parameters
        assert plan.hash == session.plan(action, target, {k: v for k, v in given.items() if k != "persist"}).hash
        await asyncio.wait_for(session.start(plan, YES).finished(), 60)
        assert lines(world) == before


@EACH
async def test_where_a_configuration_cannot_be_written_the_plan_is_refused_with_why(
    tmp_path: Path, action: str, target: str, given: dict[str, Any]
) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.balancers["lb2"].refuses_lines = "this user may not write there"
        await session.look()
        plan = session.plan(action, target, given)
        assert {check.says for check in plan.refusals} == {
            f"the configuration of lb2 can be written for {backend}" for backend in ("app", "web")
        }
        assert {check.value for check in plan.refusals} == {"this user may not write there"}


async def test_what_writes_itself_needs_no_line(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.balancers["lb2"].bare = True
        await session.look()
        run = await change(session, "maint", "app2", {"persist": "yes"})
        assert run.outcome is Outcome.DONE
        assert not [command for command in world.commands if command.startswith("lb2: write")]
        assert [command for command in world.commands if command.startswith("lb1: write")]


async def test_the_way_back_of_what_was_written_is_written_too(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 0)
        plan = session.plan("set-weight", "app2", {"weight": 30, "persist": "yes"})
        back = way_back(plan, session.snapshot)
        assert str(back) == "set-weight app2 --weight 100 --persist yes"


async def test_a_plan_that_writes_is_kept_in_the_journal_whole(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        plan = session.plan("maint", "app2", {"persist": "yes"})
        assert decoded(json.loads(json.dumps(encoded(plan)))) == plan
