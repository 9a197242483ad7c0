"""`hosts` and `hosts trust`, with real SSH servers on loopback."""

import asyncio
import json
import os
import pty
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest

from console.change.journal import Journal
from plugins.memory import cluster_file
from tests.plugins.ssh_server import Network, SSHServer


class Hosts:
    """A cluster of two hosts, db1 behind bastion, and the command line on it."""

    def __init__(self, network: Network, bastion: SSHServer, db1: SSHServer) -> None:
        self.network, self.bastion, self.db1 = network, bastion, db1
        network.alias("bastion", bastion.port)
        network.alias("db1", db1.port, "ProxyJump bastion")
        self.file = network.folder / "cluster.toml"
        self.file.write_text(
            f'name = "c"\n[shell]\nplugin = "ssh"\nagent = false\nconfig = "{network.folder / "config"}"\n'
            '[[nodes]]\nname = "db1"\naddress = "127.0.0.1"\n'
        )

    @property
    def known(self) -> list[str]:
        return self.network.known_hosts.read_text().splitlines()

    async def __call__(self, *words: str, stdin: int = asyncio.subprocess.DEVNULL) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "console", "hosts", *words, "--cluster", str(self.file)),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "WATCHKEEPER_STATE_DIR": str(self.network.folder / "state")},
        )
        out, err = await process.communicate()
        assert b"Traceback" not in err
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def answering(self, *words: str, answers: bytes) -> tuple[int, str, str]:
        """As at a terminal, where somebody types the answers."""
        ours, theirs = pty.openpty()
        try:
            os.write(ours, answers)
            return await self(*words, stdin=theirs)
        finally:
            os.close(ours)
            os.close(theirs)


@pytest.fixture
async def hosts(tmp_path: Path) -> AsyncIterator[Hosts]:
    network = Network(tmp_path)
    (tmp_path / "state").mkdir(mode=0o700)
    yield Hosts(network, await network.server(), await network.server())
    await network.close()


async def test_a_yes_at_the_terminal_trusts_the_jump_host_and_then_the_host(hosts: Hosts) -> None:
    code, _, err = await hosts.answering("trust", "db1", answers=b"y\ny\n")
    assert code == 0, err
    assert f"bastion at 127.0.0.1 port {hosts.bastion.port} shows a key ssh-ed25519" in err
    assert hosts.bastion.key.get_fingerprint() in err
    assert f"db1 at 127.0.0.1 port {hosts.db1.port}, through bastion shows a key ssh-ed25519" in err
    assert [line.split()[0] for line in hosts.known] == [
        f"[127.0.0.1]:{server.port}" for server in (hosts.bastion, hosts.db1)
    ]


async def test_anything_but_a_yes_trusts_nothing(hosts: Hosts) -> None:
    code, _, err = await hosts.answering("trust", "db1", answers=b"\n")
    assert code == 3
    assert "refused: the key of bastion was not trusted; nothing was changed" in err
    assert hosts.known == []


async def test_without_a_terminal_nothing_is_trusted_and_the_mend_is_told(hosts: Hosts) -> None:
    code, _, err = await hosts("trust", "db1")
    assert code == 2
    assert "there is no terminal to ask on; compare the fingerprint" in err
    assert hosts.known == []


async def test_without_a_terminal_the_right_fingerprints_are_the_yes(hosts: Hosts) -> None:
    given = [word for server in (hosts.bastion, hosts.db1) for word in ("--fingerprint", server.key.get_fingerprint())]
    code, _, err = await hosts("trust", "db1", *given)
    assert code == 0, err
    assert len(hosts.known) == 2


async def test_a_fingerprint_that_is_not_the_hosts_is_refused(hosts: Hosts) -> None:
    code, _, err = await hosts("trust", "bastion", "--fingerprint", hosts.db1.key.get_fingerprint())
    assert code == 3
    assert "which is not what --fingerprint says; it was not trusted" in err
    assert hosts.known == []


async def test_a_changed_key_is_never_replaced_whatever_is_said(hosts: Hosts) -> None:
    hosts.network.know(hosts.bastion, asyncssh.generate_private_key("ssh-ed25519"))
    before = hosts.known
    code, _, err = await hosts("trust", "bastion", "--fingerprint", hosts.bastion.key.get_fingerprint())
    assert code == 3
    assert "the key of bastion CHANGED, and a changed key is never replaced here" in err
    assert "ssh-keygen -R" in err
    assert hosts.known == before


async def test_what_was_trusted_stands_in_the_journal(hosts: Hosts) -> None:
    await hosts.answering("trust", "bastion", answers=b"y\n")
    journal = Journal.open(hosts.network.folder / "state", "c")
    [record] = [record for record in journal.records() if record.kind == "host.key_accepted"]
    journal.close()
    assert record.target == "bastion"
    assert record.detail["says"].endswith(f"ssh-ed25519 {hosts.bastion.key.get_fingerprint()}")


async def test_the_list_tells_way_key_and_round_trip_of_a_host_that_is_known(hosts: Hosts) -> None:
    for server in (hosts.bastion, hosts.db1):
        hosts.network.know(server)
    code, out, _ = await hosts("--json")
    assert code == 0
    bastion, db1 = json.loads(out)
    assert (bastion["name"], bastion["nodes"], bastion["jumps"]) == ("bastion", [], [])
    assert (db1["user"], db1["port"], db1["jumps"], db1["key"]) == ("operator", hosts.db1.port, ["bastion"], "known")
    assert db1["reached"]
    assert db1["round_trip_ms"] > 0
    assert db1["fingerprint"] == hosts.db1.key.get_fingerprint()


async def test_the_list_tells_what_is_in_the_way_and_the_mend(hosts: Hosts) -> None:
    code, out, _ = await hosts("--json")
    assert code == 0
    bastion, db1 = json.loads(out)
    assert (bastion["key"], bastion["reached"]) == ("unknown", False)
    assert bastion["fingerprint"] == hosts.bastion.key.get_fingerprint()
    assert bastion["problem"].endswith("watchkeeper hosts trust bastion")
    assert (db1["key"], db1["round_trip_ms"]) == ("not seen", None)
    assert "its jump host bastion failed" in db1["problem"]


async def test_a_host_that_there_is_none_of_is_told_with_the_nearest(hosts: Hosts) -> None:
    code, _, err = await hosts("trust", "db")
    assert code == 2
    assert "no host 'db'; did you mean 'db1'? there are: bastion, db1" in err


async def test_shells_that_keep_no_keys_say_so(hosts: Hosts) -> None:
    hosts.file.write_text(cluster_file("cli-hosts"))
    code, _, err = await hosts("trust", "db1")
    assert code == 2
    assert "its [shell] plugin keeps no keys of hosts" in err
    code, out, _ = await hosts("--json")
    assert code == 0
    assert {line["key"] for line in json.loads(out)} == {"not seen"}
    assert all(line["reached"] for line in json.loads(out))
