"""Which rows a filter shows: a pattern, the rows without it (`!`), or letters in their order (`-f`)."""

import re
from collections.abc import Callable

FUZZY = "-f "


def matches(words: str) -> Callable[[str], bool]:
    """Whether a row's text is shown; capitals count only where some are typed.

    What is no regular expression is looked for as it stands: `problem` says so.
    """
    if words.startswith("!"):
        inner = matches(words[1:].lstrip())
        return lambda text: not inner(text)
    if words.startswith(FUZZY):
        return _pattern(".*?".join(map(re.escape, words[len(FUZZY) :].replace(" ", ""))))
    return _pattern(words if not problem(words) else re.escape(words))


def problem(words: str) -> str:
    """Why a filter is taken as it stands; empty when it is a pattern."""
    body = words.removeprefix("!").lstrip()
    if body.startswith(FUZZY):
        return ""
    try:
        re.compile(body)
    except re.error as error:
        return f"no pattern: {error.msg}"
    return ""


def _pattern(words: str) -> Callable[[str], bool]:
    found = re.compile(words, 0 if words != words.lower() else re.IGNORECASE)
    return lambda text: found.search(text) is not None
