"""Servers that join and leave a real HAProxy: what the plugin says beforehand is what HAProxy does."""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path

import pytest

import plugins.haproxy
from console.cluster.snapshot import Admin
from console.lab import programs
from console.ports.plugins import Context
from console.ports.protocols import Refused
from plugins.haproxy import HAProxy

pytestmark = pytest.mark.live

ALGORITHMS = ("roundrobin", "leastconn", "first", "random", "static-rr", "source", "uri", "hdr(host)", "url_param id")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="wk"))  # a socket's path has to be short
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    backends = "".join(
        f"backend b{number}-{kind}\n    balance {algorithm}\n    hash-type {kind}\n    server app1 127.0.0.1:9\n"
        for number, algorithm in enumerate(ALGORITHMS)
        for kind in ("map-based", "consistent")
    )
    folder.joinpath("haproxy.cfg").write_text(f"""\
global
    stats socket {folder}/admin level admin
defaults
    mode http
    timeout connect 1s
    timeout client 20s
    timeout server 20s
frontend front
    bind unix@{folder}/front
    default_backend app
backend app
    server app1 127.0.0.1:9 disabled
{backends}""")
    with folder.joinpath("log").open("wb") as log:
        process = subprocess.Popen([programs.haproxy(), "-db", "-f", folder / "haproxy.cfg"], stderr=log)
    try:
        until_s = time.monotonic() + 20
        while not folder.joinpath("admin").exists():
            assert process.poll() is None, folder.joinpath("log").read_text()
            assert time.monotonic() < until_s
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def haproxy(running: subprocess.Popen[bytes], folder: Path) -> HAProxy:
    settings = HAProxy.Settings(socket=f"unix://{folder}/admin", config=str(folder / "haproxy.cfg"), deadline_s=10.0)
    made = HAProxy(settings, Context(name="lb1"))
    assert (await made.look()).process_id == running.pid
    return made


class Slow:
    """A server that answers when it is let."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.let = asyncio.Event()
        self.address = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked.set()
        await self.let.wait()
        writer.write(ANSWER)
        await writer.drain()
        writer.close()


@pytest.fixture
async def slow(haproxy: HAProxy) -> AsyncIterator[Slow]:
    """The only server of the backend, added at run time."""
    server = Slow()
    async with await asyncio.start_server(server.talk, "127.0.0.1", 0) as listener:
        server.address = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        await haproxy.add_server("app", "slow", address=server.address, weight=1, options="")
        await haproxy.set_admin("app", "slow", Admin.READY)
        yield server
        server.let.set()
        await haproxy.set_admin("app", "slow", Admin.MAINT)
        await haproxy.delete_server("app", "slow")


async def request(folder: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(folder / "front")
    writer.write(b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_deletion_waits_for_the_request_in_flight_which_is_answered(
    haproxy: HAProxy, slow: Slow, folder: Path
) -> None:
    asking = asyncio.create_task(request(folder))
    await slow.asked.wait()
    await haproxy.set_admin("app", "slow", Admin.MAINT)
    deletion = asyncio.create_task(haproxy.delete_server("app", "slow"))
    await asyncio.sleep(1.0)
    assert not deletion.done()
    slow.let.set()
    assert (await asking).startswith(b"HTTP/1.1 200 OK")
    await deletion
    assert "slow" not in {server.server for server in (await haproxy.look()).servers}
    await haproxy.add_server("app", "slow", address=slow.address, weight=1, options="")


async def test_a_deletion_that_waits_in_vain_is_refused_in_haproxys_words(
    haproxy: HAProxy, slow: Slow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins.haproxy, "DELETE_PATIENCE_S", 0.5)
    asking = asyncio.create_task(request(folder))
    await slow.asked.wait()
    await haproxy.set_admin("app", "slow", Admin.MAINT)
    with pytest.raises(Refused, match="Server still has connections attached to it"):
        await haproxy.delete_server("app", "slow")
    monkeypatch.undo()
    slow.let.set()
    await asking


@pytest.mark.parametrize("kind", ["map-based", "consistent"])
@pytest.mark.parametrize("number", range(len(ALGORITHMS)), ids=ALGORITHMS)
async def test_whether_a_backend_takes_servers_and_weights_is_known_before(
    haproxy: HAProxy, number: int, kind: str
) -> None:
    name = f"b{number}-{kind}"
    [backend] = [pool for pool in (await haproxy.look()).pools if pool.name == name]
    added = await refusal(haproxy.add_server(name, "new", address="127.0.0.1:9", weight=1, options=backend.options))
    assert ("must use a dynamic load balancing" in added) is bool(backend.refuses_servers)
    weighed = await refusal(haproxy.set_weight(name, "app1", 5))
    assert ("static LB algorithm" in weighed) is bool(backend.refuses_weights)
    await haproxy.delete_server(name, "new")


async def refusal(change: Awaitable[None]) -> str:
    try:
        await change
    except Refused as refused:
        return str(refused)
    return ""


async def test_a_name_that_is_there_and_a_server_that_takes_traffic_are_refused_in_haproxys_words(
    haproxy: HAProxy,
) -> None:
    with pytest.raises(Refused, match="Already exists a server with the same name"):
        await haproxy.add_server("app", "app1", address="127.0.0.1:9", weight=1, options="")
    await haproxy.set_admin("app", "app1", Admin.DRAIN)
    with pytest.raises(Refused, match="Only servers in maintenance mode can be deleted"):
        await haproxy.delete_server("app", "app1")
    await haproxy.set_admin("app", "app1", Admin.MAINT)
