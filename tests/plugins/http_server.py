"""Servers on loopback that answer HTTP as they are told to, well or badly."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return head, await reader.readexactly(int(length[1]) if length else 0)


def answer(
    body: bytes,
    status: str = "200 OK",
    headers: str = "Content-Type: application/json",
    seen: list[bytes] | None = None,
) -> Answer:
    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        if seen is not None:
            seen.extend(request)
        lines = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n\r\n"
        writer.write(lines.encode() + body)
        await writer.drain()

    return send


@asynccontextmanager
async def serving(send: Answer) -> AsyncIterator[int]:
    talks: list[asyncio.Task[None] | None] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            await send(reader, writer)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server, asyncio.timeout(10):
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*filter(None, talks))  # a look that has ended holds no connection
