"""The text of a file with one server line changed; all else stays as it is, to the byte."""

import re

from console.ports.protocols import Refused

from .upstreams import ServerLine

NAME = re.compile(r"[A-Za-z0-9_.:-]+")
ADDRESS = re.compile(r"[A-Za-z0-9_.-]+:\d{1,5}|\[[0-9A-Fa-f:.]+\]:\d{1,5}|unix:/[A-Za-z0-9_./-]+")
PARAMETER = re.compile(r"[a-z_]+(=[A-Za-z0-9_.-]+)?")
WEIGHT_MOST = 256


def safe_name(name: str) -> str:
    """The name itself. Raises Refused for one that is none."""
    if not NAME.fullmatch(name):
        raise Refused(f"{name!r} is not the name of a server or an upstream: letters, digits, '_', '.', ':' and '-'")
    return name


def statement(address: str, weight: int, options: str) -> str:
    """The line of a server in maintenance. Raises Refused for words that could be more than that."""
    if not ADDRESS.fullmatch(address):
        raise Refused(f"{address!r} is no address for nginx: expected host:port")
    for word in options.split():
        if not PARAMETER.fullmatch(word):
            raise Refused(f"the parameter {word!r} cannot be written into nginx's configuration")
    words = ["server", address, f"weight={safe_weight(weight)}", *options.split(), "down"]
    return f"{' '.join(words)};"


def safe_weight(weight: int) -> int:
    """The weight itself. Raises Refused for one that nginx does not know."""
    if weight == 0:
        raise Refused("nginx has no weight 0: `maint` sends a server no new client")
    if not 0 < weight <= WEIGHT_MOST:
        raise Refused(f"expected a weight from 1 to {WEIGHT_MOST}, got {weight}")
    return weight


def with_down(text: str, line: ServerLine, down: bool) -> str:
    """Taken out of traffic, or put back."""
    if down == line.down:
        return text
    if down:
        return f"{text[: line.end - 1]} down{text[line.end - 1 :]}"
    for word, start, end in reversed(line.words):
        if word == "down":
            text = text[:start].rstrip(" \t") + text[end:]
    return text


def with_weight(text: str, line: ServerLine, weight: int) -> str:
    """At another weight."""
    if weight == line.weight:
        return text
    written = [word for word in line.words if word[0].startswith("weight=")]
    _, start, end = written[-1] if written else ("", line.words[1][2], line.words[1][2])
    return f"{text[:start]}{'' if written else ' '}weight={weight}{text[end:]}"


def without(text: str, line: ServerLine) -> str:
    """Without the server; a line that holds nothing else goes as well."""
    begins = text.rfind("\n", 0, line.start) + 1
    ends = text.find("\n", line.end)
    ends = len(text) if ends < 0 else ends + 1
    if text[begins : line.start].strip() or text[line.end : ends].strip():
        return text[: line.start] + text[line.end :]
    return text[:begins] + text[ends:]


def with_added(text: str, last: ServerLine, added: str) -> str:
    """With one more server behind the last of an upstream."""
    begins = text.rfind("\n", 0, last.start) + 1
    indent = text[begins : last.start]
    if indent.strip():  # several on one line
        return f"{text[: last.end]} {added}{text[last.end :]}"
    ends = text.find("\n", last.end)
    if ends < 0:
        return f"{text}\n{indent}{added}"
    newline = "\r\n" if text[ends - 1] == "\r" else "\n"
    return f"{text[: ends + 1]}{indent}{added}{newline}{text[ends + 1 :]}"
