"""The way to a host: addresses, aliases, jump hosts, and what is said when there is none."""

import socket

import pytest

from console.ports.protocols import ShellError
from plugins.ssh.way import Hop
from tests.plugins.ssh_server import Network, refusal


async def test_a_refused_connection_says_so(network: Network, unused_port: int) -> None:
    network.alias("db1", unused_port)
    says = await refusal(network.shells().on("db1"))
    assert says.startswith(f"db1 (127.0.0.1 port {unused_port}) refused the connection: see that sshd runs")


async def test_a_host_that_never_speaks_ssh_is_given_up_at_the_deadline(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network.alias("db1", silent.getsockname()[1])
        says = await refusal(network.shells(connect_timeout_s=0.2).on("db1"))
    assert "no connection within 0.2 s" in says


async def test_a_name_that_does_not_resolve_says_so(network: Network) -> None:
    network.alias("db1", 22, host="nowhere.invalid")
    assert "name nowhere.invalid cannot be resolved" in await refusal(network.shells().on("db1"))


async def test_a_node_that_the_configuration_gives_no_host_name_is_dialled_at_its_address(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("*", server.port, host=None)
    shell = network.shells({"db1": "127.0.0.1"}).on("db1")
    assert (await shell.run(["echo", "here"])).stdout == "here\n"
    assert server.logins == ["operator"]


async def test_a_broken_configuration_is_named(network: Network) -> None:
    network.alias("db1", 22, "Port many")
    assert "the SSH configuration" in await refusal(network.shells().on("db1"))


async def test_a_host_behind_a_jump_host_is_reached_through_its_one_connection(network: Network) -> None:
    jump, one, two = [await network.server() for _ in range(3)]
    network.alias("bastion", jump.port)
    for server, name in ((one, "db1"), (two, "db2")):
        network.alias(name, server.port, "ProxyJump bastion")
    for server in (jump, one, two):
        network.know(server)
    shells = network.shells()
    for name in ("db1", "db2", "bastion"):
        assert (await shells.on(name).run(["echo", "here"])).stdout == "here\n"
    assert [len(server.connections) for server in (jump, one, two)] == [1, 1, 1]


async def test_two_jump_hosts_are_gone_through_in_their_order(network: Network) -> None:
    first, second, last = [await network.server() for _ in range(3)]
    for server, name in ((first, "j1"), (second, "j2")):
        network.alias(name, server.port)
        network.know(server)
    network.know(last)
    network.alias("db1", last.port, "ProxyJump j1,j2")
    assert (await network.shells().on("db1").run(["true"])).status == 0
    assert [len(server.connections) for server in (first, second, last)] == [1, 1, 1]


async def test_a_failing_jump_host_is_told_as_one(network: Network, unused_port: int) -> None:
    network.alias("bastion", unused_port)
    network.alias("db1", 22, "ProxyJump bastion")
    says = await refusal(network.shells().on("db1"))
    assert says.startswith("db1: its jump host bastion failed: bastion (127.0.0.1 port ")


async def test_a_host_that_its_jump_host_cannot_reach_is_told_as_that(network: Network, unused_port: int) -> None:
    jump = await network.server()
    network.know(jump)
    network.alias("bastion", jump.port)
    network.alias("db1", unused_port, "ProxyJump bastion")
    assert "its jump host bastion cannot reach it" in await refusal(network.shells().on("db1"))


async def test_jump_hosts_that_lead_in_a_circle_are_refused(network: Network) -> None:
    network.alias("a", 22, "ProxyJump b")
    network.alias("b", 22, "ProxyJump a")
    assert "lead round in a circle: a, b, a" in await refusal(network.shells().on("a"))


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("db1", Hop("db1")),
        ("root@db1", Hop("db1", "root")),
        ("root@db1:2222", Hop("db1", "root", 2222)),
        ("[::1]:2222", Hop("::1", "", 2222)),
        ("[::1]", Hop("::1")),
        ("fe80::1", Hop("fe80::1")),
    ],
)
def test_a_jump_host_is_written_as_openssh_writes_it(text: str, hop: Hop) -> None:
    assert Hop.parse(text) == hop


def test_a_jump_host_with_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ShellError, match=r"expected \[user@\]host\[:port\]"):
        Hop.parse("db1:ssh")
