"""How we log in over SSH: by a certificate, by the agent; and how a way that broke is made anew."""

import asyncio
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import asyncssh
import pytest

import plugins.ssh.host
from tests.plugins.ssh_server import Network, refusal


@pytest.fixture
def agent(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real ssh-agent that has the client's key."""
    if shutil.which("ssh-agent") is None or shutil.which("ssh-add") is None:
        pytest.skip("ssh-agent and ssh-add are not installed (openssh-client)")
    socket = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    while not socket.exists():
        assert process.poll() is None
    key = network.folder / "client_key"
    key.chmod(0o600)
    subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True)
    yield
    process.send_signal(signal.SIGTERM)
    process.wait()


def without_key_file(network: Network, port: int, *lines: str) -> None:
    """db1 in the configuration, and a key file there that nobody lets in."""
    network.alias("db1", port, *lines)
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(network.folder / "client_key")


async def test_a_certificate_of_an_authority_that_the_host_knows_lets_us_in(network: Network) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    server = await network.server(lets_in=authority)
    network.know(server)
    certificate = authority.generate_user_certificate(network.client_key, "us", principals=["operator"])
    certificate.write_certificate(network.folder / "us-cert.pub")
    network.alias("db1", server.port, f"CertificateFile {network.folder / 'us-cert.pub'}")
    assert (await network.shells().on("db1").run(["true"])).status == 0


async def test_a_certificate_for_another_user_does_not(network: Network) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    server = await network.server(lets_in=authority)
    network.know(server)
    certificate = authority.generate_user_certificate(network.client_key, "us", principals=["somebody"])
    certificate.write_certificate(network.folder / "us-cert.pub")
    network.alias("db1", server.port, f"CertificateFile {network.folder / 'us-cert.pub'}")
    assert "db1 lets user operator in with none of" in await refusal(network.shells().on("db1"))


async def test_a_key_that_only_the_agent_has_lets_us_in(network: Network, agent: None) -> None:
    server = await network.server()
    network.know(server)
    without_key_file(network, server.port)
    assert (await network.shells(agent=True).on("db1").run(["true"])).status == 0


async def test_the_agent_is_not_asked_where_the_settings_say_so(network: Network, agent: None) -> None:
    server = await network.server()
    network.know(server)
    without_key_file(network, server.port)
    assert "no agent" in await refusal(network.shells().on("db1"))


async def test_a_way_whose_jump_host_was_lost_is_made_anew_from_its_beginning(network: Network) -> None:
    jump, last = [await network.server() for _ in range(2)]
    for server in (jump, last):
        network.know(server)
    network.alias("bastion", jump.port)
    network.alias("db1", last.port, "ProxyJump bastion")
    shell = network.shells().on("db1")
    await shell.run(["true"])
    jump.drop_all()
    await asyncio.sleep(0.05)
    assert (await shell.run(["true"])).status == 0
    assert [len(jump.connections), len(last.connections)] == [2, 2]


async def test_each_failure_in_a_row_makes_the_wait_longer_up_to_a_limit(
    network: Network, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.setattr(plugins.ssh.host, "BACK_OFF_LIMIT_S", 8.0)
    network.alias("db1", unused_port)
    host = network.shells()._host("db1")
    monkeypatch.setattr(plugins.ssh.host, "time", SimpleNamespace(monotonic=lambda: 0.0))
    waits_s = []
    for _ in range(6):
        host._retry_at_s = float("-inf")
        await refusal(host)
        waits_s.append(host._retry_at_s)
    assert waits_s == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
