"""Plain mode: through a pipe as a script, and through a pty as a person with a screen reader would."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from plugins.memory import cluster_file

LONGEST_S = 60.0
"""What a prompt takes on a busy machine."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def environment(tmp_path: Path) -> dict[str, str]:
    those = {**os.environ, "HOME": str(tmp_path), "TERM": "dumb", "WATCHKEEPER_STATE_DIR": str(tmp_path / "state")}
    return {name: value for name, value in those.items() if name not in ("XDG_CONFIG_HOME", "FORCE_COLOR")}


def command(tmp_path: Path, name: str, *options: str) -> list[str]:
    path = tmp_path / f"{name}.toml"
    if not path.exists():
        path.write_text(cluster_file(name))
    return [sys.executable, "-m", "console", "--plain", "--cluster", str(path), *options]


def script(tmp_path: Path, *lines: str, options: tuple[str, ...] = ()) -> tuple[int, str, str]:
    done = subprocess.run(
        command(tmp_path, "plain", *options),
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


class Typist:
    """Somebody at a terminal."""

    def __init__(self, argv: list[str], env: dict[str, str]) -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, env)
        self.seen = ""

    def read_until(self, words: str) -> str:
        """All that was shown since the last time, up to these words."""
        ends_s = time.monotonic() + LONGEST_S
        while words not in self.seen:
            assert time.monotonic() < ends_s, f"{words!r} was not shown: {self.seen}"
            if select.select([self.master], [], [], 0.5)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:
                    raise AssertionError(f"it ended before {words!r} was shown: {self.seen}") from None
        end = self.seen.index(words) + len(words)
        told, self.seen = self.seen[:end], self.seen[end:]
        return told

    def type(self, words: str) -> None:
        os.write(self.master, words.encode() + b"\n")

    def control(self, key: str) -> None:
        os.write(self.master, bytes([ord(key) - 64]))

    def ended(self) -> int:
        """Its exit code."""
        while True:
            try:
                if not os.read(self.master, 65536):
                    break
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


Typing = Callable[..., Typist]


@pytest.fixture
def typing(tmp_path: Path) -> Iterator[Typing]:
    typists: list[Typist] = []

    def begin(name: str, *options: str) -> Typist:
        typists.append(Typist(command(tmp_path, name, *options), environment(tmp_path)))
        return typists[-1]

    yield begin
    for typist in typists:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(typist.pid, signal.SIGKILL)
            os.waitpid(typist.pid, 0)
        os.close(typist.master)


def test_a_script_answers_each_line_in_words_and_echoes_none(tmp_path: Path) -> None:
    code, out, err = script(tmp_path, "status", "show app2", "topology", "whoami")
    assert (code, err) == (0, "")
    assert "application server app1: health up; pools lb1 ready/up, lb2 ready/up;" in out
    assert "\nnode app2\n" in out
    assert ", takes the writes" in out
    assert "changes are possible" in out
    assert "plain>" not in out
    assert "show app2" not in out
    assert not CONTROL.search(out)


def test_a_drain_in_a_script_is_confirmed_in_its_line_and_told_event_by_event(tmp_path: Path) -> None:
    code, out, _ = script(tmp_path, "drain app2 --reason 'a test' --yes", "servers app2", "journal", "timeline")
    assert code == 0
    assert "step 1: app2 is drain on lb1 (app, web) and lb2 (app, web)" in out
    assert "pools lb1 drain/up, lb2 drain/up" in out
    assert "a test" in out
    assert "app2 is in drain in app on lb1, was in ready" in out


def test_a_script_stops_at_the_first_failure_with_its_code(tmp_path: Path) -> None:
    code, out, err = script(tmp_path, "drain app2", "whoami")
    assert code == 2
    assert "nothing was confirmed: give --yes" in err
    assert "on plain" not in out


def test_a_script_that_keeps_going_ends_with_the_worst_code(tmp_path: Path) -> None:
    code, out, _ = script(
        tmp_path, "drain app9 --reason x --yes", "plan freeze db1", "whoami", options=("--keep-going",)
    )
    assert code == 2
    assert "on plain" in out


def test_the_verbs_of_the_command_line_are_the_same_here(tmp_path: Path) -> None:
    code, out, _ = script(tmp_path, "watchkeeper status --json", "# a comment", "", ":plan drain app2 --json")
    assert code == 0
    status, plan = map(json.loads, out.splitlines())
    assert status["cluster"] == "plain"
    assert plan["title"] == "Drain app2"


def test_a_word_that_is_none_is_told_with_the_nearest(tmp_path: Path) -> None:
    for line, says in (("drian app2", "did you mean 'drain'?"), ("show app22", "did you mean 'app2'?")):
        code, _, err = script(tmp_path, line)
        assert code == 2
        assert says in err


def test_what_is_filtered_is_a_pattern_as_on_the_screens(tmp_path: Path) -> None:
    _, out, _ = script(tmp_path, "servers app[12]:?", "servers !app1")
    assert [line.split(":")[0].rpartition(" ")[2] for line in out.splitlines()] == ["app1", "app2", "app2", "app3"]


def test_several_targets_are_one_runbook(tmp_path: Path) -> None:
    words = "drain app1 app2 --reason 'a test' --confirm plain"
    code, out, _ = script(tmp_path, words)
    assert "drain app1" in out
    assert "drain app2" in out
    assert code in (0, 3), "what the second one leaves may be too little"


def test_in_a_read_only_console_nothing_is_changed(tmp_path: Path) -> None:
    code, out, _ = script(tmp_path, "drain app2 --reason x --yes", options=("--read-only",))
    assert code == 3
    assert "this session is read-only" in out


def test_a_drain_at_the_prompt_is_shown_asked_about_and_narrated(typing: Typing) -> None:
    somebody = typing("prompt-drain")
    somebody.read_until("prompt-drain> ")
    somebody.type("drain app2")
    told = somebody.read_until("reason: ")
    assert "Drain app2 on prompt-drain" in told
    assert "impact: safe" in told
    assert "step 1  drain app2 on every balancer" in told
    somebody.type("kernel update")
    somebody.read_until("type yes to have it done: ")
    somebody.type("yes")
    told = somebody.read_until("Drain app2: done")
    assert "app2 is in drain in app on lb1, was in ready" in told, "each change is told as it happens"
    somebody.type("wayback")
    assert "undo: app2 is drain on lb1" in somebody.read_until("reason: ")
    somebody.type("")
    assert "expected a few words" in somebody.read_until("prompt-drain> ")
    somebody.type("quit")
    assert somebody.ended() == 0


def test_anything_but_the_words_that_a_plan_wants_changes_nothing(typing: Typing) -> None:
    somebody = typing("prompt-no")
    somebody.read_until("prompt-no> ")
    somebody.type("step-down")
    somebody.read_until("reason: ")
    somebody.type("a test")
    somebody.read_until("to have it done: ")
    somebody.type("no")
    assert "nothing was changed" in somebody.read_until("prompt-no> ")
    somebody.type("members PRIMARY")
    assert "member db1: state PRIMARY" in somebody.read_until("prompt-no> ")


def test_no_cursor_is_moved_and_nothing_is_coloured(typing: Typing) -> None:
    somebody = typing("prompt-words")
    somebody.read_until("prompt-words> ")
    somebody.type("status")
    somebody.type("findings")
    somebody.type("quit")
    somebody.read_until("quit")
    told = somebody.seen
    assert "\x1b" not in told


def test_an_empty_line_and_ctrl_c_at_the_prompt_do_nothing_and_ctrl_d_quits(typing: Typing) -> None:
    somebody = typing("prompt-keys")
    somebody.read_until("prompt-keys> ")
    somebody.type("")
    somebody.read_until("prompt-keys> ")
    somebody.control("C")
    somebody.read_until("prompt-keys> ")
    somebody.control("D")
    assert somebody.ended() == 0


def test_sigterm_ends_the_prompt_with_the_code_of_the_signal(typing: Typing) -> None:
    somebody = typing("prompt-term")
    somebody.read_until("prompt-term> ")
    os.kill(somebody.pid, signal.SIGTERM)
    assert somebody.ended() == 128 + signal.SIGTERM


def test_a_terminal_that_cannot_be_drawn_on_is_told_of_plain(typing: Typing, tmp_path: Path) -> None:
    argv = [word for word in command(tmp_path, "dumb") if word != "--plain"]
    somebody = Typist(argv, environment(tmp_path))
    somebody.read_until("watchkeeper --plain works on it")
    assert somebody.ended() == 2
    os.close(somebody.master)
