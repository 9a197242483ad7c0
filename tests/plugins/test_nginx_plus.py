"""NGINX Plus by its documented answers, replayed: what is said of them, and of its errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import plugins.nginx_plus as plugin
from console.cluster.layout import NodeLine
from console.cluster.snapshot import Admin, Health
from console.ports.plugins import Context
from console.ports.protocols import Refused, Unclear
from tests.contract.replay.nginx_plus import NginxPlus
from tests.contract.replay.server import replaying

LINES = tuple(NodeLine(name=f"app{n}", address=f"10.0.0.{n}", port=80, roles=("app",)) for n in (1, 2, 3))
ADDRESSES = ["10.0.0.1:80", "10.0.0.2:80"]


@asynccontextmanager
async def opened(replay: NginxPlus) -> AsyncIterator[plugin.NginxPlus]:
    async with replaying(replay.handle, replay.prefix) as url:
        made = plugin.NginxPlus(plugin.NginxPlus.Settings(url=url), Context(name="lb1", lines=LINES))
        yield made
        await made.close()


async def test_a_server_is_told_with_its_connections_requests_and_errors() -> None:
    replay = NginxPlus({"app": ADDRESSES})
    replay.active["10.0.0.1:80"] = 7
    async with opened(replay) as plus:
        [app1, app2] = (await plus.look()).servers
    assert (app1.server, app1.sessions, app1.requests, app1.errors) == ("app1", 7, 120, 1)
    assert (app2.server, app2.sessions, app2.check) == ("app2", 0, Health.UP)


async def test_an_api_that_may_not_write_is_told_before_a_plan_with_the_mend() -> None:
    async with opened(NginxPlus({"app": ADDRESSES}, write=False)) as plus:
        view = await plus.look()
        assert view.writable is False
        assert view.writable_reason == ("method disabled (MethodDisabled): put `api write=on;` into its API's location")
        with pytest.raises(Refused, match="MethodDisabled"):
            await plus.set_admin("app", "app1", Admin.DRAIN)


async def test_the_dry_run_changes_nothing() -> None:
    replay = NginxPlus({"app": ADDRESSES})
    async with opened(replay) as plus:
        assert (await plus.look()).writable is True
    assert [asked for asked in replay.asked if not asked.startswith("GET")] == [
        f"PATCH /http/upstreams/app/servers/{plugin.NO_SUCH_ID}"
    ]


async def test_a_static_upstream_is_told_as_what_it_is() -> None:
    async with opened(NginxPlus({"app": ADDRESSES}, static=("app",))) as plus:
        view = await plus.look()
    assert view.health is Health.UNKNOWN
    assert "upstream is static (UpstreamStatic)" in view.reason


async def test_a_server_that_still_has_connections_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "DELETE_PATIENCE_S", 0.3)
    replay = NginxPlus({"app": ADDRESSES})
    replay.active["10.0.0.2:80"] = 2
    async with opened(replay) as plus:
        await plus.set_admin("app", "app2", Admin.MAINT)
        with pytest.raises(Refused, match="app2 still has 2 connections"):
            await plus.delete_server("app", "app2")


async def test_without_a_state_file_it_is_not_claimed_to_outlive_a_reload() -> None:
    async with opened(NginxPlus({"app": ADDRESSES})) as plus:
        view = await plus.look()
    assert [(pool.lasts, pool.line_of("app3", "10.0.0.3:80", 5)) for pool in view.pools] == [
        (False, "server 10.0.0.3:80 weight=5;")
    ]
    assert {server.dynamic for server in view.servers} == {None}


async def test_the_commands_are_the_requests_that_go_out() -> None:
    async with opened(NginxPlus({"app": ADDRESSES})) as plus:
        told = plus.admin_command("app", "app1", Admin.DRAIN)
        assert told.startswith("PATCH http://127.0.0.1:")
        assert told.endswith('/api/9/http/upstreams/app/servers/app1 {"down": false, "drain": true}')


async def test_an_api_that_is_gone_is_down_and_cannot_be_told(unused_port: int) -> None:
    settings = plugin.NginxPlus.Settings(url=f"http://127.0.0.1:{unused_port}/api/9")
    gone = plugin.NginxPlus(settings, Context(name="lb1"))
    assert (await gone.look()).health is Health.DOWN
    with pytest.raises(Refused, match="nothing was changed"):
        await gone.set_admin("app", "app1", Admin.DRAIN)
    await gone.close()


async def test_a_change_that_is_not_answered_is_unclear() -> None:
    replay = NginxPlus({"app": ADDRESSES})

    def silent(method: str, path: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        if method == "PATCH" and path[-1] == "0":
            raise OSError  # the connection ends without an answer
        return replay.handle(method, path, query, body)

    async with replaying(silent, replay.prefix) as url:
        plus = plugin.NginxPlus(plugin.NginxPlus.Settings(url=url), Context(name="lb1", lines=LINES))
        with pytest.raises(Unclear, match="PATCH http/upstreams/app/servers/0 was sent"):
            await plus.set_admin("app", "app1", Admin.DRAIN)
        await plus.close()


async def test_an_answer_of_another_kind_is_unknown_and_says_so() -> None:
    async with replaying(lambda *_: (200, [1]), "/api/9") as url:
        plus = plugin.NginxPlus(plugin.NginxPlus.Settings(url=url), Context(name="lb1"))
        view = await plus.look()
        await plus.close()
    assert view.health is Health.UNKNOWN
    assert "answers otherwise than documented" in view.reason
