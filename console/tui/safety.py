"""The last gates before the terminal: no control character, no glyph that it lacks, no colour that is not wanted."""

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from console.tui.glyphs import Repertoire

STANDS_IN = "�"
MARKING = (
    "primary",
    "cursor",
    "loud",
    "block-cursor-background",
    "input-cursor-background",
    "input-selection-background",
    "screen-selection-background",
)
"""The theme's variables whose ground says something: here is the cursor, this is production."""


class OnlyWhatItShows(LineFilter):
    """Replaces everything that a terminal would obey, draw in another order or not draw, by what is as wide."""

    def __init__(self, repertoire: Repertoire) -> None:
        super().__init__()
        self._repertoire = repertoire

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments without control characters, control codes, and glyphs that it lacks."""
        shown = self._repertoire.shown
        if self._repertoire.lacks:
            return [Segment(shown(printable(segment.text)), segment.style) for segment in segments]
        if all(segment.text.isprintable() and not segment.control for segment in segments):
            return segments
        return [Segment(printable(segment.text), segment.style) for segment in segments]


class Colourless(LineFilter):
    """No colour (no-color.org); what stood out by its ground is reversed."""

    def __init__(self, marking: Iterable[str]) -> None:
        super().__init__()
        self._marking = {Color.parse(colour).rich_color for colour in marking}

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in the terminal's own two colours."""
        return [Segment(text, style and self._plain(style)) for text, style, _ in segments]

    def _plain(self, style: Style) -> Style:
        return style.without_color + Style(
            reverse=bool(style.reverse) or style.bgcolor in self._marking, meta=style.meta
        )


def printable(text: str) -> str:
    """The text with one visible character for each that is not printable, so that nothing moves."""
    return "".join(character if character.isprintable() else STANDS_IN for character in text)
