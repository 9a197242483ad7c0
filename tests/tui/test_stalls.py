"""A terminal that takes nothing, as a dropped SSH session leaves it, holds up nothing."""

import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from console.change.journal import Journal
from plugins.memory import cluster_file
from tests.bench.terminal import Terminal

DRAWING_MUCH = """
import sys
from pathlib import Path
from console.tui import app
from plugins.memory import world
ticks, app.TICK_S = Path(sys.argv.pop(1)), 0.02
world("w").set_sessions("app2", 2)
def tick(self):
    with ticks.open("a") as lines:
        lines.write("tick\\n")
    if ticks.with_name("no sessions").exists():
        world("w").set_sessions("app2", 0)
    self.action_redraw()
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


def test_a_running_change_is_proved_and_ends_while_the_terminal_takes_nothing(stalled: Terminal, ticks: Path) -> None:
    for keys, then in ((b":", b"theme NAME"), (b"drain app2\r", b"Cancel"), (b"\t", b"Drain app2")):
        stalled.press(keys)
        shows(stalled, then)
    for _ in range(10):  # a button that has just got the focus takes no key yet
        stalled.press(b"\r")
        if b"sessions left" in stalled.read(3, b"sessions left"):
            break
    wait_for_rounds(ticks, 50)  # from here on nothing is read
    assert "plan.finished" not in kinds(ticks.parent / "state")
    ticks.with_name("no sessions").touch()
    ends_s = time.monotonic() + 30
    while "plan.finished" not in (told := kinds(ticks.parent / "state")):
        assert time.monotonic() < ends_s, told
        time.sleep(0.2)
    assert told[-2:] == ["hold.begun", "plan.finished"]  # it is drained, and held so


def shows(terminal: Terminal, words: bytes) -> None:
    seen, ends_s = b"", time.monotonic() + 30
    while words not in seen:
        assert time.monotonic() < ends_s, seen[-400:]
        seen += terminal.read(0.5, words)


def kinds(state: Path) -> list[str]:
    journal = Journal.open(state, "w", read_only=True)
    try:
        return [record.kind for record in journal.records()]
    finally:
        journal.close()
