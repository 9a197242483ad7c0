"""Whom SSH trusts, and who lets it in: host keys are verified whatever the configuration says."""

import asyncssh
import pytest

from console.cluster.text import clean
from tests.plugins.ssh_server import Network, refusal


async def test_an_unknown_host_key_is_refused_with_its_fingerprint_and_the_mend(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port)
    says = await refusal(network.shells().on("db1"))
    assert says.startswith(f"the host key of db1 is not in known_hosts ({server.key.get_fingerprint()}): compare")
    assert says.endswith("watchkeeper hosts trust db1")
    assert server.logins == []


async def test_a_changed_host_key_is_told_from_an_unknown_one(network: Network) -> None:
    server = await network.server()
    network.know(server, asyncssh.generate_private_key("ssh-ed25519"))
    network.alias("db1", server.port)
    says = await refusal(network.shells().on("db1"))
    assert f"the host key of db1 CHANGED to {server.key.get_fingerprint()}" in says
    assert says.endswith(f"ssh-keygen -R '[127.0.0.1]:{server.port}'")
    assert server.logins == []


async def test_a_host_key_of_another_kind_than_the_known_one_is_told_with_the_mend(network: Network) -> None:
    server = await network.server()
    network.know(server, asyncssh.generate_private_key("ecdsa-sha2-nistp256"))
    network.alias("db1", server.port)
    says = await refusal(network.shells().on("db1"))
    assert says.startswith("db1: no algorithm in common; where known_hosts holds another kind of key")
    assert server.logins == []


async def test_every_mend_fits_where_a_reason_is_shown(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port)
    unknown = await refusal(network.shells().on("db1"))
    network.know(server, asyncssh.generate_private_key("ssh-ed25519"))
    changed = await refusal(network.shells().on("db1"))
    assert [clean(says) for says in (unknown, changed)] == [unknown, changed]


@pytest.mark.parametrize("file", ["none", "/dev/null", "/nonexistent/known_hosts"])
async def test_no_configuration_turns_the_host_key_check_off(
    network: Network, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(network.folder))
    server = await network.server()
    network.alias("db1", server.port, f"UserKnownHostsFile {file}", "StrictHostKeyChecking no")
    assert "is not in known_hosts" in await refusal(network.shells().on("db1"))
    assert server.logins == []


async def test_the_known_hosts_of_the_settings_come_before_the_configuration(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port, "UserKnownHostsFile /dev/null")
    shell = network.shells(known_hosts=str(network.known_hosts)).on("db1")
    assert (await shell.run(["true"])).status == 0


async def test_a_key_that_is_not_let_in_is_told_with_its_user_and_file(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(network.folder / "client_key")
    says = await refusal(network.shells(username="other").on("db1"))
    assert "db1 lets user other in with none of: " in says
    assert "/client_key, no agent" in says
    assert says.endswith("ssh-copy-id db1")
