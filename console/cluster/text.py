"""Text that came over the network, made safe to show."""

import dataclasses
import re
from collections.abc import Iterable
from difflib import get_close_matches
from enum import Enum
from typing import Any, TypeVar

LIMIT = 200
"""The most characters of one text that are kept."""

# Letters and marks by category, and yet drawn as nothing: str.isprintable lets them pass.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_BREAKS = str.maketrans(dict.fromkeys("\n\r\t\v\f\x85\u2028\u2029", " "))

T = TypeVar("T")


def clean(text: str, limit: int = LIMIT) -> str:
    """One line of at most `limit` characters in which everything that a terminal would obey or hide is spelt out."""
    # Cut before and after: what is spelt out is longer, and what is very long is not worth spelling out.
    line = text[: limit + 1].translate(_BREAKS)
    if not line.isprintable() or _INVISIBLE.search(line):
        line = "".join(map(_spelt, line))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def meant(word: str, names: Iterable[str]) -> str:
    """`did you mean 'drain'? `, the nearest of these names; empty where none is near."""
    nearest = get_close_matches(word, list(names), n=1)
    return f"did you mean '{nearest[0]}'? " if nearest else ""


def count(number: int, one: str, many: str = "") -> str:
    """`1 member`, `2 members`; `many` where an s is not enough."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def cleaned(value: T) -> T:
    """The same value with every text in it made safe, through dataclasses and tuples."""
    return _cleaned(value)  # type: ignore[no-any-return]


def _cleaned(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(
            value, **{f.name: _cleaned(getattr(value, f.name)) for f in dataclasses.fields(value)}
        )
    return value


def _spelt(character: str) -> str:
    shown = character.isprintable() and not _INVISIBLE.match(character)
    return character if shown else character.encode("unicode_escape").decode()
