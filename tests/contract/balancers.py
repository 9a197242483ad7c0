"""The balancers that are held to the contract, each with what it stands for: real, replayed or memory."""

import asyncio
import re
import subprocess
import tempfile
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from console import lab as labs
from console.cluster.snapshot import Health
from console.contract import within
from console.contract.balancer_subject import BalancerSubject
from console.lab import programs
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Context, Plugins, bundled
from console.ports.protocols import AddsServers, BalancerPort, EndsSessions, Persists, TellsRaw
from console.ports.reach import Reach
from console.ports.secrets import Secret
from plugins.haproxy import HAProxy
from plugins.haproxy.joining import takes_cookie, version_of
from plugins.haproxy_dataplane import DataPlane
from plugins.memory import cluster_file
from plugins.nginx import Nginx
from plugins.nginx_plus import NginxPlus
from tests.conftest import RunningLab
from tests.contract.nginx_process import installed, nginx_process, nodes_at
from tests.contract.replay import dataplane as replayed_dataplane
from tests.contract.replay import nginx_plus as replayed_plus
from tests.contract.replay.server import replaying
from tests.contract.subject import Held, case, of

SERVERS = ("app1", "app2", "app3")


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Held[BalancerSubject]]:
    """A balancer of a world."""
    port = _reach(cluster_file("balancers"), "memory.toml").balancer("lb1")
    yield Held("memory", "memory", "a world in memory", _like_the_lab(port, "app2:8080"))


@asynccontextmanager
async def lab_haproxy(request: pytest.FixtureRequest) -> AsyncIterator[Held[BalancerSubject]]:
    """The HAProxy of the lab."""
    lab: RunningLab = request.getfixturevalue("lab")
    labs.await_green(lab.name, lab.state_dir)
    reach = _reach(await asyncio.to_thread(Path(lab.status.cluster_file).read_text), str(lab.status.cluster_file))
    port = reach.balancer("lb1")
    [address] = {s.address for s in (await port.look()).servers if s.server == "app2"}
    version = (await port.look()).version
    yield Held("haproxy", "real", f"HAProxy {version}", _like_the_lab(port, address))
    await reach.close()


@asynccontextmanager
async def system_haproxy(request: pytest.FixtureRequest) -> AsyncIterator[Held[BalancerSubject]]:
    """The HAProxy of the system, where it is of another version than the lab's."""
    binary = installed("haproxy")
    if _version(binary) == _version(programs.haproxy()):
        pytest.skip(f"the haproxy that is installed is the lab's: {_version(binary)}")
    async with AsyncExitStack() as stack:
        addresses = [await stack.enter_async_context(answering()) for _ in range(4)]
        folder = stack.enter_context(_short_folder())
        servers = "".join(f"    server {name} {address}\n" for name, address in zip(SERVERS, addresses, strict=False))
        check = "    balance roundrobin\n    default-server check inter 100ms fall 1 rise 1 weight 100\n"
        sticky = re.sub(r"(server (\S+) \S+)", r"\1 cookie \2", servers)
        config = folder / "haproxy.cfg"
        config.write_text(f"""\
global
    stats socket {folder}/admin level admin
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
backend app
{check}{servers}
backend web
    cookie SRV insert indirect nocache
{check}{sticky}""")
        stack.enter_context(_running(binary, "-db", "-f", str(config)))
        checker = (binary, "-c", "-f", "{config}")
        settings = HAProxy.Settings(socket=f"unix://{folder}/admin", config=str(config), checker=checker)
        port = HAProxy(settings, Context(name="lb1"))
        await _up(port)
        version = (await port.look()).version
        subject = replace(_like_the_lab(port, addresses[3]), pins_added=takes_cookie(version))
        lacks = frozenset({AddsServers} if version_of(version) < (2, 5, 0) else ())
        yield Held("haproxy", "real", f"HAProxy {version}", subject, lacks)


@asynccontextmanager
async def nginx(request: pytest.FixtureRequest) -> AsyncIterator[Held[BalancerSubject]]:
    """The nginx of the system, in a folder of its own."""
    binary = installed("nginx")
    async with AsyncExitStack() as stack:
        addresses = [await stack.enter_async_context(answering()) for _ in range(4)]
        running = stack.enter_context(nginx_process(binary, addresses[:3]))
        port = Nginx(running.settings, Context(name="lb1", lines=nodes_at(addresses)))
        await within(port.look, lambda view: view.health is Health.UP, "nginx is up")
        subject = replace(_like_the_lab(port, addresses[3]), counts=False, least_weight=1)
        version = (await port.look()).version
        yield Held("nginx", "real", f"nginx {version}", subject, frozenset({EndsSessions, Persists, TellsRaw}))


@asynccontextmanager
async def nginx_plus(request: pytest.FixtureRequest) -> AsyncIterator[Held[BalancerSubject]]:
    """NGINX Plus by the answers that its vendor documents."""
    addresses = [f"127.0.0.1:{port}" for port in (8001, 8002, 8003, 8009)]
    replay = replayed_plus.NginxPlus({"app": addresses[:3], "web": addresses[:3]})
    async with replaying(replay.handle, replay.prefix) as url:
        settings = NginxPlus.Settings(url=url, state_file=True)
        port = NginxPlus(settings, Context(name="lb1", lines=nodes_at(addresses)))
        subject = replace(_like_the_lab(port, addresses[3]), sticky=frozenset(), least_weight=1)
        lacks = frozenset({EndsSessions, Persists, TellsRaw})
        yield Held("nginx-plus", "replayed", "the API reference of NGINX Plus", subject, lacks)


@asynccontextmanager
async def haproxy_dataplane(request: pytest.FixtureRequest) -> AsyncIterator[Held[BalancerSubject]]:
    """HAProxy's Data Plane API by the answers that its vendor documents."""
    addresses = [f"127.0.0.1:{port}" for port in (8001, 8002, 8003, 8009)]
    replay = replayed_dataplane.DataPlane({"app": addresses[:3], "web": addresses[:3]}, cookie=("web",))
    user, password = replayed_dataplane.USER, replayed_dataplane.PASSWORD
    async with replaying(replay.handle, replay.prefix, user=user, password=password) as url:
        settings = DataPlane.Settings(url=url, username=user, password=Secret(password))
        subject = _like_the_lab(DataPlane(settings, Context(name="lb1")), addresses[3])
        lacks = frozenset({EndsSessions, Persists, TellsRaw})
        yield Held("haproxy-dataplane", "replayed", "the specification of the Data Plane API 3", subject, lacks)


SUBJECTS = [
    case(memory, "memory"),
    case(lab_haproxy, "haproxy-lab", pytest.mark.live),
    case(system_haproxy, "haproxy-system", pytest.mark.live),
    case(nginx, "nginx", pytest.mark.live),
    case(nginx_plus, "nginx-plus"),
    case(haproxy_dataplane, "haproxy-dataplane"),
]
"""Every one that there is."""


@asynccontextmanager
async def as_it_was(held: Held[BalancerSubject]) -> AsyncIterator[Held[BalancerSubject]]:
    """The subject that knows every place as it is now; put back and closed after."""
    known = await held.subject.known()
    yield of(held, known)
    await known.restore()
    await known.port.close()


@asynccontextmanager
async def answering() -> AsyncIterator[str]:
    """host:port of a web server on loopback that is always well, and answers with the same."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # a check that only connects
            await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(name)}\r\nConnection: close\r\n\r\n"
        writer.write(f"{head}{name}".encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    name = f"{host}:{port}"
    try:
        yield name
    finally:
        server.close()


def _like_the_lab(port: BalancerPort, new_address: str) -> BalancerSubject:
    return BalancerSubject(
        port=port,
        name="lb1",
        backend="app",
        elsewhere="web",
        server="app2",
        new="app9",
        new_address=new_address,
        sticky=frozenset({"web"}),
    )


def _version(haproxy: str) -> str:
    said = subprocess.run([haproxy, "-v"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"version (\S+)", said)
    return found[1] if found else said


async def _up(port: BalancerPort) -> None:
    async def checks() -> set[Health]:
        return {server.check for server in (await port.look()).servers}

    await within(checks, lambda found: found == {Health.UP}, "every server is up")


@contextmanager
def _running(*argv: str) -> Iterator[None]:
    with subprocess.Popen(argv) as process:
        try:
            yield
        finally:
            process.terminate()


def _reach(text: str, path: str) -> Reach:
    return Reach.of(ClusterFile.decode(text, Path(path), Plugins((bundled("plugins"),))))


@contextmanager
def _short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for unix sockets."""
    with tempfile.TemporaryDirectory(prefix="wk", dir="/tmp") as folder:
        yield Path(folder)
