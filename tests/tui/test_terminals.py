"""What each kind of terminal is told: what it can show, in colours that it has, and nothing else."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

from console.tui.glyphs import ASCII, CONSOLE, TWINS, Repertoire
from console.tui.symbols import DEED, EVENT, GRADE, HEALTH, OUTCOME, SEVERITY, STATE
from plugins.memory import cluster_file
from tests.bench.terminal import Terminal

Opens = Callable[..., Terminal]
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")
MODERN = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
BARE = {"LC_ALL": "", "LC_CTYPE": "", "LANG": "", "COLORTERM": "", "NO_COLOR": ""}
"""Whatever the tests themselves run in."""


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    """The console on a terminal of that kind."""
    (tmp_path / "memory.toml").write_text(cluster_file("w"))
    console = ["-m", "console", "--cluster", str(tmp_path / "memory.toml"), "--state-dir", str(tmp_path / "state")]
    terminals = []

    def opened(*options: str, size: tuple[int, int] = (80, 24), **environment: str) -> Terminal:
        terminals.append(Terminal([sys.executable, *console, *options], size, **{**BARE, **environment}))
        return terminals[-1]

    yield opened
    for terminal in terminals:
        terminal.close()


def screen_of(terminal: Terminal, shows: str, size: tuple[int, int] = (80, 24)) -> list[str]:
    """The lines of its screen, as soon as they show that."""
    screen = pyte.Screen(*size)
    stream, ends_s = pyte.ByteStream(screen), time.monotonic() + 30
    stream.feed(re.sub(rb"\x1b\[[<>=][\d;]*[a-z]", b"", terminal.seen))  # pyte would show half of these
    while shows not in "\n".join(screen.display):
        assert time.monotonic() < ends_s, "\n".join(screen.display)
        stream.feed(re.sub(rb"\x1b\[[<>=][\d;]*[a-z]", b"", terminal.read(0.2)))
    return list(screen.display)


@pytest.mark.parametrize(
    ("environment", "up", "primary"),
    [
        ({"TERM": "xterm-256color", "LANG": "de_DE.UTF-8"}, "● up", "◆ PRIMARY"),
        ({"TERM": "screen", "LC_ALL": "C.UTF-8"}, "● up", "◆ PRIMARY"),
        ({"TERM": "linux", "LC_ALL": "C.UTF-8"}, "+ up", "@ PRIMARY"),
        ({"TERM": "xterm", "LC_ALL": "en_US.ISO-8859-1"}, "+ up", "@ PRIMARY"),
        ({"TERM": "vt220", "LC_ALL": "C"}, "+ up", "@ PRIMARY"),
        ({"TERM": "xterm-256color"}, "+ up", "@ PRIMARY"),
    ],
)
def test_a_terminal_shows_the_signs_that_it_has(
    opens: Opens, environment: dict[str, str], up: str, primary: str
) -> None:
    terminal = opens(**environment)
    lines = screen_of(terminal, "db3   " + up[0] + " SECONDARY")
    assert up in lines[4]
    assert any(primary in line for line in lines)
    if environment.get("LC_ALL") != "C.UTF-8" and up == "+ up":
        assert terminal.seen.isascii()


def test_no_color_is_not_one_colour_and_the_cursor_is_still_seen(opens: Opens) -> None:
    terminal = opens(**MODERN, NO_COLOR="1")
    screen_of(terminal, "db3   ● SECONDARY")
    assert not COLOUR.search(terminal.seen)
    assert re.search(rb"\x1b\[(?:0;)?1;7m\S*app1", terminal.seen)


def test_sixteen_colours_are_not_asked_for_more(opens: Opens) -> None:
    terminal = opens(TERM="screen", LC_ALL="C.UTF-8")
    screen_of(terminal, "db3   ● SECONDARY")
    assert COLOUR.search(terminal.seen)
    assert b"38;5;" not in terminal.seen
    assert b"38;2;" not in terminal.seen


@pytest.mark.parametrize(("term", "why"), [("dumb", b"TERM=dumb"), ("", b"TERM is not set")])
def test_what_cannot_be_drawn_on_is_told_of_plain(opens: Opens, term: str, why: bytes) -> None:
    terminal = opens(TERM=term)
    terminal.until(b"in words alone")
    assert terminal.process.wait(20) == 2
    assert why in terminal.seen
    assert b"watchkeeper --plain" in terminal.seen
    assert b"\x1b" not in terminal.seen


def test_a_window_that_is_too_small_says_so_and_shows_all_when_it_has_grown(opens: Opens) -> None:
    terminal = opens(**MODERN, size=(20, 5))
    screen_of(terminal, "too small", (20, 5))
    terminal.resize((80, 24))
    terminal.seen = b""
    assert "Watchkeeper" in screen_of(terminal, "db3   ● SECONDARY")[0]
    terminal.resize((60, 20))
    terminal.seen = b""
    assert "quit" in screen_of(terminal, "quit", (60, 20))[-1]


def test_keys_that_are_no_utf_8_are_no_keys_and_the_next_one_is(opens: Opens) -> None:
    terminal = opens(**MODERN)
    screen_of(terminal, "db3   ● SECONDARY")
    terminal.press(b"\xe9\xff")
    for _ in range(10):  # what is read together with it is lost with it
        terminal.press(b"?")
        if b"Help: every key" in terminal.read(1, b"Help: every key"):
            break
    assert b"Help: every key" in terminal.seen


def test_in_gnu_screen_the_mouse_is_left_alone_because_an_esc_would_wait_for_the_next_key(opens: Opens) -> None:
    terminal = opens(**MODERN, STY="1.pts-0.host")
    terminal.until(b"Watchkeeper")
    assert b"\x1b[?1000h" not in terminal.seen


def test_states_have_signs_that_differ_in_ascii_too() -> None:
    cells = [c for each in (HEALTH, STATE, SEVERITY, GRADE, EVENT, OUTCOME, DEED) for c in each.values()]
    signs = {cell.text[0] for cell in cells}
    assert len({ASCII.shown(sign) for sign in signs}) == len(signs)


def test_every_glyph_of_the_screens_has_a_twin() -> None:
    room = Path(sys.modules["console.tui.glyphs"].__file__ or "").parent
    drawn = {c for path in (*room.glob("*.py"), *room.glob("*.tcss")) for c in path.read_text("utf-8") if c > "\x7f"}
    assert drawn - TWINS.keys() == set()
    assert all(twin.isascii() for twin in TWINS.values())
    assert TWINS.keys() >= CONSOLE


def test_what_is_no_glyph_of_ours_is_as_wide_in_ascii_and_untouched_elsewhere() -> None:
    assert ASCII.shown("München 世界 ● up") == "M?nchen ???? + up"
    assert Repertoire().shown("München 世界 ● up") == "München 世界 ● up"


@pytest.mark.parametrize(
    ("environment", "coerced", "wanted"),
    [
        ({}, False, ASCII),
        ({"LC_CTYPE": "C.UTF-8"}, True, ASCII),
        ({"LC_CTYPE": "C.UTF-8"}, False, Repertoire()),
        ({"LANG": "de_DE.utf8", "LC_CTYPE": "C.UTF-8"}, True, Repertoire()),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"}, False, ASCII),
    ],
)
def test_the_locale_says_whether_it_is_utf_8(environment: dict[str, str], coerced: bool, wanted: Repertoire) -> None:
    assert Repertoire.of(environment, coerced) == wanted
