"""The last gate before the terminal: whatever a widget draws, no control character leaves."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

STANDS_IN = "�"


class NoControlCharacters(LineFilter):
    """Replaces everything that a terminal would obey, or draw in another order, by one visible character."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments without control characters and without control codes."""
        if all(segment.text.isprintable() and not segment.control for segment in segments):
            return segments
        return [Segment(printable(segment.text), segment.style) for segment in segments]


def printable(text: str) -> str:
    """The text with one visible character for each that is not printable, so that nothing moves."""
    return "".join(character if character.isprintable() else STANDS_IN for character in text)
