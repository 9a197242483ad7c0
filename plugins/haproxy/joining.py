"""How a server joins a backend while HAProxy runs: whether it may, and with which parameters.

A server that is added at run time takes nothing from `default-server`, and not every parameter of a server line.
"""

import re
from collections.abc import Iterable, Mapping

from console.cluster.snapshot import Backend

from .answers import SERVER, Row
from .config import BackendFacts

CHECK = ("check", "inter", "2s", "fall", "3", "rise", "2")
"""What a server is given where haproxy.cfg does not tell."""
DYNAMIC = frozenset({"roundrobin", "leastconn", "first", "random", "unknown"})
"""Algorithms that take servers and weights at run time; `random` calls itself unknown."""
HASHED = frozenset({"source", "uri", "url_param", "hdr", "rdp-cookie", "hash"})
"""Algorithms that do so only where their hash is consistent."""
OWN = {"id": 1, "weight": 1, "backup": 0, "disabled": 0, "enabled": 0, "cookie": 1}
"""Parameters of one server alone, with the number of their values."""
REFUSED = {"init-addr": 1, "resolvers": 1, "resolve-opts": 1, "resolve-prefer": 1, "resolve-net": 1, "redir": 1}
"""Parameters that HAProxy takes from its configuration only."""

Version = tuple[int, int, int]


def version_of(text: str) -> Version:
    """The numbers of `2.8.25-5cf5d06`; zeros where there are none."""
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(numbers[1]), int(numbers[2]), int(numbers[3] or 0)) if numbers else (0, 0, 0)


def experimental(version: str) -> bool:
    """Adding and deleting servers must be allowed first."""
    return (2, 4, 0) <= version_of(version) < (2, 6, 0)


def takes_cookie(version: str) -> bool:
    """A server that is added may have a cookie: from 3.0, and in the branches that got it later."""
    known = version_of(version)
    return known >= (3, 0, 0) or (2, 8, 10) <= known < (2, 9, 0) or (2, 6, 18) <= known < (2, 7, 0)


def joined(name: str, rows: list[Row], config: Mapping[str, BackendFacts], version: str) -> Backend:
    """How a server joins the backend of that name."""
    there = [row for row in rows if row["pxname"] == name]
    itself = next((row for row in there if row["svname"] == "BACKEND"), {})
    servers = [row for row in there if row["type"] == SERVER]
    names = {row["svname"] for row in servers}
    facts, notes = config.get(name), []
    cookie = bool(itself.get("cookie"))
    like = like_words(servers, facts)
    options = [*_plain(facts.default_server if facts else CHECK), *_plain(like)]
    if facts is None:
        notes.append(f"haproxy.cfg cannot be read: its parameters are {' '.join(CHECK)}.")
    if "check" not in options:
        options = [*CHECK, *options]
        notes.append(f"the servers have no health check, which it is given: {' '.join(CHECK)}.")
    if cookie and not takes_cookie(version):
        notes.append(f"HAProxy {version} takes no cookie for a server that is added, so that it pins no client.")
    with_cookie = ["cookie", "{server}"] if cookie else []
    fixed = _fixed(itself.get("algo", ""), facts)
    return Backend(
        name=name,
        refuses_servers=_too_old(version) or fixed,
        refuses_weights=fixed,
        options=" ".join([*options, *(with_cookie if takes_cookie(version) else [])]),
        line=" ".join(
            ["server {server} {address}", *(_plain(like) if facts else ["check"]), *with_cookie, "weight {weight}"]
        ),
        notes=tuple(notes),
        missing=tuple(server for server in facts.servers if server not in names) if facts else (),
    )


def options_of(row: Row, facts: BackendFacts | None, like: tuple[str, ...], version: str) -> str:
    """The parameters that a server which stands there would be added with again."""
    if facts is None:
        words = list(CHECK) if row["status"].lower() != "no check" else []
    else:
        words = [*_plain(facts.default_server), *_plain(facts.servers.get(row["svname"], like))]
    if row.get("cookie") and takes_cookie(version):
        words += ["cookie", row["cookie"]]
    return " ".join([*words, *(["backup"] if row.get("bck") == "1" else [])])


def like_words(servers: Iterable[Row], facts: BackendFacts | None) -> tuple[str, ...]:
    """The words of the server that a new one is to be like: the first of the configuration that is no backup."""
    written = facts.servers if facts else {}
    like = next((row["svname"] for row in servers if row["svname"] in written and row.get("bck") != "1"), None)
    return written[like] if like else ()


def _plain(words: Iterable[str]) -> list[str]:
    """The words without those that are one server's own, or that only the configuration may say."""
    kept, rest = [], iter(words)
    for word in rest:
        values = OWN.get(word, REFUSED.get(word))
        if values is None:
            kept.append(word)
        elif values:
            next(rest, None)
    return kept


def _too_old(version: str) -> str:
    if version_of(version) < (2, 5, 0):
        return f"HAProxy {version or 'of unknown version'} cannot add servers with health checks: 2.5 and newer can"
    return ""


def _fixed(algorithm: str, facts: BackendFacts | None) -> str:
    if algorithm in DYNAMIC:
        return ""
    if algorithm in HASHED:
        if facts is None:
            return (
                f"whether `balance {algorithm}` is consistent cannot be seen: give the path of haproxy.cfg as `config`"
            )
        return "" if facts.consistent else f"`balance {algorithm}` does only with `hash-type consistent`"
    return f"`balance {algorithm}` does not, as roundrobin, leastconn and random do" if algorithm else "not known"
