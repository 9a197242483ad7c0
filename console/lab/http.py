"""As much HTTP/1.1 as the lab needs: a server with keep-alive and a client that keeps cookies."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 503: "Service Unavailable"}


class Message(NamedTuple):
    """A request or an answer: its first line in words, its headers by lower-case name, its body."""

    first: list[str]
    headers: dict[str, str]
    body: bytes


Handler = Callable[[Message], Awaitable[tuple[int, object]]]


async def read_message(reader: asyncio.StreamReader) -> Message:
    """Read one message with a Content-Length.

    Raises:
        asyncio.IncompleteReadError: the connection ended.
        ValueError: it is not HTTP.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:-2]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    first = head[0].split(" ", 2)
    if len(first) < 2:
        raise ValueError(f"expected the first line of an HTTP message, not {head[0]!r}")
    return Message(first, headers, body)


class Server:
    """Serves HTTP/1.1 with JSON answers, and can stop without failing a request."""

    def __init__(self, name: str, handler: Handler) -> None:
        self._name = name
        self._handler = handler
        self._stopping = False
        self._idle: set[asyncio.StreamWriter] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def listen(self, address: str, port: int) -> None:
        """Accept connections.

        Raises:
            OSError: the port is taken.
        """
        self._listener = await asyncio.start_server(self._connection, address, port, backlog=512)

    async def stop(self, patience_s: float) -> None:
        """Refuse new connections, close idle ones, and let requests in progress finish."""
        self._stopping = True
        if self._listener:
            self._listener.close()
        for writer in self._idle:
            writer.close()
        if self._busy:
            await asyncio.wait(self._busy, timeout=patience_s)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        with suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while not self._stopping:
                self._idle.add(writer)
                try:
                    request = await read_message(reader)
                finally:
                    self._idle.discard(writer)
                status, answer = await self._handler(request)
                keep = not self._stopping and request.headers.get("connection", "").lower() != "close"
                writer.write(self._encode(status, answer, keep))
                await writer.drain()
                if not keep:
                    break
        self._busy.discard(task)
        writer.close()

    def _encode(self, status: int, answer: object, keep: bool) -> bytes:
        body = json.dumps(answer, separators=(",", ":")).encode()
        head = (
            f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-Served-By: {self._name}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
        )
        return head.encode() + body


class Client:
    """One user agent: one kept-alive connection, and the cookies that it was given."""

    def __init__(self, address: str, port: int) -> None:
        self._address = address
        self._port = port
        self._cookies: dict[str, str] = {}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: bytes, timeout_s: float) -> Message:
        """Send a request and return its answer.

        Raises:
            OSError, TimeoutError, asyncio.IncompleteReadError, ValueError: there was none.
        """
        try:
            async with asyncio.timeout(timeout_s):
                kept = self._streams is not None
                try:
                    return await self._exchange(method, path, body)
                except (OSError, asyncio.IncompleteReadError):
                    if not kept:
                        raise
                self.close()  # an idle connection that the other side had given up: once more on a new one
                return await self._exchange(method, path, body)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection; the cookies stay."""
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, method: str, path: str, body: bytes) -> Message:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._address, self._port)
        reader, writer = self._streams
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        head = [f"{method} {path} HTTP/1.1", "Host: lab", f"Content-Length: {len(body)}"]
        if cookies:
            head.append(f"Cookie: {cookies}")
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        answer = await read_message(reader)
        if "set-cookie" in answer.headers:
            name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer
