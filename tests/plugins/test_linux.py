"""A Linux host's own word, from literal texts and from this machine."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.cluster.snapshot import Health
from console.cluster.views import HostView
from console.ports.plugins import Context
from console.ports.protocols import Completed, HostFacts, Shell, ShellError
from plugins.linux import Linux, parse

SAID = """\
4
MemTotal:       8000000 kB
MemFree:         500000 kB
MemAvailable:   6000000 kB
HugePages_Total:       0
0.42 0.30 0.10 3/312 24153
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/sda1         1000000   250000    700000      27% /
"""


class Host:
    """A shell that says one thing."""

    def __init__(self, said: str = "", *, stderr: str = "", error: str = "", silent: bool = False) -> None:
        self.said, self.stderr, self.error, self.silent = said, stderr, error, silent

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        if self.error:
            raise ShellError(self.error)
        if self.silent:
            await asyncio.Event().wait()
        return Completed(status=0, stdout=self.said, stderr=self.stderr)

    async def open_unix(self, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raise NotImplementedError


class ThisMachine(Host):
    """A shell on the machine that the test runs on."""

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
        stdout, _ = await child.communicate()
        return Completed(status=child.returncode or 0, stdout=stdout.decode(), stderr="")


def facts(deadline_s: float = 5.0) -> Linux:
    return Linux(Linux.Settings(deadline_s=deadline_s), Context(name="facts"))


async def look(host: Shell, deadline_s: float = 5.0) -> HostView:
    return await facts(deadline_s).look("app1", host)


def test_it_is_what_reads_host_facts() -> None:
    assert isinstance(facts(), HostFacts)


def test_every_fact_is_read_in_its_unit() -> None:
    view = parse("app1", SAID)
    assert (view.node, view.health, view.reason) == ("app1", Health.UP, "")
    assert (view.cpus, view.load1) == (4, 0.42)
    assert (view.memory_bytes, view.memory_used_bytes) == (8_000_000 * 1024, 2_000_000 * 1024)
    assert (view.disk_bytes, view.disk_used_bytes) == (1_000_000 * 1024, 250_000 * 1024)


def test_a_device_with_a_space_in_its_name_moves_no_column() -> None:
    assert parse("app1", SAID.replace("/dev/sda1", "//nas/my share")).disk_bytes == 1_000_000 * 1024


@pytest.mark.parametrize("line", range(8))
async def test_an_answer_without_one_of_its_lines_is_unknown_unless_nothing_needs_it(line: int) -> None:
    lines = SAID.splitlines()
    view = await look(Host("\n".join(lines[:line] + lines[line + 1 :])))
    needed = lines[line].startswith(("4", "MemTotal", "MemAvailable", "0.42", "/dev"))
    assert (view.health is Health.UNKNOWN) == needed


@pytest.mark.parametrize(
    "said",
    [
        "",
        "\n",
        "\x00" * 1000,
        SAID.replace("4\n", "four\n"),
        SAID.replace("8000000 kB", "8000000 MB"),
        SAID.replace("8000000 kB", "kB"),
        SAID.replace("250000", "-"),
        SAID.replace("0.42", "much"),
        SAID * 2,
    ],
)
async def test_an_answer_that_cannot_be_read_is_unknown_with_a_short_reason(said: str) -> None:
    view = await look(Host(said, stderr="df: /: broken"))
    assert view.health is Health.UNKNOWN
    assert view.reason.startswith("its answer cannot be read: ")
    assert view.reason.endswith("; it says: df: /: broken")
    assert view.cpus is None
    assert len(view.reason) < 500


async def test_a_host_that_cannot_be_reached_is_unknown_in_the_words_of_the_shell() -> None:
    view = await look(Host(error="app1 refused the connection"))
    assert (view.health, view.reason) == (Health.UNKNOWN, "app1 refused the connection")


async def test_a_host_that_says_nothing_is_unknown_at_the_deadline() -> None:
    view = await look(Host(silent=True), deadline_s=0.05)
    assert (view.health, view.reason) == (Health.UNKNOWN, "no answer within 0.05 s")


@pytest.mark.skipif(not Path("/proc/meminfo").exists() or not shutil.which("nproc"), reason="needs Linux")
async def test_this_machine_can_be_read() -> None:
    view = await look(ThisMachine())
    assert view.health is Health.UP
    assert view.cpus is not None
    assert view.memory_bytes is not None
    assert view.disk_bytes == shutil.disk_usage("/").total


def test_a_deadline_that_nothing_can_keep_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Linux.Settings(deadline_s=0)
