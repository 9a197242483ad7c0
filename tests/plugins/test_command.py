"""A site's own scripts: what they print, what they refuse, and what is never run."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence

import msgspec
import pytest

from console.cluster.snapshot import ServiceState, Size
from console.ports.plugins import Context
from console.ports.protocols import Completed, Refused, Shell, ShellError, Unclear
from plugins.command import CommandService, CommandSize


class Scripted:
    """A host that answers every command in the same way, and remembers what it was asked."""

    def __init__(self, status: int = 0, stdout: str = "", stderr: str = "", raises: Exception | None = None) -> None:
        self.answer = Completed(status=status, stdout=stdout, stderr=stderr)
        self.raises = raises
        self.ran: list[list[str]] = []

    def on(self, host: str) -> Shell:
        return self

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        self.ran.append(list(argv))
        if self.raises:
            raise self.raises
        return self.answer

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        raise ShellError("no sockets here")

    async def close(self) -> None:
        """Nothing is held."""


def service(host: Scripted, **settings: object) -> CommandService:
    table = {"state": ["is-active", "app"], "start": ["start", "app"], **settings}
    return CommandService(msgspec.convert(table, CommandService.Settings), Context(name="app1", shells=host))


def size(host: Scripted, **settings: object) -> CommandSize:
    table = {"read": ["size"], "set": ["resize", "--cpus={cpus}", "mem={memory_bytes}"], **settings}
    return CommandSize(msgspec.convert(table, CommandSize.Settings), Context(name="app1", shells=host))


@pytest.mark.parametrize(
    ("status", "stdout", "state", "reason"),
    [
        (0, "active\n", ServiceState.RUNNING, ""),
        (0, "running\n", ServiceState.RUNNING, ""),
        (3, "inactive\n", ServiceState.STOPPED, "inactive"),
        (3, "failed\n", ServiceState.STOPPED, "failed"),
        (3, "deactivating\n", ServiceState.UNKNOWN, "deactivating"),
        (127, "", ServiceState.UNKNOWN, "exit status 127 and no word"),
    ],
)
async def test_the_state_is_the_first_word(status: int, stdout: str, state: ServiceState, reason: str) -> None:
    view = await service(Scripted(status, stdout)).look()
    assert (view.state, view.reason) == (state, reason)


async def test_a_host_that_cannot_be_reached_is_unknown_and_says_why() -> None:
    view = await service(Scripted(raises=ShellError("no route to app1"))).look()
    assert (view.state, view.reason) == (ServiceState.UNKNOWN, "no route to app1")


async def test_a_start_runs_what_is_declared_and_nothing_else() -> None:
    host = Scripted()
    await service(host).turn("start")
    assert host.ran == [["start", "app"]]
    assert service(host).command("start") == "start app"


async def test_what_is_not_declared_cannot_be_done() -> None:
    host = Scripted()
    with pytest.raises(Refused, match="stop is not declared in the service table of app1"):
        await service(host).turn("stop")
    with pytest.raises(Refused, match="set is not declared"):
        size(host, set=[]).resize_command(Size(cpus=1))
    assert host.ran == []


async def test_a_command_that_fails_refuses_in_its_own_words_without_control_characters() -> None:
    with pytest.raises(Refused, match=r"^app1: no such job \\x1b\[31m$"):
        await service(Scripted(1, stderr="no such job \x1b[31m\nmore")).turn("start")


@pytest.mark.parametrize("lost", [ShellError("connection lost"), TimeoutError()])
async def test_a_command_whose_end_is_not_known_is_unclear(lost: Exception) -> None:
    with pytest.raises(Unclear):
        await service(Scripted(raises=lost)).turn("start")


async def test_a_size_is_read_from_key_value_lines() -> None:
    host = Scripted(stdout="cpus=2\nmemory_bytes=4294967296\nworkers=8\nin_use_bytes=1073741824\nnoise\n")
    view = await size(host).look()
    assert view.size == Size(cpus=2, memory_bytes=4 * 2**30, workers=8)
    assert view.in_use_bytes == 2**30
    assert view.most == Size()


async def test_how_much_a_node_can_be_given_is_read_where_it_is_told() -> None:
    view = await size(Scripted(stdout="cpus=2\nmost_cpus=16\nmost_memory_bytes=8589934592\n")).look()
    assert view.most == Size(cpus=16, memory_bytes=8 * 2**30)


@pytest.mark.parametrize(
    ("stdout", "reason"),
    [
        ("cpus=many\n", "'cpus=many' is not a number"),
        ("cpus=nan\n", "'cpus=nan' is not a number"),
        ("memory_bytes=inf\n", "'memory_bytes=inf' is not a number"),
        ("usage: size\n", "not `key=value` lines: 'usage: size '"),
        ("", "exit status 0 and no word"),
    ],
)
async def test_a_size_that_makes_no_sense_is_not_known_and_says_why(stdout: str, reason: str) -> None:
    view = await size(Scripted(stdout=stdout)).look()
    assert (view.size, view.reason) == (None, reason)


async def test_a_new_size_is_filled_in_and_what_stays_is_empty() -> None:
    host = Scripted()
    await size(host).resize(Size(cpus=1.5))
    assert host.ran == [["resize", "--cpus=1.5", "mem="]]
    assert size(host).resize_command(Size(memory_bytes=2**31)) == "resize --cpus= mem=2147483648"


def test_a_field_that_there_is_none_of_is_told_when_the_file_is_read() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"no field \{color\}; there are: cpus, memory_bytes"):
        size(Scripted(), set=["{color}"])


def test_without_a_shell_there_are_no_commands() -> None:
    with pytest.raises(ValueError, match=r"need a \[shell\] table"):
        CommandService(CommandService.Settings(state=["x"]), Context(name="app1"))


async def test_a_command_that_never_ends_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(Scripted):
        async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
            await asyncio.sleep(60)
            raise AssertionError("it was waited for")

    monkeypatch.setattr("plugins._commands.REACH_S", 0.0)
    with pytest.raises(Unclear, match=r"did not end within 0\.1 s"):
        await service(Endless(), deadline_s=0.1).turn("start")
