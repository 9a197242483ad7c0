"""Servers that join, leave and change weight on two balancers: in all places, or undone in all."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.change.actions import add_server, pool, remove_server, set_weight
from console.change.events import EventKind, Outcome
from console.change.plan import Step
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Admin
from console.ports.protocols import Refused
from console.session import Session
from plugins.memory import World
from tests.change.memory_session import memory_session

YES = Confirmation("a test")
EVERYWHERE = {(balancer, backend) for balancer in ("lb1", "lb2") for backend in ("app", "web")}
CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("add-server", "app4", {"hold": 1}),
    ("remove-server", "app2", {}),
    ("set-weight", "app2", {"weight": 30}),
]
EACH = pytest.mark.parametrize(("action", "target", "given"), CHANGES, ids=[change[0] for change in CHANGES])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not seen within a second or two will not be seen."""
    for module in (add_server, pool, remove_server, set_weight):
        monkeypatch.setattr(module, "Step", _quick_step)


def _quick_step(**fields: Any) -> Step:
    return Step(**{**fields, "steady_s": min(fields.get("steady_s", 0.0), 0.2), "patience_s": 1.0})


async def finished(run: Run) -> Outcome:
    return await asyncio.wait_for(run.finished(), 60)


def last(run: Run) -> str:
    return run.events[-1].says


def picture(world: World) -> list[Any]:
    """All that the balancers were told, to compare before with after."""
    return [(b.admins, b.weights, b.addresses, b.checking) for b in world.balancers.values()]


def copied(world: World) -> list[Any]:
    return [tuple(known.copy() for known in balancer) for balancer in picture(world)]


async def at(run: Run, does: str, then: Callable[[], None]) -> None:
    """Do something as soon as a step of these words begins, or its command is told."""
    async for event in run.follow():
        if event.kind is EventKind.DOING and does in event.says:
            then()
            return
    raise AssertionError(f"{last(run)}, and never {does!r}")


async def change(session: Session, action: str, target: str, given: dict[str, Any]) -> Run:
    return session.start(session.plan(action, target, given), YES)


async def test_a_spare_server_joins_everywhere_by_rising_weights_and_is_counted(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        assert [spare.name for spare in session.snapshot.spare_servers] == ["app4"]
        run = await change(session, "add-server", "app4", {"hold": 1})
        assert await finished(run) is Outcome.DONE
        assert (world.places("app4"), world.admins("app4"), world.weights("app4")) == (EVERYWHERE, {Admin.READY}, {100})
        assert [command for command in world.commands if command.startswith("lb1") and "app/" in command] == [
            "lb1: add server app/app4 app4:8080 check inter 500ms fall 2 rise 2 weight 10",
            "lb1: enable health app/app4",
            "lb1: set server app/app4 state drain",
            "lb1: set server app/app4 state ready",
            "lb1: set server app/app4 weight 50",
            "lb1: set server app/app4 weight 100",
        ]
        snapshot = await session.look()
        assert (snapshot.tolerates.app_servers, snapshot.spare_servers) == (3, ())


async def test_a_server_leaves_everywhere_and_a_spare_one_is_a_spare_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = copied(world)
        assert await finished(await change(session, "add-server", "app4", {"hold": 1})) is Outcome.DONE
        await session.look()
        run = await change(session, "remove-server", "app4", {})
        assert await finished(run) is Outcome.DONE
        assert picture(world) == before
        assert [spare.name for spare in (await session.look()).spare_servers] == ["app4"]


async def test_a_weight_reaches_every_place(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        assert await finished(await change(session, "set-weight", "app2", {"weight": 30})) is Outcome.DONE
        assert (world.weights("app2"), world.weights("app1")) == ({30}, {100})


@EACH
async def test_when_the_second_balancer_refuses_everything_is_as_it_was(
    tmp_path: Path, action: str, target: str, given: dict[str, Any]
) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = copied(world)
        world.refuse("lb2")
        run = await change(session, action, target, given)
        assert await finished(run) is Outcome.FAILED
        assert last(run) == "lb2: Permission denied; undone, it is as it was"
        assert picture(world) == before


@EACH
async def test_a_lost_answer_to_what_happened_is_done(
    tmp_path: Path, action: str, target: str, given: dict[str, Any]
) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.lose_answers("lb2", applied=True)
        run = await change(session, action, target, given)
        assert await finished(run) is Outcome.DONE
        assert EventKind.UNKNOWN in [event.kind for event in run.events]


@EACH
async def test_a_lost_answer_to_what_never_happened_is_undone_everywhere(
    tmp_path: Path, action: str, target: str, given: dict[str, Any]
) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = copied(world)
        world.lose_answers("lb2", applied=False)
        run = await change(session, action, target, given)
        assert await finished(run) is Outcome.FAILED
        assert last(run).endswith("undone, it is as it was")
        assert picture(world) == before


LATE = pytest.mark.parametrize(
    ("action", "target", "given", "command"),
    [
        ("add-server", "app4", {"hold": 1}, "enable health web/app4"),
        ("add-server", "app4", {"hold": 1}, "set server app/app4 state drain"),
        ("add-server", "app4", {"hold": 1}, "set server web/app4 state ready"),
        ("add-server", "app4", {"hold": 1}, "set server app/app4 weight 50"),
        ("add-server", "app4", {"hold": 1}, "set server web/app4 weight 100"),
        ("remove-server", "app2", {}, "set server app/app2 state maint"),
        ("remove-server", "app2", {}, "del server web/app2"),
        ("set-weight", "app2", {"weight": 30}, "set server web/app2 weight 30"),
    ],
)


@LATE
async def test_a_second_balancer_that_refuses_in_mid_plan_takes_every_step_back(
    tmp_path: Path, action: str, target: str, given: dict[str, Any], command: str
) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = copied(world)

        def refuse(told: str) -> None:
            if told == command:
                raise Refused("lb2: it is the wrong moment")

        world.balancers["lb2"].before = refuse
        run = await change(session, action, target, given)
        assert await finished(run) is Outcome.FAILED
        assert last(run) == "lb2: it is the wrong moment; undone, it is as it was"
        assert picture(world) == before


@LATE
async def test_a_second_balancer_that_dies_in_mid_plan_leaves_an_unknown_that_says_where(
    tmp_path: Path, action: str, target: str, given: dict[str, Any], command: str
) -> None:
    async with memory_session(tmp_path) as (session, world):
        before = copied(world)

        def die(told: str) -> None:
            if told == command:
                world.kill("lb2")

        world.balancers["lb2"].before = die
        run = await change(session, action, target, given)
        assert await finished(run) is Outcome.UNKNOWN
        assert "could not be undone: lb2 cannot be told: connection refused; lb2 cannot be seen" in last(run)
        assert picture(world)[0] == before[0], "lb1 is as it was"


async def test_a_server_that_its_balancers_do_not_find_up_gets_no_traffic_and_is_gone_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = await change(session, "add-server", "app4", {"hold": 1})
        await at(run, "let every balancer check app4", lambda: world.kill("app4"))
        assert await finished(run) is Outcome.FAILED
        assert not [command for command in world.commands if "app4 state ready" in command]
        assert world.places("app4") == set()


async def test_a_server_that_fails_requests_is_stopped_at_once_and_gone_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.fail_requests("app4")
        run = await change(session, "add-server", "app4", {"hold": 1})
        assert await finished(run) is Outcome.FAILED
        assert last(run) == ("app4 is not fit: 7 of 120 requests failed in app on lb1; undone, it is as it was")
        assert world.places("app4") == set()


async def test_a_server_that_answers_much_slower_than_the_others_is_gone_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = await change(session, "add-server", "app4", {"hold": 1})
        await at(run, "make app4 ready", lambda: world.latency_ms.update(app4=100.0))
        assert await finished(run) is Outcome.FAILED
        assert "app4 answers in 100 ms, which the others' pace limits to 59 ms" in last(run)
        assert world.places("app4") == set()


async def test_a_stop_between_two_weights_leaves_the_server_where_it_is(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = await change(session, "add-server", "app4", {"hold": 1})
        await at(run, "make app4 ready at weight 10", lambda: run.stop("SIGHUP"))
        assert await finished(run) is Outcome.PARTIAL
        assert last(run).startswith("stopped by SIGHUP after step 3 of 5; what was done stays; `journal resume ")
        assert (world.weights("app4"), world.admins("app4")) == ({10}, {Admin.READY})


async def test_a_server_whose_joining_was_stopped_goes_on_joining(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        stopped = await change(session, "add-server", "app4", {"hold": 1})
        await at(stopped, "add app4 to every pool", lambda: stopped.stop("SIGHUP"))
        assert await finished(stopped) is Outcome.PARTIAL
        run = session.resume(stopped.id, YES)
        assert await finished(run) is Outcome.DONE, last(run)
        assert (world.weights("app4"), world.admins("app4")) == ({100}, {Admin.READY})
        assert session.unfinished() == []


async def test_a_plan_to_join_that_a_reload_overtook_is_refused(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        plan = session.plan("add-server", "app4")
        world.reload("lb1")
        run = session.start(plan, YES)
        assert await finished(run) is Outcome.REFUSED
        assert "lb1 process was 100, is 101" in last(run)
        assert world.commands == []


async def test_a_drain_that_a_reload_forgot_is_a_finding_until_it_is_set_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        assert await finished(await change(session, "drain", "app2", {})) is Outcome.DONE
        world.reload("lb1")
        [lost] = [f for f in (await session.look()).findings if f.code == "drain-lost"]
        action, _, target = lost.mend.partition(" ")
        assert await finished(await change(session, action, target, {})) is Outcome.DONE
        assert not [f for f in (await session.look()).findings if f.code == "drain-lost"]
        assert world.admins("app2") == {Admin.DRAIN}


async def test_a_drain_that_a_reload_forgot_is_let_be_by_making_it_ready(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        assert await finished(await change(session, "drain", "app2", {})) is Outcome.DONE
        for balancer in ("lb1", "lb2"):
            world.reload(balancer)
        assert [f.mend for f in (await session.look()).findings if f.code == "drain-lost"] == ["drain app2"]
        assert await finished(await change(session, "ready", "app2", {})) is Outcome.DONE
        assert not [f for f in (await session.look()).findings if f.code == "drain-lost"]


async def test_a_server_that_one_balancer_lost_at_a_reload_joins_it_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        assert await finished(await change(session, "add-server", "app4", {"hold": 1})) is Outcome.DONE
        world.reload("lb2")
        snapshot = await session.look()
        [lacks] = {f.mend for f in snapshot.findings if f.code == "pool-membership"}
        assert lacks == "add-server app4"
        assert await finished(await change(session, "add-server", "app4", {"hold": 1})) is Outcome.DONE
        assert world.places("app4") == EVERYWHERE
