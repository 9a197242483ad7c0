"""Every character beyond ASCII that the screens draw, with the ASCII one that stands in where a terminal lacks it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len

TWINS = {
    "●": "+",
    "■": "#",
    "▲": "^",
    "○": "o",
    "◆": "@",
    "◎": "~",
    "·": "-",
    "►": ">",
    "◄": "<",
    "▼": "v",
    "▌": "|",
    "…": "~",
    "�": "?",
    "─": "-",
    "━": "-",
    "▁": "_",
    "▔": "-",
    "│": "|",
    "┃": "|",
    "┤": "|",
    **dict.fromkeys("╭╮╰╯┌┐└┘", "+"),
    **dict.fromkeys("█▉▊▋▇▆▅▐▀", "#"),
    **dict.fromkeys("▄▃▂▍▎▏▕", "."),
    "⣿": "#",  # and with it every other pattern of dots
    "🔎": "/ ",
}
"""As wide as each other. Those of a state differ among themselves; the shades of a scroll bar need not."""
CONSOLE = frozenset("■▲▼·─│┤█┌┐└┘")
"""
What every font of a Linux console has: the kernel's own (drivers/tty/vt/cp437.uni) and those of Debian's console-setup.
The kernel's draws ■ for what it lacks, and ● is among that: `up` would have the sign of `down`.
"""


@dataclass(frozen=True, slots=True)
class Repertoire:
    """What a terminal can show."""

    lacks: frozenset[str] = frozenset()
    ascii: bool = False
    """And nothing that is not ASCII, be it a name."""

    @classmethod
    def of(cls, environment: Mapping[str, str], coerced: bool = bool(sys.flags.utf8_mode)) -> "Repertoire":
        """What the environment tells of it: ASCII where the locale is not one of UTF-8 (POSIX, 8.2).

        `coerced` tells that Python found the locale C, and may have set LC_CTYPE itself (PEP 538).
        """
        given = dict(environment)
        if coerced and given.get("LC_CTYPE") == "C.UTF-8":
            del given["LC_CTYPE"]
        locale = given.get("LC_ALL") or given.get("LC_CTYPE") or given.get("LANG") or "C"
        if "utf8" not in locale.lower().replace("-", ""):
            return ASCII
        return cls(frozenset(TWINS) - CONSOLE) if given.get("TERM") == "linux" else cls()

    def shown(self, text: str) -> str:
        """The text as it can be shown, as wide as it was."""
        if text.isascii() or not self.lacks:
            return text
        return "".join(map(self._shown, text))

    def _shown(self, character: str) -> str:
        if character in self.lacks:
            return TWINS[character]
        return "?" * cell_len(character) if self.ascii and not character.isascii() else character


ASCII = Repertoire(frozenset(TWINS), ascii=True)
