"""Hosts over SSH, against real SSH servers on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest

import plugins.ssh.host
from console.cluster.text import clean
from console.ports.protocols import Shell, ShellError, Shells
from plugins.ssh.way import Hop
from tests.plugins.ssh_server import Network


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    network = Network(tmp_path)
    yield network
    await network.close()


@pytest.fixture
async def db1(network: Network) -> Shell:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    return network.shells().on("db1")


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def refusal(shell: Shell) -> str:
    with pytest.raises(ShellError) as caught:
        await shell.run(["true"])
    return str(caught.value)


async def test_it_is_a_shells_and_its_hosts_are_shells(network: Network) -> None:
    shells = network.shells()
    assert isinstance(shells, Shells)
    assert isinstance(shells.on("db1"), Shell)
    assert shells.on("db1") is shells.on("db1")


async def test_a_command_gives_its_status_and_both_outputs(db1: Shell) -> None:
    done = await db1.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.status, done.stdout, done.stderr) == (3, "out\n", "err\n")


async def test_no_argument_reaches_a_shell_as_anything_but_itself(db1: Shell) -> None:
    hostile = ["a b", "$(id)", "`id`", "';exit 9", "-n", "\n", "ü", ""]
    done = await db1.run(["printf", "%s|", *hostile])
    assert done.stdout == "".join(f"{argument}|" for argument in hostile)


async def test_commands_speak_english_and_hear_nothing_from_us(db1: Shell) -> None:
    assert (await db1.run(["sh", "-c", 'echo "$LC_ALL"; cat'])).stdout == "C\n"


async def test_a_command_that_is_not_there_is_a_status(db1: Shell) -> None:
    assert (await db1.run(["no-such-command"])).status == 127


async def test_a_command_that_a_signal_ended_has_the_status_that_a_shell_gives(db1: Shell) -> None:
    assert (await db1.run(["sh", "-c", "kill -TERM $$"])).status == 143


async def test_output_is_cut_and_what_is_not_text_is_replaced(db1: Shell) -> None:
    done = await db1.run(["sh", "-c", r"printf '\377'; head -c 1000000 /dev/zero | tr '\0' x"])
    assert done.stdout.startswith("�x")
    assert len(done.stdout.encode("utf-8", "replace")) <= 256 * 1024 + 2
    assert done.status == 0


async def test_the_host_ends_a_command_whose_time_is_up(db1: Shell) -> None:
    with pytest.raises(ShellError, match=r"db1: sleep did not end within 0\.3 s and was ended"):
        await db1.run(["sleep", "30"], timeout_s=0.3)


async def test_a_host_that_says_nothing_holds_us_no_longer_than_the_deadline(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins.ssh.host, "GRACE_S", 0.1)
    server = await network.server(deaf=True)
    network.know(server)
    network.alias("db1", server.port)
    db1 = network.shells().on("db1")
    with pytest.raises(ShellError, match=r"db1: uptime did not end within 0\.2 s"):
        await db1.run(["uptime"], timeout_s=0.2)
    for _ in range(100):
        if not server.running:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the channel was left open")


async def test_a_connection_lost_in_mid_command_leaves_its_effect_unknown(network: Network) -> None:
    server = await network.server(deaf=True)
    network.know(server)
    network.alias("db1", server.port)
    running = asyncio.create_task(network.shells().on("db1").run(["uptime"]))
    await server.started.wait()
    server.drop_all()
    with pytest.raises(ShellError, match="db1: the connection was lost while uptime ran: whether it took effect"):
        await running


async def test_an_unknown_host_key_is_refused_with_its_fingerprint_and_the_mend(network: Network) -> None:
    server = await network.server()
    network.alias("db1", server.port)
    says = await refusal(network.shells().on("db1"))
    assert says.startswith(f"the host key of db1 is not in known_hosts ({server.key.get_fingerprint()}): compare")
    assert says.endswith("add it by connecting once with ssh db1")
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


async def test_a_refused_connection_says_so(network: Network, unused_port: int) -> None:
    network.alias("db1", unused_port)
    says = await refusal(network.shells().on("db1"))
    assert says.startswith(f"db1 (127.0.0.1 port {unused_port}) refused the connection; is sshd running")


async def test_a_host_that_never_speaks_ssh_is_given_up_at_the_deadline(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network.alias("db1", silent.getsockname()[1])
        says = await refusal(network.shells(connect_timeout_s=0.2).on("db1"))
    assert "no connection within 0.2 s" in says


async def test_a_name_that_does_not_resolve_says_so(network: Network) -> None:
    network.alias("db1", 22, host="nowhere.invalid")
    assert "name nowhere.invalid cannot be resolved" in await refusal(network.shells().on("db1"))


async def test_a_node_that_the_configuration_gives_no_host_name_is_dialled_at_its_address(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("*", server.port, host=None)
    shell = network.shells({"db1": "127.0.0.1"}).on("db1")
    assert (await shell.run(["echo", "here"])).stdout == "here\n"
    assert server.logins == ["operator"]


async def test_a_broken_configuration_is_named(network: Network) -> None:
    network.alias("db1", 22, "Port many")
    assert "the SSH configuration" in await refusal(network.shells().on("db1"))


async def test_a_unix_socket_on_the_host_is_a_pair_of_streams(network: Network, db1: Shell) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        writer.close()

    path = network.folder / "s"
    async with await asyncio.start_unix_server(answer, path):
        reader, writer = await db1.open_unix(str(path))
        writer.write(b"show info\n")
        await writer.drain()
        assert await reader.read(100) == b"SHOW INFO\n"
        assert await reader.read(100) == b""
        writer.close()


async def test_a_unix_socket_that_is_not_there_says_so(db1: Shell) -> None:
    with pytest.raises(ShellError, match=r"db1: /no/such cannot be opened there .*group"):
        await db1.open_unix("/no/such")


async def test_a_host_that_forwards_no_sockets_is_told_with_the_mend(network: Network) -> None:
    server = await network.server(forwards_sockets=False)
    network.know(server)
    network.alias("db1", server.port)
    with pytest.raises(ShellError, match="AllowStreamLocalForwarding yes"):
        await network.shells().on("db1").open_unix("/run/x")


async def test_a_host_behind_a_jump_host_is_reached_through_its_one_connection(network: Network) -> None:
    jump, one, two = [await network.server() for _ in range(3)]
    network.alias("bastion", jump.port)
    for server, name in ((one, "db1"), (two, "db2")):
        network.alias(name, server.port, "ProxyJump bastion")
    for server in (jump, one, two):
        network.know(server)
    shells = network.shells()
    for name in ("db1", "db2", "bastion"):
        assert (await shells.on(name).run(["echo", "here"])).stdout == "here\n"
    assert [len(server.connections) for server in (jump, one, two)] == [1, 1, 1]


async def test_two_jump_hosts_are_gone_through_in_their_order(network: Network) -> None:
    first, second, last = [await network.server() for _ in range(3)]
    for server, name in ((first, "j1"), (second, "j2")):
        network.alias(name, server.port)
        network.know(server)
    network.know(last)
    network.alias("db1", last.port, "ProxyJump j1,j2")
    assert (await network.shells().on("db1").run(["true"])).status == 0
    assert [len(server.connections) for server in (first, second, last)] == [1, 1, 1]


async def test_a_failing_jump_host_is_told_as_one(network: Network, unused_port: int) -> None:
    network.alias("bastion", unused_port)
    network.alias("db1", 22, "ProxyJump bastion")
    says = await refusal(network.shells().on("db1"))
    assert says.startswith("db1: its jump host bastion failed: bastion (127.0.0.1 port ")


async def test_a_host_that_its_jump_host_cannot_reach_is_told_as_that(network: Network, unused_port: int) -> None:
    jump = await network.server()
    network.know(jump)
    network.alias("bastion", jump.port)
    network.alias("db1", unused_port, "ProxyJump bastion")
    assert "its jump host bastion cannot reach it" in await refusal(network.shells().on("db1"))


async def test_jump_hosts_that_lead_in_a_circle_are_refused(network: Network) -> None:
    network.alias("a", 22, "ProxyJump b")
    network.alias("b", 22, "ProxyJump a")
    assert "lead round in a circle: a, b, a" in await refusal(network.shells().on("a"))


async def test_many_commands_share_one_connection_and_at_most_eight_run_at_once(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    shell = network.shells().on("db1")
    await asyncio.gather(*(shell.run(["sleep", "0.1"]) for _ in range(20)))
    assert len(server.connections) == 1
    assert server.most_running == 8


async def test_a_caller_that_gives_up_does_not_end_the_connection_for_the_others(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    shell = network.shells().on("db1")
    hurried, patient = asyncio.create_task(shell.run(["true"])), asyncio.create_task(shell.run(["true"]))
    await asyncio.sleep(0)
    hurried.cancel()
    assert (await patient).status == 0
    assert len(server.connections) == 1


async def test_a_lost_connection_is_made_anew(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    shell = network.shells().on("db1")
    await shell.run(["true"])
    server.drop_all()
    await asyncio.sleep(0.05)
    assert (await shell.run(["true"])).status == 0
    assert len(server.connections) == 2


async def test_a_host_that_failed_is_left_alone_for_a_while_and_then_tried_again(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins.ssh.host, "BACK_OFF_S", 0.2)
    server = await network.server()
    network.alias("db1", server.port)
    shell = network.shells().on("db1")
    says = await refusal(shell)
    assert await refusal(shell) == says
    assert len(server.connections) == 1
    network.know(server)
    await asyncio.sleep(0.25)
    assert (await shell.run(["true"])).status == 0


async def test_closing_while_a_connection_is_being_made_is_an_error_and_no_cancellation(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network.alias("db1", silent.getsockname()[1])
        shells = network.shells()
        waiting = asyncio.create_task(shells.on("db1").run(["true"]))
        await asyncio.sleep(0.1)
        await shells.close()
        with pytest.raises(ShellError, match="db1: closed"):
            await waiting


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("db1", Hop("db1")),
        ("root@db1", Hop("db1", "root")),
        ("root@db1:2222", Hop("db1", "root", 2222)),
        ("[::1]:2222", Hop("::1", "", 2222)),
        ("[::1]", Hop("::1")),
        ("fe80::1", Hop("fe80::1")),
    ],
)
def test_a_jump_host_is_written_as_openssh_writes_it(text: str, hop: Hop) -> None:
    assert Hop.parse(text) == hop


def test_a_jump_host_with_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ShellError, match=r"expected \[user@\]host\[:port\]"):
        Hop.parse("db1:ssh")


@pytest.mark.parametrize("settings", [{"connect_timeout_s": 0}, {"config": "/no/such"}, {"known_hosts": "/no/such"}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"more than 0|does not exist"):
        plugins.ssh.SSH.Settings(**settings)  # type: ignore[arg-type]
