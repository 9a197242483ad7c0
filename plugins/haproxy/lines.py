"""haproxy.cfg, written: the lines of servers as they stand, and the same file with other ones.

A line is its text without indentation and line end, comment included; all else of the file stays as it is, to the byte.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from console.cluster.snapshot import WrittenLine
from console.cluster.text import clean
from console.ports.protocols import LineChange, Refused

from .config import SECTIONS

WORD = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s#"'\\])+""")
CONDITIONS = frozenset({".if", ".elif", ".else", ".endif"})
INDENT = "    "


@dataclass(slots=True)
class Section:
    """One backend: the numbers of its lines in the file."""

    head: int
    servers: dict[str, int] = field(default_factory=dict)
    refuses: str = ""
    """Why none of its lines can be written; empty: they can."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What of one backend's section can be written, and what stands there."""

    refuses: str
    written: tuple[WrittenLine, ...]


def read_lines(text: str) -> dict[str, Lines]:
    """By backend."""
    lines = text.splitlines()
    found = {}
    for backend, section in _sections(lines).items():
        written = tuple(_written(name, lines[number].strip()) for name, number in section.servers.items())
        refuses = section.refuses or next(filter(None, map(_unfit, written)), "")
        found[backend] = Lines(refuses, () if refuses else written)
    return found


def edited(text: str, changes: Sequence[LineChange]) -> str:
    """The file with every change made. Raises Refused where a line reads neither as before nor as after."""
    for change in changes:
        text = _edited(text, change)
    return text


def _edited(text: str, change: LineChange) -> str:
    lines = text.splitlines(keepends=True)
    section = _sections(lines).get(change.backend)
    if section is None:
        raise Refused(f"there is no backend {change.backend} in the configuration")
    if section.refuses:
        raise Refused(section.refuses)
    number = section.servers.get(change.server)
    now = None if number is None else lines[number].strip()
    if now == change.after:
        return text
    if now != change.before:
        raise Refused(
            f"the line of {change.backend}/{change.server} was changed meanwhile: it reads {now or 'nothing'}, "
            f"not {change.before or 'nothing'}"
        )
    if change.after is not None and not _is_line_of(change.after, change.server):
        raise Refused(f"this is not a line for server {change.server}: {clean(change.after)}")
    if number is None:
        _insert(lines, section, change.after or "")
    elif change.after is None:
        del lines[number]
    else:
        lines[number] = lines[number].replace(lines[number].strip(), change.after)
    return "".join(lines)


def _insert(lines: list[str], section: Section, line: str) -> None:
    """Behind the last server, as that is indented; the first one stands at the end of its section."""
    after = max(section.servers.values(), default=None)
    like = lines[section.head if after is None else after]
    indent = INDENT if after is None else like[: len(like) - len(like.lstrip())]
    number = _last_of(lines, section.head) if after is None else after
    newline = "\r\n" if like.endswith("\r\n") else "\n"
    if not lines[number].endswith("\n"):
        lines[number] += newline
    lines.insert(number + 1, f"{indent}{line}{newline}")


def _last_of(lines: Sequence[str], head: int) -> int:
    """The last line of a section that says something."""
    last = head
    for number in range(head + 1, len(lines)):
        words = _words(lines[number])
        if words and words[0] in SECTIONS:
            break
        last = number if words else last
    return last


def _sections(lines: Iterable[str]) -> dict[str, Section]:
    found: dict[str, Section] = {}
    here: Section | None = None
    deep = 0
    for number, line in enumerate(lines):
        match _words(line):
            case [condition, *_] if condition in CONDITIONS:
                deep += {".if": 1, ".endif": -1}.get(condition, 0)
                if here:
                    here.refuses = here.refuses or "what stands between `.if` and `.endif` is written by hand only"
            case ["backend" | "listen", name, *_]:
                refuses = f"backend {name} stands twice in the configuration" if name in found else ""
                here = found[name] = Section(number, refuses=refuses)
                if deep:
                    here.refuses = "what stands between `.if` and `.endif` is written by hand only"
            case [section, *_] if section in SECTIONS:
                here = None
            case ["server", name, _, *_] if here:
                if name in here.servers:
                    here.refuses = f"server {name} stands twice in the configuration"
                here.servers[name] = number
            case ["server-template", *_] if here:
                here.refuses = "the servers of a `server-template` have no lines of their own"
    return found


def _written(server: str, line: str) -> WrittenLine:
    ready = _without(line, "disabled")
    maint = line if "disabled" in _words(line) else _with(line, "disabled")
    return WrittenLine(server=server, line=line, ready=ready, maint=maint, weighed=_weighed(line))


def _unfit(written: WrittenLine) -> str:
    """Why a line cannot be held as it is: it would be cut or spelt out on its way."""
    texts = (written.line, written.ready, written.maint, written.weighed)
    if all(clean(text) == text for text in texts):
        return ""
    return f"the line of server {written.server} is too long, or holds a tab: write it by hand"


def _is_line_of(line: str, server: str) -> bool:
    return line == clean(line) and _words(line)[:2] == ["server", server] and len(_words(line)) > 2


def _spans(line: str) -> Iterator[re.Match[str]]:
    """Every word, up to the comment."""
    at = 0
    while (found := WORD.search(line, at)) and "#" not in line[at : found.start()]:
        yield found
        at = found.end()


def _words(line: str) -> list[str]:
    return [_unquoted(found[0]) for found in _spans(line)]


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word


def _with(line: str, words: str) -> str:
    """Behind the last word, before a comment."""
    end = max(found.end() for found in _spans(line))
    return f"{line[:end]} {words}{line[end:]}"


def _without(line: str, word: str) -> str:
    spans: Mapping[str, re.Match[str]] = {found[0]: found for found in _spans(line)}
    if word not in spans:
        return line
    start, end = spans[word].span()
    return line[:start].rstrip() + line[end:]


def _weighed(line: str) -> str:
    spans = list(_spans(line))
    for word, value in reversed(list(pairwise(spans))):
        if word[0] == "weight":
            return f"{line[: value.start()]}{{weight}}{line[value.end() :]}"
    return _with(line, "weight {weight}")
