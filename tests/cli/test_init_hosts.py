"""A first cluster file from configurations that stand on other hosts: read over SSH, host keys verified."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from console.cli.places import _by_hand
from console.cli.root import root
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.reach import Reach
from tests.cli.test_init import HAPROXY, NGINX, UPSTREAM
from tests.plugins.ssh_server import Network


class Begins:
    """`init`, as somebody runs it whose home leads to these hosts."""

    def __init__(self, folder: Path) -> None:
        self.network = Network(folder)
        self.folder = folder
        (folder / ".ssh").mkdir()
        (folder / ".ssh" / "config").symlink_to(folder / "config")

    async def __call__(self, *options: str) -> Result:
        env = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "SSH_AUTH_SOCK": None}
        words = ["init", "--name", "prod", "--environment", "test", *options]
        return await asyncio.to_thread(CliRunner().invoke, root, words, env=env)

    async def written(self, *options: str) -> tuple[dict[str, Any], Result]:
        done = await self(*options)
        assert done.exit_code == 0, done.output
        path = self.folder / "watchkeeper" / "clusters" / "prod.toml"
        Reach.of(ClusterFile.read(path, Plugins((bundled("plugins"),))))
        return tomllib.loads(path.read_text()), done


@pytest.fixture
async def begins(tmp_path: Path) -> AsyncIterator[Begins]:
    begins = Begins(tmp_path)
    yield begins
    await begins.network.close()


async def test_a_haproxy_cfg_behind_a_jump_host_gives_its_host_a_node_and_a_shell(begins: Begins) -> None:
    network = begins.network
    bastion, lb1 = await network.server(), await network.server()
    network.know(bastion)
    network.know(lb1)
    network.alias("bastion", bastion.port)
    network.alias("edge", lb1.port, "ProxyJump bastion")
    (begins.folder / "haproxy.cfg").write_text(HAPROXY)
    table, _ = await begins.written("--haproxy", f"lb1=ssh://edge{begins.folder}/haproxy.cfg")
    assert bastion.logins
    assert table["balancers"][0]["socket"] == "ssh://edge/run/haproxy/admin.sock"
    assert table["shell"] == {"plugin": "ssh"}
    assert table["nodes"][0] == {"name": "lb1", "address": "127.0.0.1", "roles": ["balancer"], "ssh": "edge"}


async def test_an_nginx_conf_of_another_host_is_read_with_what_it_includes(begins: Begins) -> None:
    server = await begins.network.server()
    begins.network.know(server)
    begins.network.alias("lb1", server.port)
    (begins.folder / "conf.d").mkdir()
    (begins.folder / "nginx.conf").write_text(NGINX)
    (begins.folder / "conf.d" / "passwork.conf").write_text(UPSTREAM)
    table, _ = await begins.written("--nginx", f"lb1=ssh://lb1{begins.folder}/nginx.conf")
    assert table["balancers"] == [{"name": "lb1", "plugin": "nginx", "upstreams": ["passwork"]}]
    assert [node["name"] for node in table["nodes"]] == ["lb1", "10.0.1.11", "app2.example", "10.0.1.13"]
    assert "ssh" not in table["nodes"][0]


async def test_a_host_that_is_met_for_the_first_time_is_not_logged_in_to(begins: Begins) -> None:
    server = await begins.network.server()
    begins.network.alias("lb1", server.port)
    done = await begins("--haproxy", "ssh://lb1/etc/haproxy/haproxy.cfg")
    assert done.exit_code == 2
    assert f"lb1 is met for the first time, and shows ssh-ed25519 {server.key.get_fingerprint()}" in done.output
    assert "connect once with: ssh lb1" in done.output
    assert not server.logins


async def test_a_jump_host_that_is_met_for_the_first_time_is_told_before_the_host(begins: Begins) -> None:
    network = begins.network
    bastion, lb1 = await network.server(), await network.server()
    network.know(lb1)
    network.alias("bastion", bastion.port)
    network.alias("lb1", lb1.port, "ProxyJump bastion")
    done = await begins("--haproxy", "ssh://lb1/etc/haproxy/haproxy.cfg")
    assert f"bastion is met for the first time, and shows ssh-ed25519 {bastion.key.get_fingerprint()}" in done.output
    assert "connect once with: ssh bastion" in done.output


async def test_a_host_that_does_not_answer_and_a_file_that_is_not_there_are_told(
    begins: Begins, unused_tcp_port: int
) -> None:
    server = await begins.network.server()
    begins.network.know(server)
    begins.network.alias("lb1", server.port)
    begins.network.alias("lb2", unused_tcp_port)
    away = await begins("--haproxy", "ssh://lb2/etc/haproxy/haproxy.cfg")
    assert "refused the connection: see that sshd runs there" in away.output
    gone = await begins("--haproxy", f"ssh://lb1{begins.folder}/haproxy.cfg")
    assert f"{begins.folder}/haproxy.cfg on lb1 cannot be read: No such file" in gone.output
    assert (away.exit_code, gone.exit_code) == (2, 2)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ssh://lb1", "expected [NAME=]ssh://[user@]host[:port]/path/of/the/file"),
        ("lb1=ssh:///etc/haproxy/haproxy.cfg", "expected [NAME=]ssh://"),
        ("ssh://lb1,lb2/etc/haproxy/haproxy.cfg", "expected [NAME=]ssh://"),
        ("ssh://lb1:port/etc/haproxy/haproxy.cfg", "expected [NAME=]ssh://"),
        ("ssh://ann:s3cret@lb1/etc/haproxy/haproxy.cfg", "no password stands in an address"),
    ],
)
def test_an_address_that_is_none_is_told_with_what_was_expected(tmp_path: Path, said: str, told: str) -> None:
    done = CliRunner().invoke(root, ["init", "--name", "x", "--environment", "test", "--haproxy", said])
    assert done.exit_code == 2
    assert told in done.output
    assert "s3cret" not in done.output


@pytest.mark.parametrize(
    ("host", "typed"),
    [
        ("lb1", "ssh lb1"),
        ("ops@10.0.1.1:2222", "ssh ssh://ops@10.0.1.1:2222"),
        ("[fd00::1]:22", "ssh 'ssh://[fd00::1]:22'"),
        ("bastion,ops@lb1", "ssh -J bastion ops@lb1"),
    ],
)
def test_the_command_that_meets_a_host_is_as_openssh_takes_it(host: str, typed: str) -> None:
    assert _by_hand(host) == typed
