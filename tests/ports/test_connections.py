"""The connection test: each kind of failure is a row of its own, with what mends it."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from console.cluster.snapshot import Health
from console.ports.connections import Row, Verdict, connection_test
from console.ports.connections.balancers import _may_change
from console.ports.connections.hosts import reached
from console.ports.connections.mends import MENDS, mend
from console.ports.connections.replica_set import _right, _same_set
from console.ports.connections.row import Attempt, Failed, Skipped, Trial
from console.ports.plugins import Plugins, bundled
from console.ports.protocols import Right
from console.ports.reach import Reach
from plugins.memory import cluster_file, world
from plugins.memory.views import balancer_view, member_view
from tests.plugins.ssh_server import Network

PLUGINS = Plugins((bundled("plugins"),))


async def rows(tmp_path: Path, text: str) -> dict[tuple[str, str], Row]:
    path = tmp_path / "cluster.toml"
    path.write_text(text)
    found = [row async for row in connection_test(path, PLUGINS, tmp_path / "state")]
    return {(row.subject, row.what): row for row in found}


async def ended(attempts: Mapping[str, Attempt]) -> list[Row]:
    told: list[Row] = []
    await Trial(told.append).one_by_one("app1", attempts)
    return [row for row in told if row.verdict is not Verdict.TRYING]


def failed(found: dict[tuple[str, str], Row]) -> list[Row]:
    return [row for row in found.values() if row.verdict is Verdict.FAILED]


async def test_a_cluster_that_answers_has_no_failure_and_every_thing_has_a_row(tmp_path: Path) -> None:
    found = await rows(tmp_path, cluster_file("connections-well"))
    assert not failed(found)
    for subject, what in (
        ("cluster file", "valid"),
        ("journal", "directory"),
        ("app1", "health"),
        ("app1", "login"),
        ("lb1", "changes"),
        ("lb1", "servers"),
        ("db1", "status"),
        ("replica set", "majority"),
        ("replica set", "lease"),
    ):
        assert found[subject, what].verdict is Verdict.OK


async def test_whatever_is_tried_is_told_before_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(cluster_file("connections-begun"))
    waits: set[tuple[str, str]] = set()
    async for row in connection_test(path, PLUGINS, tmp_path / "state"):
        if row.verdict is Verdict.TRYING:
            waits.add((row.subject, row.what))
        else:
            waits.remove((row.subject, row.what))
    assert not waits


async def test_a_test_that_is_closed_lets_go_of_what_it_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go: list[str] = []

    async def never(*_: object) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            let_go.append("health")
        return ""

    monkeypatch.setattr("console.ports.connections.balancers._well", never)
    monkeypatch.setattr(Reach, "close", lambda _: let_go_of_all(let_go))
    path = tmp_path / "cluster.toml"
    path.write_text(cluster_file("connections-closed"))
    async with aclosing(connection_test(path, PLUGINS, tmp_path / "state")) as rows:
        async for row in rows:
            if (row.subject, row.what) == ("lb1", "servers") and row.verdict is Verdict.OK:
                break
    assert let_go == ["health"] * 3 + ["everything"]


async def let_go_of_all(told: list[str]) -> None:
    told.append("everything")


async def test_a_file_that_is_not_valid_is_the_only_thing_that_is_told_of_it(tmp_path: Path) -> None:
    found = await rows(tmp_path, 'name = "c"\nenviroment = "test"\n')
    [row] = failed(found)
    assert row.what == "valid"
    assert "did you mean 'environment'?" in row.says
    assert "watchkeeper config check" in row.mend
    assert set(found) == {("cluster file", "valid"), ("journal", "directory")}


async def test_a_file_that_is_gone_is_not_to_be_edited(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    [row] = [row async for row in connection_test(path, PLUGINS, tmp_path / "state") if row.verdict is Verdict.FAILED]
    assert "cannot be read: No such file or directory" in row.says
    assert row.mend.startswith(f"put {path} back")


async def test_a_missing_secret_is_told_with_its_place_and_never_with_a_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WK_TEST_TOKEN", raising=False)
    (tmp_path / "there").write_text("hunter2")
    (tmp_path / "there").chmod(0o600)
    text = (
        'name = "c"\n[health]\nplugin = "passwork"\ntoken = { env = "WK_TEST_TOKEN" }\n'
        '[replica_set]\nplugin = "mongodb"\nuri = "mongodb://db1"\nusername = "monitor"\n'
        f'password = {{ file = "{tmp_path}/there" }}\n'
    )
    found = await rows(tmp_path, text)
    [row] = failed(found)
    assert (row.subject, row.mend) == ("$.health.token", "export it before starting")
    assert found["$.replica_set.password", "secret"].verdict is Verdict.OK
    assert found["cluster file", "connections"].verdict is Verdict.SKIPPED
    assert "hunter2" not in str(found)


async def test_a_server_that_is_down_says_why_and_what_to_do(tmp_path: Path) -> None:
    world("connections-down").health["app2"] = Health.DOWN
    [row] = failed(await rows(tmp_path, cluster_file("connections-down")))
    assert (row.subject, row.what, row.says) == ("app2", "health", "connection refused")
    assert row.mend.startswith("start the service there")


async def test_a_lost_majority_is_counted(tmp_path: Path) -> None:
    for member in ("db1", "db2"):
        world("connections-lost").health[member] = Health.DOWN
    found = await rows(tmp_path, cluster_file("connections-lost"))
    assert found["replica set", "majority"].says == "1 of 3 members answer; a majority is 2"
    assert found["db1", "status"].verdict is Verdict.FAILED


async def test_a_server_of_a_pool_that_is_no_node_is_named_with_the_table_to_add(tmp_path: Path) -> None:
    text = cluster_file("connections-names").replace('name = "app3"', 'name = "application3"')
    found = await rows(tmp_path, text)
    row = found["lb1", "servers"]
    assert row.verdict is Verdict.FAILED
    assert "app3" in row.says
    assert 'name = "app3"' in row.mend


async def test_a_directory_that_is_not_ours_keeps_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    found = await rows(tmp_path, 'name = "c"\n')
    row = found["journal", "directory"]
    assert row.verdict is Verdict.FAILED
    assert "--state-dir" in row.mend


async def test_a_name_and_a_port_are_told_apart(unused_tcp_port: int) -> None:
    [name] = await ended(reached("no-such-host.invalid", 22))
    assert (name.what, name.verdict) == ("name", Verdict.FAILED)
    assert "DNS" in name.mend
    _, port = await ended(reached("127.0.0.1", unused_tcp_port))
    assert (port.what, port.verdict) == ("port", Verdict.FAILED)
    assert "connection refused" in port.says
    assert port.mend.startswith("start the service")


async def test_a_host_whose_key_is_not_known_is_not_logged_in_to(tmp_path: Path) -> None:
    network = Network(tmp_path)
    try:
        server = await network.server()
        network.alias("app1", server.port)
        text = (
            f'name = "c"\n[shell]\nplugin = "ssh"\nagent = false\nconfig = "{tmp_path / "config"}"\n'
            '[[nodes]]\nname = "app1"\naddress = "127.0.0.1"\n'
        )
        found = await rows(tmp_path, text)
    finally:
        await network.close()
    row = found["app1", "host key"]
    assert row.verdict is Verdict.FAILED
    assert row.mend == "watchkeeper hosts trust app1"
    assert ("app1", "login") not in found
    assert not server.logins


async def test_a_balancer_that_only_reads_is_told_with_what_lets_us_change_it() -> None:
    view = replace(balancer_view(world("connections-reads"), "lb1"), writable=False, writable_reason="read only: do so")
    with pytest.raises(Failed) as only_reads:
        await _may_change(view)
    assert only_reads.value.mend == "do so"


async def test_a_member_of_another_set_is_told() -> None:
    view = member_view(world("connections-set"), "db1")
    with pytest.raises(Failed, match="it is of the set rs0, the others of rs1"):
        await _same_set(view, "rs1")


async def test_a_right_that_is_lacking_is_told_and_one_that_cannot_be_known_is_skipped() -> None:
    with pytest.raises(Failed) as lacking:
        await _right(Right(what="changing", granted=False, says="lacks the role", mend="grant it"))
    assert lacking.value.mend == "grant it"
    with pytest.raises(Skipped):
        await _right(Right(what="changing", granted=None, says="no operator"))


async def test_a_plugin_that_raises_is_a_row_and_not_the_end() -> None:
    async def broken() -> str:
        raise KeyError("x")

    [row] = await ended({"answers": broken})
    assert row.verdict is Verdict.FAILED
    assert row.says == "its plugin failed: KeyError: 'x'"


@pytest.mark.parametrize(
    ("why", "does"),
    [
        ("name db9 cannot be resolved", "DNS"),
        ("connection refused", "start the service"),
        ("no answer within 2 s", "firewalls"),
        ("MongoDB refused the user 'monitor': wrong password, or no such user", "username and password"),
        ("the token was refused (HTTP 401)", "compare the token"),
        ("HTTP 403", "token"),
        ("the user '' may not read the status: grant it the role clusterMonitor", "a username and its password"),
        ("TLS: certificate has expired", "certificate"),
        ("no such socket /run/haproxy.sock", "path"),
        ("something that nobody knows", "look"),
    ],
)
def test_each_kind_of_problem_has_its_own_mend(why: str, does: str) -> None:
    assert does in mend(why, "look at it")


def test_every_mend_is_found_by_some_words() -> None:
    assert len({says for _, says in MENDS}) == len(MENDS)
