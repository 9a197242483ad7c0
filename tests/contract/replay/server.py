"""A JSON API on loopback that answers as a vendor documents: its state stands in the handler."""

import asyncio
import base64
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.plugins.http_server import read_request

Handler = Callable[[str, tuple[str, ...], dict[str, str], Any], tuple[int, Any]]
"""Method, path, query and body in; status and body out."""


@asynccontextmanager
async def replaying(handle: Handler, prefix: str, *, user: str = "", password: str = "") -> AsyncIterator[str]:
    """The URL of the API that the handler is."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    talks: list[asyncio.Task[None] | None] = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        talks.append(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head, raw = await read_request(reader)
                method, target, _ = head.decode().split(" ", 2)
                url = urlsplit(target)
                path = tuple(unquote(part) for part in url.path.removeprefix(prefix).strip("/").split("/"))
                query = {key: values[-1] for key, values in parse_qs(url.query).items()}
                if user and f"authorization: {wanted}".lower() not in head.decode().lower():
                    status, body = 401, {"code": 401, "message": "invalid credentials"}
                else:
                    status, body = handle(method, path, query, json.loads(raw) if raw else None)
                text = b"" if body is None else json.dumps(body).encode()
                lines = f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\nContent-Type: application/json\r\n\r\n"
                writer.write(lines.encode() + text)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{prefix}"
    server.close()
    await asyncio.gather(*filter(None, talks))  # who is done with it has let go of its connections
