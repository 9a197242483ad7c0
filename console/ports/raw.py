"""The raw documents of one node: what each vendor answered, bounded, and with every secret hidden."""

import asyncio
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from console.cluster.layout import Layout
from console.cluster.text import meant
from console.ports.error import OperatorError
from console.ports.protocols import RawDocument, TellsRaw
from console.ports.reach import Reach

DEADLINE_S = 10.0
"""The longest that one port may take, whatever its own deadlines are."""
LINES_LIMIT = 5000
CHARACTERS_LIMIT = 256 * 1024
DOCUMENTS_LIMIT = 20
HIDDEN = "***"
_NAMED = re.compile(
    r"""(?im)((?<![\w-])["']?[\w-]*(?:password|passwd|secret|token|authorization|cookie|api[_-]?key)"""
    r"""["']?[ \t]*[:=][ \t]*)"""
    r"""("[^"\n]*"|'[^'\n]*'|[^\s{\[][^\n]*)"""
)
"""A value whose name says that it is one; a name is begun with once, so that no text takes longer than it is long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What was read of one node, and when."""

    node: str
    at: datetime
    took_s: float
    documents: tuple[RawDocument, ...]


async def read(reach: Reach, layout: Layout, node: str, *, tier: str = "", hide: Collection[str] = ()) -> Raw:
    """Everything of one node at once, or of one tier only; what cannot be read says why. Raises OperatorError.

    `hide` are the secrets that the plugins were given: they never stand in what is read.
    """
    ports = list(_ports(reach, layout, node, tier))
    if not ports:
        raise OperatorError(_unknown(layout, node))
    at, began_s = datetime.now(UTC), time.monotonic()
    found = await asyncio.gather(*(_read(what, port, node) for what, port in ports))
    took_s = time.monotonic() - began_s
    documents = tuple(bounded(hidden(one, hide)) for own in found for one in own[:DOCUMENTS_LIMIT])
    return Raw(node=node, at=at, took_s=took_s, documents=documents)


def hidden(document: RawDocument, secrets: Collection[str]) -> RawDocument:
    """The same without any of the secrets, and without a value whose name says that it is one."""
    title, text, problem = (without(secrets, words) for words in (document.title, document.text, document.problem))
    return RawDocument(title=title, text=_NAMED.sub(rf"\1{HIDDEN}", text), problem=problem)


def without(secrets: Collection[str], text: str) -> str:
    """The same with each of the secrets hidden; the longest first, as one may be a part of another."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def bounded(document: RawDocument) -> RawDocument:
    """The same, cut where it is longer than anybody reads; that it was cut is said."""
    lines = document.text[: CHARACTERS_LIMIT + 1].splitlines()
    if len(document.text) <= CHARACTERS_LIMIT and len(lines) <= LINES_LIMIT:
        return document
    kept = "\n".join(lines[:LINES_LIMIT])[:CHARACTERS_LIMIT]
    cut = f"cut after {kept.count(chr(10)) + 1} lines; it has {len(document.text)} characters"
    return replace(document, text=kept, problem="; ".join(filter(None, (document.problem, cut))))


def _ports(reach: Reach, layout: Layout, node: str, tier: str) -> Iterator[tuple[str, object]]:
    """What tells something of a node, by what it is called; None where the cluster file names nobody."""
    line = next((one for one in layout.nodes if one.name == node), None)
    roles = line.roles if line else ()
    if tier == "app" or (not tier and "app" in roles):
        yield "health", reach.health
    if tier in ("", "balancer") and node in reach.balancers:
        yield "balancer", reach.balancers[node]
    if tier == "replica_set" or (not tier and "member" in roles):
        yield "replica set", reach.replica_set
    if tier == "node" or (not tier and line):
        yield "host", reach.facts if node in reach.hosts else None


async def _read(what: str, port: object, node: str) -> tuple[RawDocument, ...]:
    if port is None:
        why = "no way to its shell" if what == "host" else "nothing that reads it"
        return (RawDocument(title=f"{what} of {node}", problem=f"the cluster file gives {why}"),)
    if not isinstance(port, TellsRaw):
        return (RawDocument(title=f"{what} of {node}", problem="its plugin tells no raw documents"),)
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await port.raw(node)
    except TimeoutError:
        why = f"no answer within {DEADLINE_S:g} s"
    except Exception as broken:  # noqa: BLE001 - a plugin may raise anything
        why = f"its plugin failed: {type(broken).__name__}: {broken}"
    return (RawDocument(title=f"{what} of {node}", problem=why),)


def _unknown(layout: Layout, node: str) -> str:
    names = list(dict.fromkeys((*(one.name for one in layout.nodes), *(one.name for one in layout.balancers))))
    return f"there is no '{node}'; {meant(node, names)}there are: {', '.join(names)}"
