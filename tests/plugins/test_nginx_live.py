"""A real nginx: an edit is loaded and takes effect, or everything is as it was."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from console.cluster.snapshot import Admin, Health
from console.contract import within
from console.ports.plugins import Context
from console.ports.protocols import Completed, Refused, Unclear
from plugins._local import LocalShell
from plugins.nginx import Nginx
from tests.contract.balancers import answering
from tests.contract.nginx_process import NginxProcess, installed, nginx_process, nodes_at
from tests.plugins.ssh_server import Network

pytestmark = pytest.mark.live


@pytest.fixture
async def addresses() -> AsyncIterator[list[str]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(answering()) for _ in range(4)]


@pytest.fixture
async def running(addresses: list[str]) -> AsyncIterator[NginxProcess]:
    with nginx_process(installed("nginx"), addresses[:3]) as process:
        yield process


@pytest.fixture
async def nginx(running: NginxProcess, addresses: list[str]) -> Nginx:
    made = Nginx(running.settings, Context(name="lb1", lines=nodes_at(addresses)))
    await within(made.look, lambda view: view.health is Health.UP, "nginx is up")
    return made


def named_by(running: NginxProcess, upstream: Path, addresses: Sequence[str]) -> list[bool]:
    """Which of the addresses are marked down."""
    text = upstream.read_text()
    return [f"{address} weight=100 max_fails=2 down;" in text for address in addresses]


async def test_version_process_and_age_are_told(nginx: Nginx, running: NginxProcess) -> None:
    view = await nginx.look()
    assert view.version.count(".") == 2
    assert view.process_id == int((running.folder / "nginx.pid").read_text())
    assert view.uptime_s is not None
    assert view.writable is True


async def test_a_server_in_maintenance_gets_no_request_and_no_request_fails_meanwhile(
    nginx: Nginx, running: NginxProcess, addresses: list[str]
) -> None:
    statuses: set[int] = set()
    async with httpx.AsyncClient() as client:

        async def ask() -> str:
            answer = await client.get(running.url)
            statuses.add(answer.status_code)
            return answer.text

        async def on_and_on() -> None:
            while True:
                await ask()

        asking = asyncio.create_task(on_and_on())
        await nginx.set_admin("app", "app2", Admin.MAINT)
        without = {await ask() for _ in range(30)}
        await nginx.set_admin("app", "app2", Admin.READY)
        within = {await ask() for _ in range(30)}
        asking.cancel()
    assert without == {addresses[0], addresses[2]}
    assert within == set(addresses[:3])
    assert statuses == {200}


async def test_a_link_is_kept_and_the_included_file_is_what_is_edited(
    nginx: Nginx, running: NginxProcess, addresses: list[str]
) -> None:
    app, site = running.app.read_bytes(), running.web.read_bytes()
    await nginx.set_admin("web", "app2", Admin.MAINT)
    assert running.web.is_symlink()
    assert (running.app.read_bytes(), running.web.read_bytes()) == (app, site)
    servers = running.folder / "servers" / "web.conf"
    assert named_by(running, servers, addresses[:3]) == [False, True, False]


async def test_what_nginx_does_not_take_is_put_back_to_the_byte_and_what_runs_is_what_is_seen(
    nginx: Nginx, running: NginxProcess
) -> None:
    before = running.app.read_bytes()
    with pytest.raises(Refused, match=r"`nginx -t` says: .*invalid parameter .*; .*app.conf is as it was"):
        await nginx.add_server("app", "app9", address=nine(nginx), weight=1, options="no_such_word")
    assert running.app.read_bytes() == before
    view = await nginx.look()
    assert (view.health, view.reason) == (Health.UP, "")


async def test_a_file_that_was_broken_before_is_not_touched(nginx: Nginx, running: NginxProcess) -> None:
    running.app.write_text(running.app.read_text() + "nonsense;\n")
    before = running.app.read_bytes()
    with pytest.raises(Refused, match="nothing was changed"):
        await nginx.set_admin("app", "app2", Admin.MAINT)
    assert running.app.read_bytes() == before
    assert (await nginx.look()).health is Health.UNKNOWN


async def test_what_was_edited_by_hand_and_not_loaded_is_not_taken_for_what_runs(
    nginx: Nginx, running: NginxProcess
) -> None:
    await asyncio.sleep(2.1)  # nearer to the workers' start old and new are not told apart
    running.app.write_text(running.app.read_text().replace("max_fails=2;", "max_fails=2 down;", 1))
    view = await nginx.look()
    assert view.health is Health.UNKNOWN
    assert f"its workers run without what was changed in {running.app}" in view.reason
    with pytest.raises(Refused, match="reload nginx to have it loaded"):
        await nginx.set_admin("app", "app2", Admin.MAINT)


async def test_another_file_that_waits_for_a_reload_makes_it_read_only(nginx: Nginx, running: NginxProcess) -> None:
    await asyncio.sleep(2.1)
    main = running.folder / "nginx.conf"
    main.write_text(main.read_text() + "# later\n")
    view = await nginx.look()
    assert (view.health, view.writable) == (Health.UP, False)
    assert "its workers run without" in view.writable_reason


async def test_a_file_that_is_touched_and_reads_as_before_is_still_what_runs(
    nginx: Nginx, running: NginxProcess
) -> None:
    await nginx.look()
    await asyncio.sleep(2.1)
    running.app.write_text(running.app.read_text())
    assert (await nginx.look()).health is Health.UP


async def test_a_reload_that_fails_puts_the_file_back_or_says_where_it_stands(
    running: NginxProcess, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Nginx(running.settings, Context(name="lb1", lines=nodes_at(addresses)))
    await within(made.look, lambda view: view.health is Health.UP, "nginx is up")
    before, real, refusals = running.app.read_bytes(), LocalShell.run, [1]

    async def run(shell: LocalShell, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        if argv[-1] == "reload" and refusals:
            refusals.pop()
            return Completed(status=1, stdout="", stderr="nginx: [error] kill() failed")
        return await real(shell, argv, timeout_s=timeout_s, stdin=stdin)

    monkeypatch.setattr(LocalShell, "run", run)
    with pytest.raises(Refused, match=r"`nginx -s reload` says: .*kill\(\) failed; .* is as it was"):
        await made.set_admin("app", "app2", Admin.MAINT)
    assert running.app.read_bytes() == before
    refusals += [1, 1]
    with pytest.raises(Unclear, match=r"app.conf is as it was, and not loaded: `nginx -s reload` says"):
        await made.set_admin("app", "app2", Admin.MAINT)
    assert running.app.read_bytes() == before


async def test_a_drain_is_refused_with_what_does_nearly_the_same(nginx: Nginx) -> None:
    with pytest.raises(Refused, match="nginx has no drain; `maint` sends no new client"):
        nginx.admin_command("app", "app2", Admin.DRAIN)


async def test_the_commands_tell_the_edit_and_the_reload(nginx: Nginx) -> None:
    told = nginx.add_server_command("app", "app9", address="10.0.0.9:80", weight=7, options="max_fails=2")
    assert told.startswith("upstream app: `server 10.0.0.9:80 weight=7 max_fails=2 down;` added; ")
    assert nginx.admin_command("app", "app2", Admin.MAINT).startswith("upstream app: server app2 marked down; ")
    assert told.endswith(" -s reload")


async def test_one_that_does_not_run_is_down_and_one_without_a_pid_file_is_unknown(
    running: NginxProcess, tmp_path: Path
) -> None:
    running.folder.joinpath("old.pid").write_text("4194305\n")  # more than Linux gives
    settings = running.settings
    settings.pid_file = str(running.folder / "old.pid")
    gone = await Nginx(settings, Context(name="lb1")).look()
    assert (gone.health, "is gone" in gone.reason) == (Health.DOWN, True)
    settings.pid_file = str(tmp_path / "none.pid")
    unknown = await Nginx(settings, Context(name="lb1")).look()
    assert (unknown.health, "`pid_file` is another" in unknown.reason) == (Health.UNKNOWN, True)


async def test_over_ssh_it_is_looked_at_changed_and_left_as_it_was_when_the_connection_is_lost(
    running: NginxProcess, addresses: list[str], network: Network
) -> None:
    server = await network.server()
    network.know(server)
    network.alias("lb1", server.port)
    shells, settings = network.shells(), running.settings
    settings.host = ""
    made = Nginx(settings, Context(name="lb1", lines=nodes_at(addresses), shells=shells))
    await within(made.look, lambda view: view.health is Health.UP, "nginx is up")
    await made.set_admin("app", "app2", Admin.MAINT)
    [app2] = [s for s in (await made.look()).servers if (s.backend, s.server) == ("app", "app2")]
    assert app2.admin is Admin.MAINT
    before = running.app.read_bytes()
    await server.stop()
    with pytest.raises(Refused, match="nothing was changed"):
        await made.set_admin("app", "app2", Admin.READY)
    assert running.app.read_bytes() == before
    view = await made.look()
    assert view.health is Health.UNKNOWN
    assert view.reason


def test_without_a_shell_table_it_must_be_on_this_machine() -> None:
    with pytest.raises(ValueError, match=r'need a \[shell\] table, or host = "local"'):
        Nginx(Nginx.Settings(), Context(name="lb1"))


def nine(nginx: Nginx) -> str:
    """Where app9 is."""
    [line] = [line for line in nginx._lines if line.name == "app9"]
    return f"{line.address}:{line.port}"
