"""A terminal that takes nothing, as a dropped SSH session leaves it, holds up nothing."""

import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from plugins.memory import cluster_file
from tests.bench.terminal import Terminal

DRAWING_MUCH = """
import sys
from pathlib import Path
from console.tui import app
ticks, app.TICK_S = Path(sys.argv.pop(1)), 0.02
def tick(self):
    with ticks.open("a") as lines:
        lines.write("tick\\n")
    self.screen.refresh()
app.Console._tick = tick
from console.cli import main
main()
"""


@pytest.fixture
def ticks(tmp_path: Path) -> Path:
    """A line for each round of the console's loop in which the whole screen was to be drawn."""
    return tmp_path / "ticks"


@pytest.fixture
def stalled(tmp_path: Path, ticks: Path) -> Iterator[Terminal]:
    """A console that has drawn much more than its terminal took."""
    (tmp_path / "memory.toml").write_text(cluster_file("w"))
    options = ["--cluster", str(tmp_path / "memory.toml"), "--state-dir", str(tmp_path / "state")]
    terminal = Terminal([sys.executable, "-c", DRAWING_MUCH, str(ticks), *options])
    try:
        terminal.until(b"3 of 3 serving")
        wait_for_rounds(ticks, 50)
        yield terminal
    finally:
        terminal.close()


def wait_for_rounds(ticks: Path, number: int) -> None:
    before, ends_s = len(ticks.read_text()), time.monotonic() + 30
    while len(ticks.read_text()) < before + number * len("tick\n"):
        assert time.monotonic() < ends_s, "the loop is held up"
        time.sleep(0.1)


def whole(screen: pyte.Screen) -> bool:
    """Every part of the dashboard is there, from its first line to its last."""
    lines = screen.display
    return "Watchkeeper" in lines[0] and "3 of 3 serving" in "\n".join(lines) and "quit" in lines[-1]


def test_the_loop_goes_on_and_the_screen_is_whole_when_the_terminal_is_back(stalled: Terminal, ticks: Path) -> None:
    wait_for_rounds(ticks, 50)
    screen = pyte.Screen(120, 40)
    stream, ends_s = pyte.ByteStream(screen), time.monotonic() + 30
    stream.feed(stalled.seen)
    while not whole(screen):
        assert time.monotonic() < ends_s, "\n".join(screen.display)
        stream.feed(stalled.read(0.2))
    stalled.press(b"q")
    stalled.read(5, b"\x1b[?1049l")
    assert stalled.process.wait(20) == 0


def test_sigterm_ends_it_and_the_shell_can_be_typed_into(stalled: Terminal) -> None:
    stalled.process.send_signal(signal.SIGTERM)
    assert stalled.process.wait(20) == 143
    local_flags = termios.tcgetattr(stalled._master)[3]
    assert local_flags & termios.ECHO
    assert local_flags & termios.ICANON
