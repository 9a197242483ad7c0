"""haproxy.cfg, only read: what the Runtime API does not tell of a backend."""

import asyncio
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from console.ports.protocols import ShellError

from .runtime import Runtime

TEMPLATE_LIMIT = 10_000
FILE_LIMIT_BYTES = 4 * 1024 * 1024
SECTIONS = frozenset(
    {"global", "defaults", "frontend", "backend", "listen", "resolvers", "peers", "userlist", "cache", "program"}
    | {"ring", "mailers", "http-errors", "fcgi-app", "log-forward", "log-profile", "crt-store", "traces"}
)
BODY_MATCHES = frozenset({"string", "rstring", "string-lf"})
NOT_RULES = frozenset({"disable-on-404", "send-state"})
"""Of `http-check`: these alone leave the rules of the defaults in force."""
OPTIONS_WITH_VALUE = frozenset(
    {"min-recv", "comment", "ok-status", "error-status", "tout-status", "on-success", "on-error", "status-code"}
)


@dataclass(frozen=True, slots=True)
class BackendFacts:
    """What a backend's section says."""

    check_reads_body: bool | None = None
    sticks: bool = False
    """Clients are pinned by a stick table."""
    consistent: bool = False
    """Where it balances by a hash, the hash is consistent."""
    default_server: tuple[str, ...] = ()
    """The words that every server line begins with, as it were."""
    servers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The words after the address, by server."""

    def written_weight(self, server: str) -> int | None:
        """The weight that a server of the section begins with; None when it has no line there."""
        if server not in self.servers:
            return None
        words = ("weight", "1", *self.default_server, *self.servers[server])
        *_, weight = (value for word, value in pairwise(words) if word == "weight")
        return int(weight) if weight.isdecimal() else None


@dataclass(slots=True)
class _Section:
    check: str | None = None
    """`http`, `other`, or None: connects only."""
    expects_body: bool | None = None
    """None: no rules of its own."""
    sticks: bool = False
    consistent: bool | None = None
    default_server: list[str] = field(default_factory=list)
    servers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def facts(self, defaults: "_Section") -> BackendFacts:
        check = self.check or defaults.check
        expects_body = self.expects_body if self.expects_body is not None else defaults.expects_body
        reads = None if check == "other" else check == "http" and bool(expects_body)
        return BackendFacts(
            check_reads_body=reads,
            sticks=self.sticks,
            consistent=bool(self.consistent if self.consistent is not None else defaults.consistent),
            default_server=(*defaults.default_server, *self.default_server),
            servers=self.servers,
        )


async def read_config(path: str, runtime: Runtime, deadline_s: float) -> Mapping[str, BackendFacts] | None:
    """The facts by backend; None where the file cannot be read now, which is no fault of the balancer."""
    try:
        async with asyncio.timeout(deadline_s):
            if runtime.shell:
                done = await runtime.shell.run(["cat", "--", path], timeout_s=deadline_s)
                return parse_config(done.stdout) if done.status == 0 else None
            return parse_config(await asyncio.to_thread(_read, Path(path))) if runtime.local else None
    except (OSError, ShellError, TimeoutError):
        return None


def parse_config(text: str) -> dict[str, BackendFacts]:
    """The facts by backend, the defaults that hold for each included."""
    found: dict[str, BackendFacts] = {}
    named: dict[str, _Section] = {}
    defaults = base = section = _Section()
    backend = ""
    for words in _lines(text):
        if words[0] in SECTIONS:
            section, backend = _Section(), ""
            base = named.get(words[words.index("from") + 1], defaults) if "from" in words[1:-1] else defaults
            if words[0] == "defaults":
                defaults = section
                named[words[1] if len(words) > 1 else ""] = section
            elif words[0] in ("backend", "listen") and len(words) > 1:
                backend = words[1]
        else:
            _directive(section, words)
        if backend:
            found[backend] = section.facts(base)
    return found


def _directive(section: _Section, words: list[str]) -> None:
    match words:
        case ["option", "httpchk", *_]:
            section.check = "http"
        case ["option", kind, *_] if kind.endswith(("check", "chk")):  # of TCP, MySQL, LDAP …
            section.check = "other"
        case ["http-check", "expect", *rest]:
            section.expects_body = bool(section.expects_body) or _match(rest) in BODY_MATCHES
        case ["http-check", rule, *_] if rule not in NOT_RULES:
            section.expects_body = bool(section.expects_body)
        case ["stick", "on" | "match", *_]:
            section.sticks = True
        case ["hash-type", kind, *_]:
            section.consistent = kind == "consistent"
        case ["default-server", *rest]:
            section.default_server += rest
        case ["server", name, _, *rest]:
            section.servers[name] = tuple(rest)
        case ["server-template", prefix, numbers, _, *rest]:
            section.servers |= dict.fromkeys(_template(prefix, numbers), tuple(rest))


def _template(prefix: str, numbers: str) -> list[str]:
    """The names that a template makes of `3` or `1-3`."""
    first, _, last = numbers.rpartition("-")
    if not last.isdecimal() or not (first or "1").isdecimal():
        return []
    return [f"{prefix}{number}" for number in range(int(first or 1), min(int(last), TEMPLATE_LIMIT) + 1)]


def _match(words: list[str]) -> str:
    """The kind of match after the options of an `http-check expect`."""
    rest = iter(words)
    for word in rest:
        if word in OPTIONS_WITH_VALUE:
            next(rest, None)
        elif word != "!":
            return word
    return ""


def _lines(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:  # a quote that HAProxy reads otherwise than a shell
            words = line.split()
        if words:
            yield words


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(FILE_LIMIT_BYTES).decode("utf-8", "replace")
