"""What one member answers, laid out to be read."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from bson.json_util import RELAXED_JSON_OPTIONS, dumps
from pymongo.errors import PyMongoError

from console.ports.protocols import RawDocument

from .errors import command_problem, connection_problem, is_connection_problem
from .member import Client

PARTS = (
    *("host", "version", "process", "pid", "uptime", "localTime", "asserts", "connections", "electionMetrics"),
    *("flowControl", "mem", "network", "opcounters", "opcountersRepl", "oplogTruncation", "repl", "storageEngine"),
)
"""Of serverStatus, what an operator looks for; the whole has some thousand lines."""
CACHE = (
    *("maximum bytes configured", "bytes currently in the cache", "tracked dirty bytes in the cache"),
    *("pages read into cache", "pages written from cache", "pages evicted by application threads"),
)
COMMANDS: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "replSetGetStatus": lambda answer: answer,
    "replSetGetConfig": lambda answer: answer,
    "serverStatus": lambda answer: _parts(answer),
}
ARBITER = "an arbiter holds no users: only its hello can be had"


async def documents(
    address: str, client: Callable[[bool], Client], user: str, deadline_s: float
) -> tuple[RawDocument, ...]:
    """hello without a login, then the others with the one that only looks, as many as are answered."""
    found, hello = await _asked(client(False), address, {"hello": lambda answer: answer}, "", deadline_s)
    if hello is None:
        return tuple(found)
    if hello.get("arbiterOnly"):
        return (*found, RawDocument(title=f"replSetGetStatus on {address}", problem=ARBITER))
    more, _ = await _asked(client(True), address, COMMANDS, user, deadline_s)
    return (*found, *more)


async def _asked(
    client: Client,
    address: str,
    commands: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]],
    user: str,
    deadline_s: float,
) -> tuple[list[RawDocument], Mapping[str, Any] | None]:
    """The documents, and the last answer; who cannot be reached is not asked again."""
    found: list[RawDocument] = []
    answer: Mapping[str, Any] | None = None
    try:
        for command, part in commands.items():
            title, began_s = f"{command} on {address}", time.monotonic()
            try:
                answer = await client.admin.command(command)
            except (PyMongoError, OSError, TimeoutError, RuntimeError) as error:
                if is_connection_problem(error) or not isinstance(error, PyMongoError):
                    problem = connection_problem(error, deadline_s)[1]
                    return [*found, RawDocument(title=title, problem=problem)], None
                found.append(RawDocument(title=title, problem=command_problem(error, user)))
                continue
            took_ms = 1000 * (time.monotonic() - began_s)
            found.append(RawDocument(title=f"{title}  in {took_ms:.0f} ms", text=_text(part(answer))))
        return found, answer
    finally:
        await client.close()


def _text(answer: Mapping[str, Any]) -> str:
    """Without $clusterTime: its signature is made of a key that the members share."""
    told = {name: value for name, value in answer.items() if name != "$clusterTime"}
    return dumps(told, indent=2, json_options=RELAXED_JSON_OPTIONS)


def _parts(status: Mapping[str, Any]) -> Mapping[str, Any]:
    told = {name: status[name] for name in PARTS if name in status}
    engine = status.get("wiredTiger", {})
    cache = engine.get("cache", {})
    kept = {name: cache[name] for name in CACHE if name in cache}
    tickets = engine.get("concurrentTransactions")
    return told | {"wiredTiger": {"cache": kept, "concurrentTransactions": tickets}} if engine else told
