"""Child process: one application server, with the documented health check, on the replica set."""

import asyncio
import base64
import json
import signal
import sys
from collections.abc import Awaitable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.errors import PyMongoError

from console.lab.files import HEALTH_PATH
from console.lab.http import Message, Server
from console.lab.layout import NODES, Layout
from console.lab.record import load_layout

BASE64_NODE = "app3"  # answers in the base64 form, as some installations do
PING_TIMEOUT_S = 0.8  # below the balancers' check timeout, so that they hear the reason
STOP_PATIENCE_S = 8.0  # above the database client's timeout, so that every request gets its answer
DENIED = {"states": {}, "errors": ["access denied: the token is not HEALTH_CHECK_TOKEN"]}

Document = dict[str, object]
Answer = tuple[int, object]


class Application:
    """Answers requests out of the replica set."""

    def __init__(self, name: str, token: str, workers: int, client: AsyncMongoClient[Document]) -> None:
        self._base64 = name == BASE64_NODE
        self._token = token
        self._workers = workers
        self._free = asyncio.Semaphore(workers)
        self._in_work = 0
        self._admin = client.get_database("admin")
        self._entries = client.get_database("app", write_concern=WriteConcern("majority"))["entries"]

    async def answer(self, request: Message) -> Answer:
        """Answer one request with a status and a JSON value."""
        method, target = request.first[0], urlsplit(request.first[1])
        match method, target.path:
            case (("POST" | "GET"), path) if path == HEALTH_PATH:
                return await self._health(method, target.query, request.body)
            case "GET", "/status":
                return self._status(target.query)
            case "POST", "/write":
                return await self._worked(self._write(request.body))
            case "GET", "/read":
                return await self._worked(self._read())
        return 404, {"error": f"{method} {target.path}: expected {HEALTH_PATH}, /status, POST /write or GET /read"}

    def _status(self, query: str) -> Answer:
        if _token("GET", query, b"") != self._token:
            return 403, DENIED
        return 200, {"workers": self._workers, "in_work": self._in_work}

    async def _worked(self, request: Awaitable[Answer]) -> Answer:
        """Answer a request as soon as a worker is free."""
        async with self._free:
            self._in_work += 1
            try:
                return await request
            finally:
                self._in_work -= 1

    async def _health(self, method: str, query: str, body: bytes) -> Answer:
        if _token(method, query, body) != self._token:
            return 403, DENIED
        health: Document = {"states": {"mongodb": "ok"}, "errors": []}
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                # Any member will do: an election must not take every server out of the pools.
                await self._admin.command("ping", read_preference=ReadPreference.PRIMARY_PREFERRED)
        except (PyMongoError, TimeoutError) as error:
            health = {"states": {"mongodb": "fail"}, "errors": [f"mongodb: {_first_line(error)}"]}
        if self._base64:
            content = base64.b64encode(json.dumps(health, separators=(",", ":")).encode()).decode()
            health = {"format": "base64", "content": content}
        return 200, health

    async def _write(self, body: bytes) -> Answer:
        try:
            entry = str(json.loads(body)["id"])
        except (ValueError, KeyError, TypeError):
            return 400, {"error": 'body: expected {"id": "..."}'}
        try:
            # An upsert, so that a request which a balancer sends twice is written once.
            await self._entries.update_one({"_id": entry}, {"$setOnInsert": {"id": entry}}, upsert=True)
        except PyMongoError as error:
            return 503, {"error": _first_line(error)}
        return 200, {"acknowledged": entry}

    async def _read(self) -> Answer:
        try:
            entry = await self._entries.find_one({}, sort=[("$natural", -1)])
        except PyMongoError as error:
            return 503, {"error": _first_line(error)}
        return 200, {"last": entry and entry["_id"]}


def _token(method: str, query: str, body: bytes) -> str | None:
    if method == "GET":
        return next(iter(parse_qs(query).get("token", [])), None)
    try:
        return str(json.loads(body)["token"])
    except (ValueError, KeyError, TypeError):
        return None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__


async def _serve(layout: Layout, name: str, workers: int) -> None:
    node = next(node for node in NODES if node.name == name)
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        layout.uri(),
        username="app",
        password=layout.secret("app.password"),
        authSource="admin",
        appname=name,
        retryWrites=True,
        heartbeatFrequencyMS=1000,
        connectTimeoutMS=1500,
        serverSelectionTimeoutMS=5000,
        timeoutMS=6000,
        maxPoolSize=20,
    )
    server = Server(name, Application(name, layout.secret("health.token"), workers, client).answer)
    await server.listen(layout.real_address(node), layout.ports.app)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(STOP_PATIENCE_S)
    await client.close()


if __name__ == "__main__":
    asyncio.run(_serve(load_layout(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])))
