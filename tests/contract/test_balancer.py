"""What every balancer plugin does, the one in memory held to the same behaviours as a real HAProxy."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol, cast

import pytest

from console.cluster.snapshot import Admin, Health, PoolMember
from console.ports.protocols import AddsServers, BalancerPort, EndsSessions, Refused, SetsAdmin, SetsWeight
from console.ports.reach import Reach

NEW = "app9"


class Subject(BalancerPort, SetsAdmin, EndsSessions, AddsServers, SetsWeight, Protocol):
    """A balancer with every capability."""


@pytest.fixture
async def balancer(reach: Reach) -> AsyncIterator[Subject]:
    port = reach.balancer("lb1")
    for capability in (SetsAdmin, EndsSessions, AddsServers, SetsWeight):
        assert isinstance(port, capability)
    subject = cast(Subject, port)
    before = await entry(subject)
    yield subject
    for backend in ("app", "web"):
        await subject.set_admin(backend, "app2", Admin.READY)
        await subject.set_weight(backend, "app2", before.weight)
    if NEW in {server.server for server in (await subject.look()).servers}:
        await subject.set_admin("app", NEW, Admin.MAINT)
        await subject.delete_server("app", NEW)


async def entry(balancer: Subject, backend: str = "app", name: str = "app2") -> PoolMember:
    view = await balancer.look()
    assert view.health is Health.UP
    [found] = [server for server in view.servers if (server.backend, server.server) == (backend, name)]
    return found


async def add(balancer: Subject) -> PoolMember:
    """A new server, which is the old one by another name."""
    address, [backend] = (await entry(balancer)).address, [b for b in (await balancer.look()).pools if b.name == "app"]
    await balancer.add_server("app", NEW, address=address, weight=7, options=backend.options_of(NEW))
    return await entry(balancer, name=NEW)


async def seen(
    balancer: Subject, wanted: Callable[[PoolMember], bool], backend: str = "app", name: str = NEW
) -> PoolMember:
    """A server's place, once it is so."""
    for _ in range(200):
        if wanted(found := await entry(balancer, backend, name)):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def test_a_look_tells_every_server_of_every_backend(balancer: Subject) -> None:
    view = await balancer.look()
    assert view.health is Health.UP
    assert view.writable is True
    assert view.process_id
    assert {(s.backend, s.server) for s in view.servers} == {
        (backend, server) for backend in ("app", "web") for server in ("app1", "app2", "app3")
    }
    assert {server.balancer for server in view.servers} == {"lb1"}


async def test_stickiness_is_told_a_backend(balancer: Subject) -> None:
    assert not (await entry(balancer, "app")).sticky
    assert (await entry(balancer, "web")).sticky


@pytest.mark.parametrize("admin", [Admin.DRAIN, Admin.MAINT, Admin.READY])
async def test_an_administrative_state_is_read_back_and_setting_it_twice_is_once(
    balancer: Subject, admin: Admin
) -> None:
    await balancer.set_admin("app", "app2", admin)
    await balancer.set_admin("app", "app2", admin)
    assert (await entry(balancer, "app")).admin is admin
    assert (await entry(balancer, "web")).admin is Admin.READY


async def test_a_drained_server_takes_no_new_traffic_and_is_still_checked(balancer: Subject) -> None:
    await balancer.set_admin("app", "app2", Admin.DRAIN)
    drained = await entry(balancer, "app")
    assert not drained.serving
    assert drained.check is Health.UP


@pytest.mark.parametrize(("backend", "server"), [("app", "none"), ("nothing", "app2")])
async def test_what_is_not_there_is_refused_and_nothing_changes(balancer: Subject, backend: str, server: str) -> None:
    before = (await balancer.look()).servers
    with pytest.raises(Refused):
        await balancer.set_admin(backend, server, Admin.MAINT)
    assert [s.admin for s in (await balancer.look()).servers] == [s.admin for s in before]


@pytest.mark.parametrize("name", ["app2; disable frontend app", "app2\nset server app/app1 state maint", "app 2", ""])
async def test_a_name_that_could_be_a_second_command_is_refused_before_a_byte_is_sent(
    balancer: Subject, name: str
) -> None:
    with pytest.raises(Refused):
        await balancer.set_admin("app", name, Admin.MAINT)
    assert {server.admin for server in (await balancer.look()).servers} == {Admin.READY}


async def test_sessions_can_be_ended(balancer: Subject) -> None:
    await balancer.end_sessions("app", "app2")


async def test_the_commands_are_told_as_they_are_sent(balancer: Subject) -> None:
    assert balancer.admin_command("app", "app2", Admin.DRAIN) == "set server app/app2 state drain"
    assert balancer.end_sessions_command("app", "app2") == "shutdown sessions server app/app2"


async def test_every_backend_tells_how_servers_join_it(balancer: Subject) -> None:
    pools = (await balancer.look()).pools
    assert [(pool.name, pool.refuses_servers, pool.refuses_weights) for pool in pools] == [
        ("app", "", ""),
        ("web", "", ""),
    ]
    assert all("check" in pool.options.split() for pool in pools)
    assert all(pool.line_of("x", "10.0.0.1:80", 7).startswith("server x 10.0.0.1:80 ") for pool in pools)


async def test_a_server_that_is_added_stands_in_maintenance_and_is_told_to_be_of_this_run_only(
    balancer: Subject,
) -> None:
    added = await add(balancer)
    assert (added.admin, added.weight, added.sessions) == (Admin.MAINT, 7, 0)
    assert added.address == (await entry(balancer)).address
    assert (added.dynamic, (await entry(balancer)).dynamic) == (True, False)


async def test_a_server_that_is_added_is_checked_once_that_is_asked_for_and_takes_traffic_when_ready(
    balancer: Subject,
) -> None:
    await add(balancer)
    await balancer.enable_check("app", NEW)
    await balancer.enable_check("app", NEW)
    await balancer.set_admin("app", NEW, Admin.DRAIN)
    tried = await seen(balancer, lambda server: server.check is Health.UP)
    assert (tried.checked, tried.serving) == (True, False)
    await balancer.set_admin("app", NEW, Admin.READY)
    assert (await seen(balancer, lambda server: server.serving)).check is Health.UP


async def test_a_name_that_is_there_is_not_added_again(balancer: Subject) -> None:
    await add(balancer)
    with pytest.raises(Refused, match="Already exists a server with the same name"):
        await add(balancer)


async def test_only_a_server_in_maintenance_is_deleted_and_one_that_is_gone_is_deleted(balancer: Subject) -> None:
    await add(balancer)
    await balancer.set_admin("app", NEW, Admin.DRAIN)
    with pytest.raises(Refused, match="Only servers in maintenance mode can be deleted"):
        await balancer.delete_server("app", NEW)
    await balancer.set_admin("app", NEW, Admin.MAINT)
    await balancer.delete_server("app", NEW)
    await balancer.delete_server("app", NEW)
    assert NEW not in {server.server for server in (await balancer.look()).servers}


async def test_a_server_of_the_configuration_that_is_deleted_is_missed_and_comes_back_as_it_was(
    balancer: Subject,
) -> None:
    before = await entry(balancer, "web")
    await balancer.set_admin("web", "app2", Admin.MAINT)
    await balancer.delete_server("web", "app2")
    pools = {pool.name: pool.missing for pool in (await balancer.look()).pools}
    assert pools == {"app": (), "web": ("app2",)}
    await balancer.add_server("web", "app2", address=before.address, weight=before.weight, options=before.options)
    await balancer.enable_check("web", "app2")
    await balancer.set_admin("web", "app2", Admin.READY)
    after = await seen(balancer, lambda server: server.check is Health.UP, "web", "app2")
    for told in ("admin", "address", "weight", "options", "sticky", "checked", "dynamic"):
        assert getattr(after, told) == getattr(before, told), told


async def test_a_weight_is_read_back_and_setting_it_twice_is_once(balancer: Subject) -> None:
    for weight in (7, 7, 0, 256):
        await balancer.set_weight("app", "app2", weight)
        assert (await entry(balancer)).weight == weight
    await balancer.set_weight("app", "app2", 0)
    assert not (await entry(balancer)).serving
    assert (await entry(balancer, "web")).serving


@pytest.mark.parametrize("weight", [-1, 257])
async def test_a_weight_out_of_range_is_refused(balancer: Subject, weight: int) -> None:
    with pytest.raises(Refused):
        await balancer.set_weight("app", "app2", weight)


@pytest.mark.parametrize(("backend", "server"), [("app", "none"), ("nothing", "app2")])
async def test_the_weight_of_what_is_not_there_is_refused(balancer: Subject, backend: str, server: str) -> None:
    with pytest.raises(Refused):
        await balancer.set_weight(backend, server, 5)


@pytest.mark.parametrize("name", ["app2; disable frontend app", "a\nset server app/app1 state maint", "app 2", ""])
async def test_no_server_of_a_name_that_could_be_a_second_command_is_added(balancer: Subject, name: str) -> None:
    before = [server.server for server in (await balancer.look()).servers]
    with pytest.raises(Refused):
        await balancer.add_server("app", name, address="127.0.0.1:9", weight=1, options="check")
    assert [server.server for server in (await balancer.look()).servers] == before


async def test_the_commands_of_joining_and_leaving_are_told_as_they_are_sent(balancer: Subject) -> None:
    told = balancer.add_server_command("app", "app4", address="10.0.0.4:80", weight=10, options="check inter 1s")
    assert told == "add server app/app4 10.0.0.4:80 check inter 1s weight 10"
    assert balancer.enable_check_command("app", "app4") == "enable health app/app4"
    assert balancer.delete_server_command("app", "app4") == "del server app/app4"
    assert balancer.weight_command("app", "app4", 50) == "set server app/app4 weight 50"
