"""The terminal: nothing waits until it has taken what is drawn, and it can be given back from any thread."""

import base64
import os
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from rich.console import COLOR_SYSTEMS, Console, RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter, Monochrome, NoColor
from textual.geometry import Size
from textual.screen import Screen

from console.tui.framebuffer import FrameBuffer
from console.tui.glyphs import Repertoire
from console.tui.safety import MARKING, Colourless, OnlyWhatItShows

BEHIND = 6
"""Writes that it may owe before frames are left out: two frames, each with its beginning and its end."""
CATCH_UP_S = 0.2
"""How long a terminal that is behind is left alone."""
SCREEN_TAKES = 250
"""Characters that GNU screen hands on at once."""
EMPTY = "\x1b[m\x1b[2J\x1b[H"
GIVE_BACK = (
    EMPTY.encode()
    + b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Ends everything that textual's driver begins: paste, mouse and key modes, the other screen, the hidden cursor."""


class Terminal(LinuxDriver):
    """Textual's own driver holds up the event loop when a terminal stalls, and with it a change that is running."""

    _shown: FrameBuffer | None = None
    """None while nothing is known of what it shows."""

    def start_application_mode(self) -> None:
        """From now on the terminal is ours."""
        self.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            self._writer_thread._queue.maxsize = 0

    def forget(self) -> None:
        """Something else may have written there: the next frame is sent whole."""
        self._shown = None

    def framebuffer(self, size: Size, console: Console) -> FrameBuffer:
        """What it shows; of a terminal of another size than before nothing is known."""
        if self._shown is None or self._shown.size != size:
            self._shown = FrameBuffer(size, COLOR_SYSTEMS[console.color_system or "standard"])
        return self._shown

    def stop_application_mode(self) -> None:
        """It is given back, empty: one that has no other screen would show our last frame around the shell."""
        self.write(EMPTY)
        super().stop_application_mode()

    def run_input_thread(self) -> None:
        """Read keys; what is no UTF-8, as from a terminal of another locale or a noisy line, is none."""
        while not self.exit_event.is_set():
            with suppress(UnicodeDecodeError):
                super().run_input_thread()

    @property
    def behind(self) -> bool:
        """It has not taken what was drawn before."""
        return self._writer_thread is not None and self._writer_thread._queue.qsize() > BEHIND


class Difference(CompositorUpdate):
    """What makes a terminal show what it does not show already."""

    def __init__(self, words: str) -> None:
        self._words = words

    def render_segments(self, console: Console) -> str:
        """As they are."""
        return self._words


class TerminalApp(App[int]):
    """An app that leaves out the frames for which its terminal has no room: what is drawn next is the newest."""

    def __init__(self) -> None:
        super().__init__(driver_class=Terminal)
        self.repertoire = Repertoire()
        """What the terminal can show; set before it is drawn on."""
        self._owes = False
        """A frame was left out."""
        self._gates: dict[tuple[str, Repertoire], list[LineFilter]] = {}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """The gates that everything drawn goes through; they are the same ones as long as the theme is."""
        key = self.theme, self.repertoire
        if key not in self._gates:
            gates = [gate for gate in super().get_line_filters() if not isinstance(gate, (Monochrome, NoColor))]
            if os.environ.get("NO_COLOR"):
                colours = self.get_css_variables()
                gates.append(Colourless(colours[name] for name in MARKING))
            self._gates[key] = [*gates, OnlyWhatItShows(self.repertoire)]
        return self._gates[key]

    def action_redraw(self) -> None:
        """All of it once more, whatever the terminal may show by now."""
        if isinstance(self._driver, Terminal):
            self._driver.forget()
        self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(self._driver, Terminal) and isinstance(renderable, CompositorUpdate) and not self._batch_count:
            if self._driver.behind:
                if not self._owes:
                    self._owes = True
                    self.set_timer(CATCH_UP_S, self._catch_up)
                return
            words = self._driver.framebuffer(self.size, self.console).draw(renderable)
            renderable = Difference(words) if words else None
        super()._display(screen, renderable)

    def copy_to_clipboard(self, text: str) -> None:
        """By words to the terminal (OSC 52): nothing on this host has to be installed or allowed."""
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(clipboard(text, os.environ))

    def _catch_up(self) -> None:
        self._owes = False
        self.screen.refresh()


def clipboard(text: str, environ: Mapping[str, str]) -> str:
    """The words that put a text into the clipboard of the terminal that shows us, through what stands between.

    tmux takes them where `set-clipboard` is on, and hands on what is wrapped where `allow-passthrough` is; GNU screen
    hands on what is wrapped, in pieces.
    """
    said = base64.b64encode(text.encode()).decode()
    words = f"\x1b]52;c;{said}\a"
    if "TMUX" in environ:
        doubled = words.replace("\x1b", "\x1b\x1b")
        return f"{words}\x1bPtmux;{doubled}\x1b\\"
    if "STY" in environ:
        pieces = [words[start : start + SCREEN_TAKES] for start in range(0, len(words), SCREEN_TAKES)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return words


def give_back(attributes: list[Any]) -> None:
    """Restore a terminal in place of a driver that no longer can; one that takes nothing keeps its modes."""
    with suppress(termios.error, OSError):
        termios.tcsetattr(0, termios.TCSANOW, attributes)
        terminal = os.open(os.ttyname(2), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        let_go()  # nothing that a driver still holds may follow
        os.write(terminal, GIVE_BACK)


def let_go() -> None:
    """What is drawn from now on goes nowhere, and nothing is read."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    silent, _ = os.pipe()  # its other end stays open: a closed one would read as an end without end
    os.dup2(silent, 0)
