"""A real HAProxy and a real nginx before the same servers: one drains and checks, the other does neither."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from console.change.events import Outcome
from console.cluster.snapshot import Admin, Health
from console.contract import within
from console.lab import programs
from console.session import Session
from tests.contract.balancers import answering
from tests.contract.nginx_process import NginxProcess, installed, nginx_process
from tests.live.test_persisting import NAMES, Balancer

pytestmark = pytest.mark.live


class Both(Balancer):
    """lb1 is HAProxy, lb2 nginx."""

    nginx: NginxProcess

    async def states(self, server: str) -> dict[tuple[str, str], Admin]:
        found = (await self.session.look()).app_server(server)
        return {(pool.balancer, pool.backend): pool.admin for pool in found.pools} if found else {}


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    binary = installed("nginx")
    async with AsyncExitStack() as stack:
        addresses = [await stack.enter_async_context(answering()) for _ in NAMES]
        made = Both(Path(stack.enter_context(TemporaryDirectory(prefix="wk", dir="/tmp"))), addresses)
        stack.enter_context(made.running())
        made.nginx = stack.enter_context(nginx_process(binary, addresses[:3]))
        settings = made.nginx.settings
        more = f"""\
[[balancers]]
name = "lb2"
plugin = "nginx"
host = "local"
program = {list(settings.program)}
pid_file = "{settings.pid_file}"
deadline_s = 10.0
"""
        file = made.cluster_file([programs.haproxy(), "-c", "-f", "{config}"], more)
        made.session = await stack.enter_async_context(Session.open(file, tmp_path))

        async def health() -> set[Health]:
            return {balancer.health for balancer in (await made.session.look()).balancers}

        await within(health, lambda found: found == {Health.UP}, "both are up")
        yield made


@asynccontextmanager
async def traffic(url: str) -> AsyncIterator[list[int]]:
    """Requests one after the other; what each of them got."""
    statuses: list[int] = []

    async def ask() -> None:
        async with httpx.AsyncClient() as client:
            while True:
                statuses.append((await client.get(url)).status_code)

    asking = asyncio.create_task(ask())
    try:
        yield statuses
    finally:
        asking.cancel()


async def test_a_server_leaves_and_returns_on_both_and_no_request_fails(both: Both) -> None:
    async with traffic(both.nginx.url) as statuses:
        out = await both.change("maint", "app2")
        assert out.outcome is Outcome.DONE, out.events[-1].says
        assert out.plan.steps[0].does == "drain app2 on lb1"
        assert set((await both.states("app2")).values()) == {Admin.MAINT}
        back = await both.change("ready", "app2")
        assert back.outcome is Outcome.DONE, back.events[-1].says
        assert "which checks nothing, sends it traffic" in back.plan.steps[0].proof.says
    assert set(await both.states("app2")) == {("lb1", "app"), ("lb2", "app"), ("lb2", "web")}
    assert len(statuses) > 10
    assert set(statuses) == {200}


async def test_a_drain_is_refused_with_what_can_be_had(both: Both) -> None:
    run = await both.change("drain", "app2")
    assert run.outcome is Outcome.REFUSED
    assert "nginx has no drain; `maint app2` sends it no new client" in run.events[-1].says


async def test_a_server_joins_and_leaves_both(both: Both) -> None:
    before = both.nginx.app.read_text()
    joined = await both.change("add-server", "app4", hold=1)
    assert joined.outcome is Outcome.DONE, joined.events[-1].says
    assert set((await both.states("app4")).values()) == {Admin.READY}
    assert f"server {both.addresses[3]} weight=100 max_fails=2;" in both.nginx.app.read_text()
    left = await both.change("remove-server", "app4")
    assert left.outcome is Outcome.DONE, left.events[-1].says
    assert both.nginx.app.read_text() == before
