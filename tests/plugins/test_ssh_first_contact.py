"""First contact with a host over SSH: its key is shown, and only a key that somebody said yes to is trusted."""

import os
from pathlib import Path

import asyncssh
import pytest

from console.ports.protocols import Refused, ShellError, TrustsHosts
from tests.plugins.ssh_server import Network, refusal


async def test_ssh_shells_tell_whom_they_trust(network: Network) -> None:
    assert isinstance(network.shells(), TrustsHosts)


async def test_a_key_is_shown_as_the_server_has_it_and_nobody_logs_in(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port)
    key = await network.shells().shown("db1")
    assert (key.kind, key.fingerprint, key.trust) == ("ssh-ed25519", server.key.get_fingerprint(), "unknown")
    assert server.logins == []
    assert network.known_hosts.read_text() == ""


async def test_a_key_that_is_trusted_lets_the_very_next_command_through(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port)
    shells = network.shells()
    await refusal(shells.on("db1"))
    assert await shells.trust(await shells.shown("db1")) == str(network.known_hosts)
    assert (await shells.on("db1").run(["true"])).status == 0
    assert (await shells.shown("db1")).trust == "known"


async def test_a_known_key_is_told_as_known_before_any_command_was_run(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    key = await network.shells().shown("db1")
    assert (key.trust, key.says, key.fingerprint) == ("known", "", server.key.get_fingerprint())


async def test_trust_adds_one_line_to_the_file_and_leaves_the_rest_and_the_mode_as_they_were(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port)
    network.known_hosts.write_text("# by hand, and without an end")
    network.known_hosts.chmod(0o640)
    shells = network.shells()
    await shells.trust(await shells.shown("db1"))
    public = " ".join(server.key.export_public_key().decode().split()[:2])
    text = network.known_hosts.read_text()
    assert text == f"# by hand, and without an end\n[127.0.0.1]:{server.port} {public}\n"
    assert network.known_hosts.stat().st_mode & 0o777 == 0o640
    assert [path for path in network.folder.iterdir() if path.name.startswith(".known_hosts")] == []


async def test_a_file_that_is_not_there_is_made_for_its_owner_only(network: Network) -> None:
    server = await network.server()
    path = network.folder / "ssh" / "known"
    network.alias("db1", server.port, f"UserKnownHostsFile {path}")
    shells = network.shells()
    await shells.trust(await shells.shown("db1"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert (await shells.on("db1").run(["true"])).status == 0


async def test_a_known_hosts_that_is_a_link_stays_one(network: Network) -> None:
    server = await network.server()
    link = network.folder / "link"
    link.symlink_to(network.known_hosts)
    network.alias("db1", server.port, f"UserKnownHostsFile {link}")
    shells = network.shells()
    assert await shells.trust(await shells.shown("db1")) == str(network.known_hosts)
    assert link.is_symlink()


async def test_trusting_a_key_twice_writes_it_once(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port)
    shells = network.shells()
    key = await shells.shown("db1")
    for _ in range(2):
        await shells.trust(key)
    assert len(network.known_hosts.read_text().splitlines()) == 1


async def test_a_changed_key_is_told_and_never_replaced(network: Network) -> None:
    server = await network.server()
    network.know(server, asyncssh.generate_private_key("ssh-ed25519"))
    network.alias("db1", server.port)
    before = network.known_hosts.read_text()
    shells = network.shells()
    key = await shells.shown("db1")
    assert (key.trust, key.fingerprint) == ("changed", server.key.get_fingerprint())
    with pytest.raises(Refused, match=rf"another key before.*ssh-keygen -R '\[127.0.0.1\]:{server.port}'"):
        await shells.trust(key)
    assert network.known_hosts.read_text() == before


async def test_a_host_that_offers_only_another_kind_of_key_than_the_known_one_has_changed(network: Network) -> None:
    server = await network.server()
    network.know(server, asyncssh.generate_private_key("ecdsa-sha2-nistp256"))
    network.alias("db1", server.port)
    key = await network.shells().shown("db1")
    assert (key.trust, key.kind) == ("changed", "ssh-ed25519")


async def test_a_key_that_became_known_meanwhile_is_not_overridden_by_an_older_yes(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port)
    shells = network.shells()
    key = await shells.shown("db1")
    network.know(server, asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(Refused, match="another key before"):
        await shells.trust(key)


async def test_a_revoked_key_can_not_be_trusted(network: Network) -> None:
    server = await network.server()
    public = server.key.export_public_key().decode()
    network.known_hosts.write_text(f"@revoked [127.0.0.1]:{server.port} {public}")
    network.alias("db1", server.port)
    with pytest.raises(ShellError, match="db1 shows a key that known_hosts revokes"):
        await network.shells().shown("db1")


async def test_a_host_certificate_of_an_authority_that_is_known_needs_no_first_contact(network: Network) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    server = await network.server(authority=authority)
    line = f"@cert-authority [127.0.0.1]:{server.port} {authority.export_public_key().decode()}"
    network.known_hosts.write_text(line)
    network.alias("db1", server.port)
    shells = network.shells()
    assert (await shells.on("db1").run(["true"])).status == 0
    assert (await shells.shown("db1")).trust == "known"


async def test_a_host_certificate_of_a_stranger_is_refused_and_not_offered_for_trust(network: Network) -> None:
    server = await network.server(authority=asyncssh.generate_private_key("ssh-ed25519"))
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    line = f"@cert-authority [127.0.0.1]:{server.port} {stranger.export_public_key().decode()}"
    network.known_hosts.write_text(line)
    network.alias("db1", server.port)
    assert "Host CA key is not trusted" in await refusal(network.shells().on("db1"))


async def test_the_route_names_user_address_port_and_every_jump_host_in_order(network: Network) -> None:
    network.alias("j1", 2201)
    network.alias("j2", 2202)
    network.alias("db1", 2203, "ProxyJump j1,j2")
    route = await network.shells().route("db1")
    assert (route.user, route.address, route.port) == ("operator", "127.0.0.1", 2203)
    assert route.jumps == ("j1", "j1,j2")


async def test_hosts_behind_each_other_are_met_one_after_the_other(network: Network) -> None:
    first, last = [await network.server() for _ in range(2)]
    network.alias("j1", first.port)
    network.alias("db1", last.port, "ProxyJump j1")
    shells = network.shells()
    with pytest.raises(ShellError, match="its jump host j1 failed: the host key of j1 is not in known_hosts"):
        await shells.shown("db1")
    await shells.trust(await shells.shown("j1"))
    await shells.trust(await shells.shown("db1"))
    assert (await shells.on("db1").run(["true"])).status == 0


async def test_where_nothing_can_be_kept_trust_is_refused_with_the_mend(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port, "UserKnownHostsFile /dev/null")
    shells = network.shells()
    with pytest.raises(Refused, match="give it a UserKnownHostsFile, or the \\[shell\\] table a known_hosts"):
        await shells.trust(await shells.shown("db1"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_file_that_cannot_be_written_is_told(network: Network, tmp_path: Path) -> None:
    server = await network.server()
    folder = tmp_path / "closed"
    folder.mkdir()
    network.alias("db1", server.port, f"UserKnownHostsFile {folder / 'known'}")
    shells = network.shells()
    key = await shells.shown("db1")
    folder.chmod(0o500)
    with pytest.raises(Refused, match="cannot be written: Permission denied; nothing was changed"):
        await shells.trust(key)
