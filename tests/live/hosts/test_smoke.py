"""The hosts lab itself, seen by the console: every host through the jump host, every service of its own."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.hosts.console import Console, load
from tests.live.hosts.lab import Lab
from tests.live.hosts.layout import APPS, BASTION, HAPROXY, MEMBERS, NGINX, SPARE

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]


async def test_every_host_is_seen_through_the_jump_host(console: Console) -> None:
    document = await console.status()
    assert {server["name"]: server["health"] for server in document["app_servers"]} == {a.name: "up" for a in APPS}
    assert {balancer["name"]: balancer["health"] for balancer in document["balancers"]} == {"lb1": "up", "lb2": "up"}
    expected = sorted(host.name for host in (*APPS, HAPROXY, NGINX, *MEMBERS, SPARE))
    assert sorted(node["name"] for node in document["nodes"] if node["health"] == "up") == expected
    assert document["tolerates"] == {"app_servers": 1, "members": 1}


async def test_no_sshd_but_the_bastions_can_be_reached_from_here(hosts: Lab) -> None:
    inner = (*APPS, HAPROXY, NGINX, *MEMBERS, SPARE)
    addresses = [address(host) for host in inner for address in (hosts.layout.service, hosts.layout.management)]
    assert await asyncio.gather(*map(greets, addresses)) == [False] * len(addresses)
    assert await greets(hosts.layout.service(BASTION))


async def greets(address: str) -> bool:
    """An sshd introduces itself there; a gateway that lets everything connect does not."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(address, 22)
            try:
                return await reader.read(4) == b"SSH-"
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


@pytest.mark.parametrize(
    ("out", "cluster"), [("drain", "cluster-that-drains.toml"), ("maint", "cluster.toml")], ids=["drain", "maint"]
)
async def test_a_server_is_taken_out_and_put_back_through_the_jump_host_and_no_request_fails(
    console: Console, tmp_path: Path, out: str, cluster: str
) -> None:
    console = replace(console, cluster=cluster)
    async with load(console.lab, tmp_path) as clients:
        for action, admin in ((out, out), ("ready", "ready")):
            ran = await console.run(action, "app1")
            assert (ran.code, ran.kinds[-1]) == (0, "done"), ran.says
            [server] = [s for s in (await console.status())["app_servers"] if s["name"] == "app1"]
            assert {pool["admin"] for pool in server["pools"]} == {admin}
        assert clients.requests > 0
        assert clients.failed == []
    assert clients.lost(console.lab) == 0
