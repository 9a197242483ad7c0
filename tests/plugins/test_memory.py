"""The cluster in memory does what a real one does, and breaks as it is told to."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.cluster.snapshot import Admin, Health, MemberState
from console.cluster.views import MemberView
from console.ports import protocols
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.protocols import Refused, Unclear
from console.ports.reach import Reach
from plugins import memory

DRAIN = ("app", "app2", Admin.DRAIN)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[memory.World]:
    name = request.node.name
    yield memory.world(name)
    memory.WORLDS.pop(name)


@pytest.fixture
def reach(world: memory.World, request: pytest.FixtureRequest) -> Reach:
    text = memory.cluster_file(request.node.name)
    return Reach.of(ClusterFile.decode(text, Path("cluster.toml"), Plugins((bundled("plugins"),))))


def balancer(reach: Reach, name: str = "lb1") -> Any:
    return reach.balancer(name)


def replica_set(reach: Reach) -> Any:
    return reach.replica_set


async def step_down(reach: Reach, address: str = "db1:27017", term: int = 1) -> None:
    await replica_set(reach).step_down(address, period_s=60, catch_up_s=10, term=term)


async def primaries(reach: Reach) -> list[str]:
    return [view.address for view in await replica_set(reach).look() if view.itself.writable]


def test_its_cluster_file_makes_every_port(reach: Reach) -> None:
    assert set(reach.balancers) == {"lb1", "lb2"}
    for port in reach.balancers.values():
        assert isinstance(port, protocols.BalancerPort)
        assert isinstance(port, protocols.SetsAdmin)
        assert isinstance(port, protocols.EndsSessions)
        assert isinstance(port, protocols.AddsServers)
        assert isinstance(port, protocols.SetsWeight)
    assert isinstance(reach.replica_set, protocols.ReplicaSetPort)
    assert isinstance(reach.replica_set, protocols.StepsDown)
    assert isinstance(reach.health, protocols.HealthCheck)
    assert isinstance(reach.shells, protocols.Shells)
    assert isinstance(reach.facts, protocols.HostFacts)
    assert len(reach.hosts) == 10


async def test_a_drain_keeps_the_sessions_and_holds_on_its_own_balancer_only(reach: Reach, world: memory.World) -> None:
    world.set_sessions("app2", 3)
    await balancer(reach).set_admin(*DRAIN)
    [told] = [s for s in (await balancer(reach).look()).servers if (s.backend, s.server) == ("app", "app2")]
    assert (told.admin, told.sessions, told.serving) == (Admin.DRAIN, 3, False)
    assert not [s for s in (await balancer(reach, "lb2").look()).servers if s.admin is not Admin.READY]


async def test_ended_sessions_are_gone_in_that_place_only(reach: Reach, world: memory.World) -> None:
    world.set_sessions("app2", 3)
    await balancer(reach).end_sessions("web", "app2")
    left = {(s.backend, s.server): s.sessions for s in (await balancer(reach).look()).servers if s.sessions}
    assert left == {("app", "app2"): 3}


async def test_a_server_in_maintenance_is_not_checked(reach: Reach) -> None:
    await balancer(reach).set_admin("app", "app2", Admin.MAINT)
    [told] = [s for s in (await balancer(reach).look()).servers if (s.backend, s.server) == ("app", "app2")]
    assert (told.check, told.serving) == (Health.UNKNOWN, False)


async def test_a_dead_server_refuses_and_every_check_finds_it_down(reach: Reach, world: memory.World) -> None:
    world.kill("app2")
    assert reach.health
    view = await reach.health.look("app2", "app2", None)
    assert (view.health, view.reason) == (Health.DOWN, "connection refused")
    checks = {s.check for s in (await balancer(reach).look()).servers if s.server == "app2"}
    assert checks == {Health.DOWN}
    world.revive("app2")
    assert (await reach.health.look("app2", "app2", None)).health is Health.UP


async def test_a_paused_balancer_is_unknown_and_takes_no_change(reach: Reach, world: memory.World) -> None:
    world.pause("lb1")
    view = await balancer(reach).look()
    assert (view.health, view.reason, view.servers) == (Health.UNKNOWN, "no answer within 2 s", ())
    with pytest.raises(Refused, match="lb1 cannot be told: no answer within 2 s"):
        await balancer(reach).set_admin(*DRAIN)


async def test_a_refused_change_changes_nothing(reach: Reach, world: memory.World) -> None:
    world.refuse("lb1")
    with pytest.raises(Refused, match="lb1: Permission denied"):
        await balancer(reach).set_admin(*DRAIN)
    assert world.admins("app2") == {Admin.READY}


async def test_a_server_that_is_not_there_cannot_be_changed(reach: Reach) -> None:
    with pytest.raises(Refused, match="No such server"):
        await balancer(reach).set_admin("app", "app9", Admin.DRAIN)


@pytest.mark.parametrize(("applied", "after"), [(True, {Admin.READY, Admin.DRAIN}), (False, {Admin.READY})])
async def test_a_lost_answer_tells_nothing_of_what_happened(
    reach: Reach, world: memory.World, applied: bool, after: set[Admin]
) -> None:
    world.lose_answers("lb1", applied=applied)
    with pytest.raises(Unclear, match="was sent to lb1"):
        await balancer(reach).set_admin(*DRAIN)
    assert world.admins("app2") == after


async def test_a_reloaded_balancer_has_forgotten_and_is_another_process(reach: Reach, world: memory.World) -> None:
    await balancer(reach).set_admin(*DRAIN)
    before = (await balancer(reach).look()).process_id
    world.reload("lb1")
    assert (await balancer(reach).look()).process_id != before
    assert world.admins("app2") == {Admin.READY}


async def test_a_reload_forgets_who_joined_who_left_and_every_weight(reach: Reach, world: memory.World) -> None:
    await balancer(reach).add_server("app", "app4", address="app4:8080", weight=7, options="check")
    await balancer(reach).set_admin("app", "app1", Admin.MAINT)
    await balancer(reach).delete_server("app", "app1")
    await balancer(reach).set_weight("web", "app2", 7)
    world.reload("lb1")
    servers = (await balancer(reach).look()).servers
    assert {(s.backend, s.server) for s in servers} == {(b, f"app{n}") for b in ("app", "web") for n in (1, 2, 3)}
    assert {server.weight for server in servers} == {100}


async def test_a_server_with_sessions_is_not_deleted(reach: Reach, world: memory.World) -> None:
    await balancer(reach).set_admin("app", "app2", Admin.MAINT)
    world.set_sessions("app2", 1)
    with pytest.raises(Refused, match="Server still has connections attached"):
        await balancer(reach).delete_server("app", "app2")
    assert ("lb1", "app") in world.places("app2")


async def test_a_backend_that_takes_no_servers_says_why(reach: Reach, world: memory.World) -> None:
    world.balancers["lb1"].refuses_in["app"] = "it is static"
    [pool] = [pool for pool in (await balancer(reach).look()).pools if pool.name == "app"]
    assert (pool.refuses_servers, pool.refuses_weights) == ("it is static", "it is static")
    with pytest.raises(Refused, match="it is static"):
        await balancer(reach).add_server("app", "app4", address="app4:8080", weight=7, options="check")


async def test_a_step_down_elects_the_one_furthest_ahead_in_the_next_term(reach: Reach, world: memory.World) -> None:
    world.lag("db2", 5.0)
    await step_down(reach)
    assert await primaries(reach) == ["db3:27017"]
    views = await replica_set(reach).look()
    assert {view.itself.term for view in views} == {2}
    assert {view.itself.believes_primary for view in views} == {"db3:27017"}


async def test_of_those_that_have_caught_up_the_highest_priority_is_elected(reach: Reach, world: memory.World) -> None:
    priorities = {"db2": 0.0, "db3": 2.0}
    world.config = tuple(
        replace(line, priority=priorities.get(line.address.partition(":")[0], line.priority)) for line in world.config
    )
    await step_down(reach)
    assert await primaries(reach) == ["db3:27017"]


async def test_among_equals_the_first_in_the_configuration_is_elected(reach: Reach, world: memory.World) -> None:
    world.primary = "db3"
    await step_down(reach, "db3:27017")
    assert await primaries(reach) == ["db1:27017"]


async def test_nobody_leads_during_an_election(reach: Reach, world: memory.World) -> None:
    world.election_s = 0.1
    going_on = asyncio.create_task(step_down(reach))
    await asyncio.sleep(0.01)
    assert await primaries(reach) == []
    await going_on
    assert await primaries(reach) == ["db2:27017"]


async def test_a_step_down_without_a_caught_up_secondary_is_refused(reach: Reach, world: memory.World) -> None:
    world.lag("db2", 60.0)
    world.kill("db3")
    with pytest.raises(Refused, match="No electable secondaries caught up"):
        await step_down(reach)
    assert await primaries(reach) == ["db1:27017"]


@pytest.mark.parametrize(("address", "term"), [("db2:27017", 1), ("db1:27017", 0)])
async def test_only_the_primary_of_the_term_steps_down(reach: Reach, address: str, term: int) -> None:
    with pytest.raises(Refused, match="is not Primary any more"):
        await step_down(reach, address, term)


@pytest.mark.parametrize(("applied", "after"), [(True, "db2:27017"), (False, "db1:27017")])
async def test_the_lost_answer_of_a_step_down_tells_nothing(
    reach: Reach, world: memory.World, applied: bool, after: str
) -> None:
    world.lose_step_down_answer(applied=applied)
    with pytest.raises(Unclear, match="was lost after the command was sent"):
        await step_down(reach)
    assert await primaries(reach) == [after]


async def test_a_dead_primary_is_replaced_and_comes_back_as_a_secondary(reach: Reach, world: memory.World) -> None:
    world.kill("db1")
    assert await primaries(reach) == []
    await asyncio.sleep(0.1)
    assert await primaries(reach) == ["db2:27017"]
    world.revive("db1")
    states = {view.address: view.itself.state for view in await replica_set(reach).look()}
    assert states["db1:27017"] is MemberState.SECONDARY


async def test_without_a_majority_nobody_is_elected_until_one_comes_back(reach: Reach, world: memory.World) -> None:
    world.kill("db3")
    world.pause("db1")
    await asyncio.sleep(0.1)
    assert await primaries(reach) == []
    world.revive("db3")
    await asyncio.sleep(0.1)
    assert await primaries(reach) == ["db2:27017"]


async def test_a_change_is_pushed_at_once(reach: Reach, world: memory.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.memory.replica_set.LOOK_EVERY_S", 60.0)
    news = replica_set(reach).follow()
    first: list[MemberView] = [await anext(news) for _ in range(3)]
    assert {view.itself.health for view in first} == {Health.UP}
    world.kill("db3")
    async with asyncio.timeout(1.0):
        pushed = [await anext(news) for _ in range(3)]
    assert [view.itself.reason for view in pushed] == ["", "", "connection refused"]
    await news.aclose()


async def test_a_shell_runs_nothing_and_facts_are_told(reach: Reach) -> None:
    assert reach.shells
    assert reach.facts
    shell = reach.shells.on("app1")
    assert (await shell.run(["true"])).status == 0
    assert (await reach.facts.look("app1", shell)).cpus == 4
