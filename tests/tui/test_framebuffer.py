"""Whatever is drawn, the terminal shows it; and what it shows already is not sent again."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from console.tui.framebuffer import FrameBuffer
from plugins.memory import cluster_file
from tests.bench.terminal import Terminal

COLUMNS, LINES = 12, 3
BRUSHES = ["", "bold", "reverse", "underline red", "green on blue", "bold #ffaf00 on #121212", "on #121212"]

pieces = st.lists(
    st.tuples(st.text("ab ●─é世", min_size=1, max_size=6), st.sampled_from(BRUSHES)), min_size=1, max_size=4
)
frames = st.lists(st.lists(pieces, min_size=LINES, max_size=LINES), min_size=1, max_size=4)


def frame(lines: Sequence[Sequence[tuple[str, str]]], top: int = 0) -> LayoutUpdate:
    strips = [Strip([Segment(text, Style.parse(brush)) for text, brush in line]) for line in lines]
    return LayoutUpdate([[s.adjust_cell_length(COLUMNS)] for s in strips], Region(0, top, COLUMNS, len(lines)))


def shown(*words: str) -> list[list[object]]:
    """Every cell of a terminal that was told this; of a blank only what can be seen of it."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    screen.reset_mode(pyte.modes.DECAWM)
    for told in words:
        stream.feed(told)
    cells = [[screen.buffer[y][x] for x in range(COLUMNS)] for y in range(LINES)]
    blank = screen.default_char
    return [
        [blank._replace(bg=c.bg) if c.data == " " and not (c.reverse or c.underscore) else c for c in line]
        for line in cells
    ]


@given(frames)
@settings(max_examples=50, deadline=None)
def test_after_any_frames_the_terminal_shows_what_textual_itself_would_draw_of_the_last(
    told: list[list[list[tuple[str, str]]]],
) -> None:
    buffer = FrameBuffer((COLUMNS, LINES), ColorSystem.EIGHT_BIT)
    words = [buffer.draw(frame(lines)) for lines in told]
    assert shown(*words) == shown(frame(told[-1]).render_segments(Console(color_system="256", force_terminal=True)))


@given(frames)
@settings(max_examples=50, deadline=None)
def test_the_same_frame_again_is_not_a_single_byte(told: list[list[list[tuple[str, str]]]]) -> None:
    buffer = FrameBuffer((COLUMNS, LINES), ColorSystem.EIGHT_BIT)
    for lines in told:
        buffer.draw(frame(lines))
        assert buffer.draw(frame(lines)) == ""


def test_one_other_character_is_the_way_to_it_and_the_character() -> None:
    buffer = FrameBuffer((COLUMNS, LINES), ColorSystem.EIGHT_BIT)
    buffer.draw(frame([[("08:59:59 UTC", "")]]))
    assert buffer.draw(frame([[("08:59:58 UTC", "")]])) == "\x1b[1;8H8"


def test_a_colour_is_told_once_for_all_that_have_it_and_is_over_with_the_frame() -> None:
    buffer = FrameBuffer((COLUMNS, LINES), ColorSystem.EIGHT_BIT)
    words = buffer.draw(frame([[("up", "green"), (" ", "red"), ("up", "green"), ("now", "bold green")]]))
    assert words == "\x1b[1;1H\x1b[32mup up\x1b[0;1;32mnow    \x1b[m"


def test_what_something_else_has_written_there_is_drawn_over_when_it_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "memory.toml").write_text(cluster_file("w"))
    options = ["--cluster", str(tmp_path / "memory.toml"), "--state-dir", str(tmp_path / "state")]
    terminal = Terminal([sys.executable, "-m", "console", *options])
    try:
        terminal.until(b"3 of 3 serving")
        terminal.press(b"\x0c")
        assert b"3 of 3 serving" in terminal.read(20, b"3 of 3 serving")
    finally:
        terminal.close()
