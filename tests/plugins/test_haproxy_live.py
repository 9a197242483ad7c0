"""On a real HAProxy."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from console.cluster.snapshot import Admin, Health, PoolMember
from console.cluster.views import BalancerView
from console.lab import programs
from console.ports.plugins import Context
from console.ports.protocols import Refused, Unclear
from plugins.haproxy import HAProxy

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="wk"))  # a socket's path has to be short
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def process(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with socket.create_server(("127.0.0.1", 0)) as well, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        folder.joinpath("haproxy.cfg").write_text(f"""\
global
    stats socket {folder}/admin level admin
    stats socket {folder}/user level user
    stats socket {folder}/operator level operator
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
backend app
    cookie SRV insert indirect
    default-server check inter 100ms fall 1 rise 1
    server app1 127.0.0.1:{well.getsockname()[1]} cookie app1
    server app2 127.0.0.1:{closed.getsockname()[1]} cookie app2
backend table
    stick-table type ip size 1k
    stick on src
    option httpchk
    http-check expect string ok
    server app1 127.0.0.1:{well.getsockname()[1]} check
backend plain
    server app1 127.0.0.1:{well.getsockname()[1]}
""")
        with folder.joinpath("log").open("wb") as log:
            running = subprocess.Popen([programs.haproxy(), "-db", "-f", folder / "haproxy.cfg"], stderr=log)
        try:
            until_s = time.monotonic() + 10
            while not folder.joinpath("admin").exists():
                assert running.poll() is None, folder.joinpath("log").read_text()
                assert time.monotonic() < until_s
                time.sleep(0.02)
            yield running
        finally:
            running.kill()
            running.wait()


@pytest.fixture
async def haproxy(process: subprocess.Popen[bytes], folder: Path) -> AsyncIterator[HAProxy]:
    made = connect(f"unix://{folder}/admin", config=str(folder / "haproxy.cfg"))
    yield made
    for server in ("app1", "app2"):
        await made.set_admin("app", server, Admin.READY)
    await made.close()


def connect(address: str, *, config: str = "", deadline_s: float = 2.0) -> HAProxy:
    return HAProxy(HAProxy.Settings(socket=address, config=config, deadline_s=deadline_s), Context(name="lb1"))


async def seen(haproxy: HAProxy, wanted: Callable[[BalancerView], bool]) -> BalancerView:
    for _ in range(100):
        if wanted(view := await haproxy.look()):
            return view
        await asyncio.sleep(0.05)
    raise AssertionError(view)


def server(view: BalancerView, backend: str, name: str) -> PoolMember:
    return next(member for member in view.servers if (member.backend, member.server) == (backend, name))


async def test_a_look_tells_the_process_and_its_backends(
    haproxy: HAProxy, process: subprocess.Popen[bytes], folder: Path
) -> None:
    view = await haproxy.look()
    assert (view.health, view.reason, view.process_id, view.writable) == (Health.UP, "", process.pid, True)
    assert view.version.startswith("2.")
    assert view.backends == ("app", "table", "plain")
    user = await connect(f"unix://{folder}/user").look()
    assert (user.health, user.writable) == (Health.UP, False)


@pytest.mark.parametrize("admin", [Admin.DRAIN, Admin.MAINT, Admin.READY])
async def test_what_was_set_is_read_back(haproxy: HAProxy, admin: Admin) -> None:
    await haproxy.set_admin("app", "app1", admin)
    await haproxy.set_admin("app", "app1", admin)
    assert server(await haproxy.look(), "app", "app1").admin is admin


async def test_a_drained_server_that_goes_down_still_says_drain(haproxy: HAProxy) -> None:
    await haproxy.set_admin("app", "app2", Admin.DRAIN)
    view = await seen(haproxy, lambda view: server(view, "app", "app2").check is Health.DOWN)
    drained = server(view, "app", "app2")
    assert drained.admin is Admin.DRAIN
    assert drained.check_says.startswith("L4CON in ")


async def test_stickiness_and_checks_are_seen(haproxy: HAProxy) -> None:
    view = await haproxy.look()
    assert server(view, "app", "app1").sticky
    assert server(view, "table", "app1").sticky
    assert not server(view, "plain", "app1").sticky
    assert server(view, "app", "app1").check_reads_body is False
    assert server(view, "table", "app1").check_reads_body is True
    assert (server(view, "plain", "app1").checked, server(view, "plain", "app1").check) == (False, Health.UNKNOWN)


async def test_backends_that_are_not_there_are_named(process: subprocess.Popen[bytes], folder: Path) -> None:
    settings = HAProxy.Settings(socket=f"unix://{folder}/admin", backends=["nope", "app"])
    view = await HAProxy(settings, Context(name="lb1")).look()
    assert (view.health, view.backends) == (Health.UP, ("app",))
    assert "nope" in view.reason
    assert {member.backend for member in view.servers} == {"app"}


@pytest.mark.parametrize("level", ["user", "operator"])
async def test_a_socket_of_a_lower_level_refuses_with_the_mend(
    process: subprocess.Popen[bytes], folder: Path, level: str
) -> None:
    with pytest.raises(Refused, match=r"Permission denied.*level admin"):
        await connect(f"unix://{folder}/{level}").set_admin("app", "app1", Admin.DRAIN)


async def test_haproxys_no_is_told_in_its_own_words(haproxy: HAProxy) -> None:
    with pytest.raises(Refused, match=r"No such server\."):
        await haproxy.set_admin("app", "nope", Admin.DRAIN)
    with pytest.raises(Refused, match=r"No such backend\."):
        await haproxy.set_admin("nope", "app1", Admin.DRAIN)


async def test_sessions_can_be_ended(haproxy: HAProxy) -> None:
    await haproxy.end_sessions("app", "app1")


async def test_a_missing_socket_is_unknown_and_says_so(folder: Path) -> None:
    missing = connect(f"unix://{folder}/none")
    view = await missing.look()
    assert (view.health, view.reason.startswith("no such socket")) == (Health.UNKNOWN, True)
    with pytest.raises(Refused, match="no such socket"):
        await missing.set_admin("app", "app1", Admin.DRAIN)


async def test_a_socket_that_nobody_listens_on_is_down(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(folder / "left"))
    view = await connect(f"unix://{folder}/left").look()
    assert (view.health, view.reason) == (Health.DOWN, f"nobody listens on {folder}/left")


async def test_a_frozen_process_is_unknown_within_the_deadline(process: subprocess.Popen[bytes], folder: Path) -> None:
    frozen = connect(f"unix://{folder}/admin", deadline_s=0.5)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        began_s = time.monotonic()
        view = await frozen.look()
        assert (view.health, view.reason) == (Health.UNKNOWN, "no answer within 0.5 s")
        with pytest.raises(Unclear, match="no answer within"):
            await frozen.set_admin("app", "app1", Admin.READY)
        assert time.monotonic() - began_s < 1.5
    finally:
        os.kill(process.pid, signal.SIGCONT)
    await seen(frozen, lambda view: view.health is Health.UP)


@pytest.mark.parametrize("answer", [b"", b"\xff\xfe", b"Name: HAProxy\n", b"hello\n\n", b"x" * 9 * 1024**2])
async def test_whatever_answers_a_look_never_raises(folder: Path, answer: bytes) -> None:
    talks: list[asyncio.Task[None] | None] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        await reader.readline()
        with suppress(OSError):
            writer.write(answer)
            await writer.drain()
        writer.close()

    path = folder / "liar"
    async with await asyncio.start_unix_server(talk, path):
        view = await connect(f"unix://{path}").look()
        assert view.health is Health.UNKNOWN
        assert view.reason
        if not answer:
            with pytest.raises(Unclear, match="without an answer"):
                await connect(f"unix://{path}").set_admin("app", "app1", Admin.DRAIN)
        await asyncio.gather(*filter(None, talks))
    path.unlink()
