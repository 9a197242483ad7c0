"""The lab itself: however its start ends, nothing of it is left on this machine."""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.live.hosts import lab as labs
from tests.live.hosts import machine
from tests.live.hosts.layout import HOSTS, Layout
from tests.live.hosts.machine import Process

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    if why := labs.missing():
        pytest.skip(why)
    yield tmp_path / "lab"
    labs.down(tmp_path / "lab")


async def begun(home: Path) -> tuple[asyncio.subprocess.Process, list[Process]]:
    """A lab that is being booted by a process of its own, when its hosts have just been told to go on."""
    up = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.live.hosts", "up", "--dir", str(home)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    for _ in range(6000):
        told = json.loads(text) if (text := read(home / labs.PROCESSES)) else {}
        processes = [Process(**process) for process in told.values()]
        if len(processes) > len(HOSTS) and all(machine.leader(process) for process in processes[1:]):
            return up, processes
        assert up.returncode is None
        await asyncio.sleep(0.05)
    raise AssertionError("it was never booted")


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def left_of(home: Path, processes: list[Process]) -> list[str]:
    """What there still is."""
    tag = Layout(home).tag
    left = [str(process.pid) for process in processes if process.now is not None]
    left += [name for name in psutil.net_if_addrs() if name == tag]
    left += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(home) in line]
    left += [str(group) for host in HOSTS for group in machine.groups(f"{tag}-{host.name}") if group.exists()]
    return left + ([str(home)] if home.exists() else [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_start_that_is_interrupted_leaves_nothing(home: Path, number: signal.Signals) -> None:
    up, processes = await begun(home)
    assert left_of(home, processes) != []
    up.send_signal(number)
    await up.communicate()
    assert up.returncode == 130
    assert left_of(home, processes) == []


async def test_what_a_killed_start_left_is_taken_down_by_its_directory(home: Path) -> None:
    up, processes = await begun(home)
    up.kill()
    await up.communicate()
    assert labs.down(home)
    assert left_of(home, processes) == []


def test_a_directory_that_is_no_labs_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(RuntimeError, match=r"is no lab's directory: it has no processes\.json"):
        labs.down(tmp_path)
    assert (tmp_path / "thesis.txt").exists()
