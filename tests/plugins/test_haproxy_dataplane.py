"""The Data Plane API by its documented answers, replayed: what is written, and what it refuses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.cluster.snapshot import Admin, Health
from console.ports.clusterfile import ClusterFile, ClusterFileError
from console.ports.plugins import Context, Plugins, bundled
from console.ports.protocols import Refused, Unclear
from console.ports.reach import Reach
from console.ports.secrets import Secret
from plugins.haproxy_dataplane import DataPlane
from tests.contract.replay import dataplane as replayed
from tests.contract.replay.server import replaying

ADDRESSES = ["10.0.0.1:80", "10.0.0.2:80"]


@asynccontextmanager
async def opened(replay: replayed.DataPlane, password: str = replayed.PASSWORD) -> AsyncIterator[DataPlane]:
    async with replaying(replay.handle, replay.prefix, user=replayed.USER, password=replayed.PASSWORD) as url:
        settings = DataPlane.Settings(url=url, username=replayed.USER, password=Secret(password))
        made = DataPlane(settings, Context(name="lb1"))
        yield made
        await made.close()


async def test_maintenance_and_weight_are_written_as_well_and_outlive_a_reload() -> None:
    replay = replayed.DataPlane({"app": ADDRESSES})
    async with opened(replay) as port:
        await port.set_weight("app", "app2", 30)
        await port.set_admin("app", "app2", Admin.MAINT)
        replay._reload()
        [_, app2] = (await port.look()).servers
    assert (app2.admin, app2.weight) == (Admin.MAINT, 30)
    assert replay.written["app"]["app2"]["maintenance"] == "enabled"


async def test_a_drain_is_of_this_run_only_and_nothing_is_written() -> None:
    replay = replayed.DataPlane({"app": ADDRESSES})
    async with opened(replay) as port:
        await port.set_admin("app", "app2", Admin.DRAIN)
        [_, app2] = (await port.look()).servers
    assert app2.admin is Admin.DRAIN
    assert replay.version == 1


async def test_a_state_that_is_there_is_not_written_again() -> None:
    replay = replayed.DataPlane({"app": ADDRESSES})
    async with opened(replay) as port:
        await port.set_admin("app", "app2", Admin.READY)
    assert replay.version == 1


async def test_a_configuration_that_moved_meanwhile_is_refused_and_nothing_is_changed() -> None:
    replay = replayed.DataPlane({"app": ADDRESSES})
    answer = replay.handle

    def moved(method: str, path: tuple[str, ...], query: dict[str, str], body: object) -> tuple[int, object]:
        told = answer(method, path, query, body)
        replay.version += path[-1] == "version"
        return told

    replay.handle = moved  # type: ignore[method-assign]
    async with opened(replay) as port:
        with pytest.raises(Refused, match="Version in configuration file is 2, given version is 1; nothing was"):
            await port.set_admin("app", "app2", Admin.MAINT)
        assert {server.admin for server in (await port.look()).servers} == {Admin.READY}


async def test_a_server_that_is_there_is_refused_in_its_words() -> None:
    async with opened(replayed.DataPlane({"app": ADDRESSES})) as port:
        with pytest.raises(Refused, match="server app2 already exists"):
            await port.add_server("app", "app2", address="10.0.0.2:80", weight=1, options="check=enabled")


async def test_where_it_takes_a_reload_the_new_server_is_waited_for() -> None:
    replay = replayed.DataPlane({"app": ADDRESSES}, defaults=True)
    async with opened(replay) as port:
        before = (await port.look()).process_id
        await port.add_server("app", "app3", address="10.0.0.3:80", weight=7, options="check=enabled inter=500")
        view = await port.look()
    assert view.process_id != before
    assert [(s.server, s.admin, s.weight) for s in view.servers][-1] == ("app3", Admin.MAINT, 7)


async def test_that_a_leaving_server_has_it_reloaded_is_told_before() -> None:
    async with opened(replayed.DataPlane({"app": ADDRESSES})) as port:
        [pool] = (await port.look()).pools
    assert pool.notes == (
        "the Data Plane API reloads HAProxy when a server leaves, which forgets what is drained elsewhere.",
    )


async def test_a_server_that_still_has_sessions_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.haproxy_dataplane.SETTLES_S", 0.3)
    replay = replayed.DataPlane({"app": ADDRESSES})
    replay.scur["app2"] = 3
    async with opened(replay) as port:
        await port.set_admin("app", "app2", Admin.MAINT)
        with pytest.raises(Refused, match="app2 still has 3 sessions"):
            await port.delete_server("app", "app2")
    assert "app2" in replay.written["app"]


async def test_what_was_written_and_is_refused_at_run_time_is_unclear() -> None:
    replay = replayed.DataPlane({"app": ADDRESSES})
    answer = replay.handle

    def refusing(method: str, path: tuple[str, ...], query: dict[str, str], body: object) -> tuple[int, object]:
        if method == "PUT" and path[2] == "runtime":
            return 500, {"code": 500, "message": "no runtime socket"}
        return answer(method, path, query, body)

    replay.handle = refusing  # type: ignore[method-assign]
    async with opened(replay) as port:
        with pytest.raises(Unclear, match="it is written, and at run time: no runtime socket"):
            await port.set_admin("app", "app2", Admin.MAINT)


async def test_a_wrong_password_is_unknown_with_the_mend_and_is_not_told() -> None:
    async with opened(replayed.DataPlane({"app": ADDRESSES}), password="wr0ng-secret") as port:
        view = await port.look()
    assert view.health is Health.UNKNOWN
    assert "compare the credentials in the cluster file" in view.reason
    assert "wr0ng-secret" not in view.reason


async def test_no_secret_stands_in_a_command() -> None:
    async with opened(replayed.DataPlane({"app": ADDRESSES})) as port:
        told = port.admin_command("app", "app2", Admin.DRAIN)
    assert told.endswith('/v3/services/haproxy/runtime/backends/app/servers/app2 {"admin_state": "drain"}')
    assert replayed.PASSWORD not in told


async def test_an_api_that_is_gone_says_nothing_of_haproxy(unused_port: int) -> None:
    gone = DataPlane(DataPlane.Settings(url=f"http://127.0.0.1:{unused_port}/v3"), Context(name="lb1"))
    view = await gone.look()
    await gone.close()
    assert (view.health, view.reason) == (
        Health.UNKNOWN,
        "its Data Plane API cannot be asked: connection refused",
    )


def test_the_cluster_file_names_it_as_its_vendor_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_DATAPLANE", "s3cret")
    table = '[[balancers]]\nname = "lb1"\nplugin = "haproxy-dataplane"\nurl = "{}"\nusername = "admin"\n'
    table += 'password = {{ env = "WK_DATAPLANE" }}\n'
    plugins = Plugins((bundled("plugins"),))
    file = ClusterFile.decode('name = "x"\n' + table.format("https://lb1:5555/v3"), Path("x.toml"), plugins)
    assert isinstance(Reach.of(file).balancer("lb1"), DataPlane)
    assert [secret.reveal() for secret in file.secrets] == ["s3cret"]
    leaking = ClusterFile.decode('name = "x"\n' + table.format("https://admin:pw@lb1/v3"), Path("x.toml"), plugins)
    with pytest.raises(ClusterFileError, match="a secret does not stand in the file"):
        Reach.of(leaking)
