"""However the console ends, the terminal and the shell are told the truth."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from console.change.journal import Journal
from console.change.runbook.progress import progress
from console.tui.endings import crash_line
from plugins.memory import cluster_file
from tests.bench.terminal import Terminal

CLUSTER = """
name = "nowhere"
[health]
plugin = "http"
port = 9
path = "/"
[[nodes]]
name = "app1"
address = "127.0.0.1"
roles = ["app"]
"""
RESTORED = b"\x1b[?1049l"
CRASHING = """
import sys
from console.tui.app import Console
def tick(self):
    secret = "hunter2"
    raise KeyError("no such thing")
Console._tick = tick
from console.cli import main
main()
"""

EARLY = """
import os, signal
from console.tui.app import Console
def get_default_screen(self, made=Console.get_default_screen):
    os.kill(os.getpid(), signal.SIGTERM)
    return made(self)
Console.get_default_screen = get_default_screen
from console.cli import main
main()
"""
BUSY_FOR_EVER = """
import time
from console.tui.app import Console
def tick(self):
    time.sleep(600)
Console._tick = tick
from console.cli import main
main()
"""

WITH_SESSIONS = """
from plugins.memory import world
world("w").set_sessions("app2", 2)
from console.cli import main
main()
"""


@pytest.fixture
def cluster(tmp_path: Path) -> list[str]:
    (tmp_path / "nowhere.toml").write_text(CLUSTER)
    return ["--cluster", str(tmp_path / "nowhere.toml"), "--state-dir", str(tmp_path / "state")]


def ended(terminal: Terminal, seconds: float = 20) -> int:
    """The exit code; what is still drawn is read meanwhile."""
    ends_s = time.monotonic() + seconds
    while terminal.process.poll() is None and time.monotonic() < ends_s:
        terminal.read(0.1)
    terminal.read(0.1)
    code = terminal.process.poll()
    assert code is not None, "it did not end"
    return code


def press(terminal: Terminal, keys: bytes, then: bytes, seconds: float = 20) -> None:
    """Type, and wait until that is drawn."""
    before, ends_s = len(terminal.seen), time.monotonic() + seconds
    terminal.press(keys)
    while then not in terminal.seen[before:]:
        assert time.monotonic() < ends_s, f"{then!r} was not drawn after {keys!r}"
        terminal.read(0.2)


def press_until(terminal: Terminal, keys: bytes, then: bytes) -> None:
    """Type as often as it takes: a button that has just got the focus takes no key yet."""
    for _ in range(10):
        terminal.press(keys)
        if then in terminal.read(2, then):
            return
    raise AssertionError(f"{then!r} was not drawn after {keys!r}")


def opened(*argv: str, until: bytes = b"tolerates") -> Terminal:
    terminal = Terminal([sys.executable, *argv])
    try:
        terminal.until(until)
    except TimeoutError:
        terminal.close()
        raise
    return terminal


def test_q_ends_with_0_and_the_terminal_is_restored(cluster: list[str]) -> None:
    terminal = opened("-m", "console", *cluster)
    terminal.press(b"q")
    assert ended(terminal) == 0
    assert RESTORED in terminal.seen
    terminal.close()


def test_sigterm_ends_with_143_and_the_terminal_is_restored(cluster: list[str]) -> None:
    terminal = opened("-m", "console", *cluster)
    terminal.process.send_signal(signal.SIGTERM)
    assert ended(terminal) == 143
    assert RESTORED in terminal.seen
    terminal.close()


def test_sigterm_before_the_first_frame_ends_with_143_and_the_terminal_is_restored(cluster: list[str]) -> None:
    terminal = Terminal([sys.executable, "-c", EARLY, *cluster])
    assert ended(terminal) == 143
    assert terminal.seen.count(b"\x1b[?1049h") == terminal.seen.count(RESTORED) == 1
    terminal.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_console_whose_loop_is_held_up(number: signal.Signals, code: int, cluster: list[str]) -> None:
    terminal = opened("-c", BUSY_FOR_EVER, *cluster, until=b"Watchkeeper")
    terminal.read(3)
    terminal.process.send_signal(number)
    assert ended(terminal) == code
    assert (RESTORED in terminal.seen) is (number is signal.SIGTERM)
    terminal.close()


def test_sighup_ends_with_129_and_nothing_more_is_drawn(cluster: list[str]) -> None:
    terminal = opened("-m", "console", *cluster)
    terminal.process.send_signal(signal.SIGHUP)
    assert ended(terminal) == 129
    assert RESTORED not in terminal.seen
    terminal.close()


def test_a_terminal_that_is_gone_ends_the_console(cluster: list[str]) -> None:
    terminal = opened("-m", "console", *cluster)
    os.close(terminal._master)
    assert terminal.process.wait(20) == 129


def test_a_crash_is_one_line_without_values_and_exit_code_1(cluster: list[str]) -> None:
    terminal = opened("-c", CRASHING, *cluster, until=b"Watchkeeper")
    assert ended(terminal) == 1
    after = terminal.seen.partition(RESTORED)[2]
    assert b"watchkeeper: internal error at <string>:6: KeyError: 'no such thing'" in after
    assert b"hunter2" not in terminal.seen
    assert b"Traceback" not in after
    terminal.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_running_change_ends_between_two_steps_before_the_console_does(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    (tmp_path / "memory.toml").write_text(cluster_file("w"))
    state = tmp_path / "state"
    terminal = opened("-c", WITH_SESSIONS, "--cluster", str(tmp_path / "memory.toml"), "--state-dir", str(state))
    terminal.until(b"3 of 3 serving")
    press(terminal, b":", b"theme NAME")
    press(terminal, b"drain app2\r", b"Cancel")
    press(terminal, b"\t", b"Drain app2")
    press_until(terminal, b"\r", b"sessions left")
    terminal.process.send_signal(number)
    assert ended(terminal) == code
    journal = Journal.open(state, "w", read_only=True)
    kinds = [record.kind for record in journal.records()]
    journal.close()
    assert kinds[-2:] == ["session.lost", "plan.finished"]
    terminal.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_runbook_that_asks_is_stopped_before_the_console_ends_and_can_be_gone_on_with(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    (tmp_path / "memory.toml").write_text(cluster_file("w"))
    state = tmp_path / "state"
    terminal = opened("-m", "console", "--cluster", str(tmp_path / "memory.toml"), "--state-dir", str(state))
    terminal.until(b"3 of 3 serving")
    press(terminal, b"r", b"failover-drill")
    for _ in range(10):
        if b"The Primary hands over" in terminal.seen:
            break
        terminal.press(b"\x1b[B")
        terminal.read(0.3)
    press(terminal, b"\r", b"every application server serves: 3 of 3")
    for keys in (b"\t", b"a drill", b"\t", b"\t"):  # to the reason, past Cancel
        terminal.press(keys)
        terminal.read(0.5)
    press_until(terminal, b"\r", b"waits for your answer")
    terminal.process.send_signal(number)
    assert ended(terminal) == code
    journal = Journal.open(state, "w", read_only=True)
    [left] = progress(journal.records())
    journal.close()
    assert (left.runbook.name, left.outcome, left.over) == ("failover-drill", "stopped", False)
    terminal.close()


def test_a_crash_line_says_where_it_was() -> None:
    with pytest.raises(ValueError, match=r"^a") as crash:
        raise ValueError("a\x1bb")
    said = crash_line(crash.value)
    assert said.startswith("watchkeeper: internal error at test_endings.py:")
    assert said.endswith("ValueError: a\\x1bb")
