"""HAProxy's socket wherever it is: through SSH, over TCP, and where it cannot be opened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.cluster.snapshot import Admin, Health
from console.ports.plugins import Context
from console.ports.protocols import BalancerPort, EndsSessions, Refused, SetsAdmin, Unclear
from plugins.haproxy import HAProxy
from tests.plugins.ssh_server import Network

ANSWERS = {
    "show info": "Name: HAProxy\nVersion: 2.8.25\nPid: 18\nUptime_sec: 61\n\n",
    "show cli level": "admin\n\n",
    "show stat": "# pxname,svname,type,status,weight,check_status,\napp,app1,2,UP,1,L7OK,\napp,BACKEND,1,UP,1,,\n\n",
    "show servers state": "1\n# be_name srv_name srv_admin_state srv_check_state\napp app1 0 6\n\n",
    "set server app/app1 state drain": "\n",
}
CONFIG = "backend app\n    option httpchk\n    http-check expect string ok\n"


class Balancer:
    """Answers as HAProxy does; what it was told stands in `lines`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.dies_at = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        self.lines.append(line)
        if line.strip() == self.dies_at:
            writer.transport.abort()
            return
        writer.write(ANSWERS[line.rstrip("\n")].encode())
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self, path: Path) -> AsyncIterator[None]:
        async with await asyncio.start_unix_server(self.talk, path):
            yield


@pytest.fixture(autouse=True)
async def lb1(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("lb1", server.port)


def connect(address: str, network: Network, config: str = "") -> HAProxy:
    settings = HAProxy.Settings(socket=address, config=config, deadline_s=5.0)
    return HAProxy(settings, Context(name="lb1", shells=network.shells()))


def test_it_can_be_looked_at_and_changed() -> None:
    haproxy = HAProxy(HAProxy.Settings(socket="unix:///s"), Context(name="lb1"))
    assert isinstance(haproxy, BalancerPort)
    assert isinstance(haproxy, SetsAdmin)
    assert isinstance(haproxy, EndsSessions)


async def test_a_socket_on_a_host_is_reached_through_its_shell_and_so_is_the_configuration(network: Network) -> None:
    path, config = network.folder / "admin", network.folder / "haproxy.cfg"
    config.write_text(CONFIG)
    balancer = Balancer()
    async with balancer.listening(path):
        haproxy = connect(f"ssh://lb1{path}", network, str(config))
        view = await haproxy.look()
        assert (view.health, view.reason, view.process_id, view.writable) == (Health.UP, "", 18, True)
        [server] = view.servers
        assert (server.server, server.check, server.check_reads_body) == ("app1", Health.UP, True)
        await haproxy.set_admin("app", "app1", Admin.DRAIN)
        assert balancer.lines[-1] == "set server app/app1 state drain\n"


async def test_a_socket_that_is_not_on_the_host_is_unknown_and_refuses(network: Network) -> None:
    haproxy = connect(f"ssh://lb1{network.folder}/none", network)
    view = await haproxy.look()
    assert view.health is Health.UNKNOWN
    assert view.reason.startswith(f"lb1: {network.folder}/none cannot be opened there")
    with pytest.raises(Refused, match="lb1 cannot be told"):
        await haproxy.set_admin("app", "app1", Admin.DRAIN)


async def test_a_host_that_is_not_trusted_is_unknown_with_the_mend(network: Network) -> None:
    network.known_hosts.write_text("")
    view = await connect("ssh://lb1/run/haproxy/admin.sock", network).look()
    assert view.health is Health.UNKNOWN
    assert view.reason.startswith("the host key of lb1 is not in known_hosts (SHA256:")


async def test_a_configuration_that_cannot_be_read_leaves_only_what_it_tells_unknown(network: Network) -> None:
    path = network.folder / "admin"
    async with Balancer().listening(path):
        for address in (f"ssh://lb1{path}", f"unix://{path}"):
            [server] = (await connect(address, network, "/no/such.cfg").look()).servers
            assert (server.check, server.check_reads_body) == (Health.UP, None)


async def test_a_level_is_asked_for_once_a_process(network: Network) -> None:
    path, balancer = network.folder / "admin", Balancer()
    async with balancer.listening(path):
        haproxy = connect(f"unix://{path}", network)
        await haproxy.look()
        await haproxy.look()
    assert balancer.lines.count("show cli level\n") == 1
    assert balancer.lines.count("show stat\n") == 2


async def test_a_connection_lost_after_the_command_was_sent_is_unclear(network: Network) -> None:
    path, balancer = network.folder / "admin", Balancer()
    balancer.dies_at = "set server app/app1 state drain"
    async with balancer.listening(path):
        for address in (f"unix://{path}", f"ssh://lb1{path}"):
            with pytest.raises(Unclear, match="'set server app/app1 state drain' was sent to lb1: "):
                await connect(address, network).set_admin("app", "app1", Admin.DRAIN)


async def test_a_socket_over_tcp_is_reached_and_a_closed_one_is_down(network: Network) -> None:
    async with await asyncio.start_server(Balancer().talk, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        haproxy = connect(f"tcp://127.0.0.1:{port}", network)
        assert (await haproxy.look()).health is Health.UP
    view = await haproxy.look()
    assert (view.health, view.reason) == (Health.DOWN, f"nobody listens on 127.0.0.1:{port}")


async def test_a_socket_that_is_not_ours_is_unknown_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio, "open_unix_connection", refuse)  # a test may run as root, whom nothing refuses
    haproxy = HAProxy(HAProxy.Settings(socket="unix:///run/haproxy/admin.sock"), Context(name="lb1"))
    view = await haproxy.look()
    assert view.health is Health.UNKNOWN
    assert view.reason.startswith("/run/haproxy/admin.sock is not ours to open: add this user to its group")
    with pytest.raises(Refused, match="not ours to open"):
        await haproxy.set_admin("app", "app1", Admin.DRAIN)


def test_a_socket_on_a_host_needs_a_shell() -> None:
    with pytest.raises(ValueError, match=r"needs a \[shell\] table"):
        HAProxy(HAProxy.Settings(socket="ssh://lb1/run/haproxy/admin.sock"), Context(name="lb1"))
