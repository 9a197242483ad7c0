"""nginx's configuration, read for its upstream blocks: which servers stand in them, and where in which file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

MARK = "# configuration file "
"""Begins the line that `nginx -T` writes before each file."""
INCLUDES_DEEP = 10
PINNING = frozenset({"ip_hash", "hash", "sticky"})
"""Directives that send a client to the same server again."""
DEFAULT_PORT = 80

Word = tuple[str, int, int]
"""A word, and where it begins and ends in its file."""


class ParseError(Exception):
    """Text that is not what nginx writes; the message says where."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A directive, or the end of a block."""

    words: tuple[Word, ...]
    end: int
    """Behind its last character, which `closes` it."""
    closes: str
    """`;`, `{` or `}`."""

    @property
    def name(self) -> str:
        """The directive; empty for the end of a block."""
        return self.words[0][0] if self.words else ""


@dataclass(frozen=True, slots=True)
class ServerLine:
    """One `server` of an upstream."""

    file: str
    words: tuple[Word, ...]
    end: int
    """Behind its semicolon."""

    @property
    def start(self) -> int:
        """Where it begins in its file."""
        return self.words[0][1]

    @property
    def address(self) -> str:
        """host:port; nginx's own port where none is written."""
        written = self.words[1][0]
        if written.startswith("unix:") or written.rpartition(":")[2].isdigit():
            return written
        return f"{written}:{DEFAULT_PORT}"

    @property
    def down(self) -> bool:
        """It takes no traffic."""
        return "down" in self._parameters

    @property
    def backup(self) -> bool:
        """It takes traffic when all others are gone."""
        return "backup" in self._parameters

    @property
    def weight(self) -> int:
        """1 where none is written."""
        return self._number("weight") or 1

    @property
    def limit(self) -> int | None:
        """Most connections at once; None where there is no limit."""
        return self._number("max_conns") or None

    @property
    def options(self) -> str:
        """Its other parameters, as they are written."""
        return " ".join(word for word in self._parameters if word != "down" and not word.startswith("weight="))

    @property
    def _parameters(self) -> list[str]:
        return [word for word, _, _ in self.words[2:]]

    def _number(self, name: str) -> int | None:
        values = [word.partition("=")[2] for word in self._parameters if word.startswith(f"{name}=")]
        return int(values[-1]) if values and values[-1].isdecimal() else None


@dataclass(slots=True)
class Upstream:
    """One block."""

    name: str
    servers: list[ServerLine] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """That its lines stand in."""
    sticky: bool = False


def files_of(dump: str) -> dict[str, str]:
    """The files that `nginx -T` prints, the main one first. Raises ParseError."""
    files: dict[str, str] = {}
    name, lines = "", list[str]()
    for line in dump.split("\n"):
        if line.startswith(MARK) and line.endswith(":"):
            if name:
                files[name] = "\n".join(lines)
            name, lines = line.removeprefix(MARK)[:-1], []
        else:
            lines.append(line)
    if not name:
        raise ParseError("nginx -T printed no configuration file")
    return {**files, name: "\n".join(lines)}


def upstreams_of(files: Mapping[str, str]) -> dict[str, Upstream]:
    """Every upstream block with its servers, what it includes among them. Raises ParseError."""
    folder = PurePosixPath(next(iter(files))).parent
    found: dict[str, Upstream] = {}

    def read(file: str, inside: Upstream | None, deep: int) -> None:
        upstream, level = inside, 0
        for statement in statements(file, files[file]):
            level += {"{": 1, "}": -1}.get(statement.closes, 0)
            if upstream is None:
                if statement.closes == "{" and statement.name == "upstream" and len(statement.words) > 1:
                    name, level = statement.words[1][0], 0
                    upstream = found.setdefault(name, Upstream(name))
                    upstream.files.append(file)
            elif statement.closes == "}" and level < 0:
                upstream = None
            elif statement.name == "include" and deep < INCLUDES_DEEP:
                pattern = str(folder / statement.words[1][0])
                for included in sorted(name for name in files if PurePosixPath(name).match(pattern)):
                    upstream.files.append(included)
                    read(included, upstream, deep + 1)
            else:
                _directive(upstream, file, statement)

    for file in files:
        read(file, None, 0)
    return found


def _directive(upstream: Upstream, file: str, statement: Statement) -> None:
    if statement.name == "server" and statement.closes == ";" and len(statement.words) > 1:
        upstream.servers.append(ServerLine(file, statement.words, statement.end))
    elif statement.name in PINNING:
        upstream.sticky = True


def statements(file: str, text: str) -> Iterator[Statement]:
    """Every directive and every end of a block. Raises ParseError."""
    words: list[Word] = []
    at = 0
    while (at := _next(text, at)) < len(text):
        if text[at] not in ";{}":
            word, end = _word(file, text, at)
            words.append((word, at, end))
            at = end
            continue
        at += 1
        yield Statement(tuple(words), at, text[at - 1])
        if text[at - 1] == "{" and words and words[0][0].endswith("_by_lua_block"):
            at = _balanced(text, at)  # a language of its own, of which only the braces are ours
        words = []


def _next(text: str, at: int) -> int:
    """Where the next word or mark is, past blanks and comments."""
    while at < len(text):
        if text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif not text[at].isspace():
            break
        else:
            at += 1
    return at


def _word(file: str, text: str, at: int) -> tuple[str, int]:
    start, quote = at, text[at] if text[at] in "'\"" else ""
    at += bool(quote)
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif quote and letter == quote:
            return text[start + 1 : at], at + 1
        elif letter == "$" and text[at + 1 : at + 2] == "{":
            at = max(at, text.find("}", at))
        elif not quote and (letter.isspace() or letter in ";{}"):
            return text[start:at], at
        at += 1
    if quote:
        raise ParseError(f"{file}: a quote in line {text.count(chr(10), 0, start) + 1} has no end")
    return text[start:], len(text)


def _balanced(text: str, at: int) -> int:
    """Where the brace is that ends a block which began before."""
    level = 1
    while at < len(text):
        level += {"{": 1, "}": -1}.get(text[at], 0)
        if not level:
            return at
        at += 1
    return at
