"""What is written into a real HAProxy's configuration outlives its reload; what it does not take is not written."""

import asyncio
import itertools
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from console.change.events import Outcome
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Admin, Health, PoolMember
from console.contract import within
from console.lab import programs
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from tests.contract.balancers import answering

pytestmark = pytest.mark.live

YES = Confirmation("a test", "app2")
NAMES = ("app1", "app2", "app3", "app4")
_numbers = itertools.count()


class Balancer:
    """A master-worker HAProxy with three servers, a fourth beside it, and the console's session on both."""

    def __init__(self, folder: Path, addresses: list[str]) -> None:
        self.folder = folder
        self.addresses = addresses
        self.config = folder / "haproxy.cfg"
        self.session: Session
        servers = "".join(f"    server {n} {a} check weight 100\n" for n, a in zip(NAMES[:3], addresses, strict=False))
        self.config.write_text(f"""\
global
    stats socket {folder}/admin level admin
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend front
    bind unix@{folder}/front
    default_backend app
backend app
    balance roundrobin
    default-server inter 100ms fall 1 rise 1
{servers}""")

    def cluster_file(self, checker: list[str], more: str = "") -> ClusterFile:
        memory = f'plugin = "memory"\nworld = "persisting{next(_numbers)}"'
        nodes = "".join(
            f'[[nodes]]\nname = "{name}"\naddress = "{address.partition(":")[0]}"\n'
            f'port = {address.partition(":")[2]}\nroles = ["app"]\nspare = {str(name == "app4").lower()}\n'
            for name, address in zip(NAMES, self.addresses, strict=True)
        )
        text = f"""\
name = "persisting"
[replica_set]
{memory}
[health]
{memory}
[watch]
health_s = 0.1
balancers_s = 0.1
[[balancers]]
name = "lb1"
plugin = "haproxy"
socket = "unix://{self.folder}/admin"
config = "{self.config}"
checker = {checker}
deadline_s = 10.0
{more}{nodes}"""
        return ClusterFile.decode(text, Path("persisting.toml"), Plugins((bundled("plugins"),)))

    @contextmanager
    def running(self) -> Iterator[None]:
        argv = [programs.haproxy(), "-W", "-db", "-f", str(self.config)]
        with (self.folder / "log").open("wb") as log, subprocess.Popen(argv, stderr=log) as self.process:
            try:
                yield
            finally:
                self.process.terminate()

    async def reload(self) -> None:
        """Another worker, which knows what is written."""
        [before] = [b.process_id for b in self.session.snapshot.balancers]
        os.kill(self.process.pid, signal.SIGUSR2)

        async def worker() -> int | None:
            [balancer] = (await self.session.look()).balancers
            return balancer.process_id if balancer.health is Health.UP else before

        await within(worker, lambda pid: pid not in (None, before), "another worker")

    async def change(self, action: str, target: str, **given: Any) -> Run:
        await self.session.look(target)
        made = self.session.plan(action, target, given)
        run = self.session.start(made, YES)
        await asyncio.wait_for(run.finished(), 60)
        return run

    async def place(self, server: str) -> PoolMember | None:
        found = (await self.session.look()).app_server(server)
        return found.pools[0] if found and found.pools else None

    def text(self) -> str:
        return self.config.read_text()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def opened(stack: AsyncExitStack, tmp_path: Path, checker: list[str] | None = None) -> Balancer:
    addresses = [await stack.enter_async_context(answering()) for _ in NAMES]
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wk", dir="/tmp")))
    balancer = Balancer(folder, addresses)
    stack.enter_context(balancer.running())
    file = balancer.cluster_file(checker or [programs.haproxy(), "-c", "-f", "{config}"])
    balancer.session = await stack.enter_async_context(Session.open(file, tmp_path))

    async def checks() -> set[Health]:
        return {p.check for s in (await balancer.session.look()).app_servers for p in s.pools}

    await within(checks, lambda found: found == {Health.UP}, "every server is up")
    return balancer


async def test_a_server_that_joins_and_is_written_is_there_after_a_reload(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    balancer = await opened(stack, tmp_path)
    before = balancer.text()
    run = await balancer.change("add-server", "app4", hold=1, persist="yes")
    assert run.outcome is Outcome.DONE, run.events[-1].says
    line = f"    server app4 {balancer.addresses[3]} check weight 100\n"
    assert balancer.text() == before + line
    await balancer.reload()
    place = await balancer.place("app4")
    assert place
    assert (place.admin, place.weight, place.dynamic) == (Admin.READY, 100, False)


async def test_without_that_it_is_gone_after_a_reload(stack: AsyncExitStack, tmp_path: Path) -> None:
    balancer = await opened(stack, tmp_path)
    assert (await balancer.change("add-server", "app4", hold=1)).outcome is Outcome.DONE
    await balancer.reload()
    assert await balancer.place("app4") is None


async def test_a_maintenance_and_a_weight_that_are_written_stand_after_a_reload(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    balancer = await opened(stack, tmp_path)
    assert (await balancer.change("set-weight", "app2", weight=30, persist="yes")).outcome is Outcome.DONE
    assert (await balancer.change("maint", "app2", persist="yes")).outcome is Outcome.DONE
    await balancer.reload()
    place = await balancer.place("app2")
    assert place
    assert (place.admin, place.weight) == (Admin.MAINT, 30)
    assert (await balancer.change("ready", "app2", persist="yes")).outcome is Outcome.DONE
    assert f"server app2 {balancer.addresses[1]} check weight 30\n" in balancer.text()


async def test_a_server_that_leaves_and_is_written_out_stays_away(stack: AsyncExitStack, tmp_path: Path) -> None:
    balancer = await opened(stack, tmp_path)
    assert (await balancer.change("remove-server", "app2", persist="yes")).outcome is Outcome.DONE
    await balancer.reload()
    assert await balancer.place("app2") is None
    assert "app2" not in balancer.text()


async def test_what_the_checker_does_not_take_is_undone_and_the_file_is_as_it_was(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    # It takes what stands there, so that the plan may begin, and nothing else.
    only_the_old = 'grep -q app4 "$1" && echo "unknown keyword" >&2 && exit 1; exit 0'
    balancer = await opened(stack, tmp_path, ["sh", "-c", only_the_old, "sh", "{config}"])
    before = balancer.text()
    run = await balancer.change("add-server", "app4", hold=1, persist="yes")
    assert run.outcome is Outcome.FAILED
    assert "says: unknown keyword" in run.events[-1].says
    assert balancer.text() == before
    assert await balancer.place("app4") is None


async def test_a_configuration_that_haproxy_does_not_take_already_refuses_the_plan(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    balancer = await opened(stack, tmp_path)
    balancer.config.write_text(balancer.text() + "    nonsense\n")

    async def refusals() -> list[str]:
        await balancer.session.look("app4")
        return [c.value for c in balancer.session.plan("add-server", "app4", {"persist": "yes"}).refusals]

    found = await within(refusals, lambda found: found, "the plan is refused", patience_s=40.0)
    assert "haproxy" in found[0]
    assert "nonsense" in found[0] or "says" in found[0]
