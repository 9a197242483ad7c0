"""Hosts over SSH, against real SSH servers on loopback."""

import asyncio
import hashlib
import socket

import pytest

import plugins.ssh.host
from console.ports.protocols import Shell, ShellError, Shells
from tests.plugins.ssh_server import Network, refusal


@pytest.fixture
async def db1(network: Network) -> Shell:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    return network.shells().on("db1")


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


async def test_a_command_reads_what_it_is_given_to_the_byte(db1: Shell) -> None:
    given = "ü\r\n\t$(id)\n".encode() * 50_000
    assert (await db1.run(["sha256sum"], stdin=given)).stdout.split()[0] == hashlib.sha256(given).hexdigest()


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


async def test_many_commands_share_one_connection_and_at_most_eight_run_at_once(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    shell = network.shells().on("db1")
    await asyncio.gather(*(shell.run(["sleep", "0.1"]) for _ in range(20)))
    assert len(server.connections) == 1
    assert server.most_running == 8


async def test_a_host_that_allows_fewer_sessions_is_asked_for_fewer_at_once_and_every_command_runs(
    network: Network,
) -> None:
    server = await network.server(most_sessions=2)
    network.know(server)
    network.alias("db1", server.port)
    shell = network.shells().on("db1")
    done = await asyncio.gather(*(shell.run(["sh", "-c", "sleep 0.05; echo ran"]) for _ in range(12)))
    assert [each.stdout for each in done] == ["ran\n"] * 12
    assert server.most_running == 2


async def test_a_host_that_allows_no_session_says_so(network: Network) -> None:
    server = await network.server(most_sessions=0)
    network.know(server)
    network.alias("db1", server.port)
    with pytest.raises(ShellError, match="db1: true could not be run: open failed"):
        await network.shells().on("db1").run(["true"])


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


@pytest.mark.parametrize("settings", [{"connect_timeout_s": 0}, {"config": "/no/such"}, {"known_hosts": "/no/such"}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"more than 0|does not exist"):
        plugins.ssh.SSH.Settings(**settings)  # type: ignore[arg-type]
