"""What every balancer plugin does, the one in memory held to the same behaviours as a real HAProxy."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from console import lab as labs
from console.cluster.snapshot import Admin, Health, PoolMember
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.protocols import BalancerPort, EndsSessions, Refused, SetsAdmin
from console.ports.reach import Reach
from plugins.memory import cluster_file


class Subject(BalancerPort, SetsAdmin, EndsSessions, Protocol):
    """A balancer with every capability."""


@pytest.fixture(params=["memory", pytest.param("haproxy", marks=pytest.mark.live)])
async def balancer(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "memory":
        text, path = cluster_file("contract"), Path("memory.toml")
    else:
        lab = request.getfixturevalue("lab")
        labs.await_green(lab.name, lab.state_dir)
        path = Path(lab.status.cluster_file)
        text = path.read_text()
    reach = Reach.of(ClusterFile.decode(text, path, Plugins((bundled("plugins"),))))
    port = reach.balancer("lb1")
    assert isinstance(port, SetsAdmin)
    assert isinstance(port, EndsSessions)
    yield port
    for backend in ("app", "web"):
        await port.set_admin(backend, "app2", Admin.READY)
    await reach.close()


async def entry(balancer: Subject, backend: str = "app") -> PoolMember:
    view = await balancer.look()
    assert view.health is Health.UP
    [found] = [server for server in view.servers if (server.backend, server.server) == (backend, "app2")]
    return found


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


@pytest.mark.parametrize(("backend", "server"), [("app", "app9"), ("nothing", "app2")])
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
