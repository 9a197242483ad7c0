"""HAProxy's commands, told as they are sent; the balancer in memory speaks the same words."""

from typing import Any

import pytest

from console.cluster.snapshot import Admin
from console.ports.plugins import Context
from console.ports.protocols import Refused
from plugins.haproxy import HAProxy
from plugins.memory import MemoryBalancer

HAPROXY = HAProxy(HAProxy.Settings(socket="unix:///run/haproxy/admin.sock"), Context(name="lb1"))
MEMORY = MemoryBalancer(MemoryBalancer.Settings(world="commands"), Context(name="lb1"))


@pytest.fixture(params=[HAPROXY, MEMORY], ids=["haproxy", "memory"])
def balancer(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_the_commands_are_told_as_they_are_sent(balancer: Any) -> None:
    assert balancer.admin_command("app", "app2", Admin.DRAIN) == "set server app/app2 state drain"
    assert balancer.end_sessions_command("app", "app2") == "shutdown sessions server app/app2"


def test_the_commands_of_joining_and_leaving_are_told_as_they_are_sent(balancer: Any) -> None:
    told = balancer.add_server_command("app", "app4", address="10.0.0.4:80", weight=10, options="check inter 1s")
    assert told == "add server app/app4 10.0.0.4:80 check inter 1s weight 10"
    assert balancer.enable_check_command("app", "app4") == "enable health app/app4"
    assert balancer.delete_server_command("app", "app4") == "del server app/app4"
    assert balancer.weight_command("app", "app4", 50) == "set server app/app4 weight 50"


async def test_every_backend_in_memory_tells_the_line_that_a_server_needs() -> None:
    pools = (await MEMORY.look()).pools
    assert all("check" in pool.options.split() for pool in pools)
    assert all(pool.line_of("x", "10.0.0.1:80", 7).startswith("server x 10.0.0.1:80 ") for pool in pools)


async def test_in_memory_the_refusals_are_in_haproxys_words() -> None:
    with pytest.raises(Refused, match="Already exists a server with the same name"):
        await MEMORY.add_server("app", "app2", address="app2:8080", weight=1, options="")
    with pytest.raises(Refused, match="Only servers in maintenance mode can be deleted"):
        await MEMORY.delete_server("app", "app2")
