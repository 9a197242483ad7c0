"""The connection test: everything that the cluster file names, tried once, row by row, with what mends a failure."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path

from console.ports.connections.balancers import servers_and_balancers
from console.ports.connections.file import Found, named_secrets, resolved, writable
from console.ports.connections.hosts import hosts
from console.ports.connections.replica_set import replica_set
from console.ports.connections.row import Attempts, Row, Verdict, tried
from console.ports.plugins import Plugins

__all__ = ["Row", "Verdict", "connection_test"]


async def connection_test(path: Path, plugins: Plugins, state_dir: Path) -> AsyncGenerator[Row]:
    """Every row as it ends. Nothing is changed by it, and nothing is sent but questions."""
    found = Found(path, plugins)
    yield await tried("cluster file", "valid", found.valid)
    yield await tried("journal", "directory", partial(writable, state_dir))
    if found.file is None:
        return
    missing = 0
    for at, reference in named_secrets(found.file):
        row = await tried(at, "secret", partial(resolved, reference))
        missing += row.verdict is Verdict.FAILED
        yield row
    if missing:
        says = f"not tried while {'a secret is' if missing == 1 else f'{missing} secrets are'} missing"
        yield Row(subject="cluster file", what="connections", verdict=Verdict.SKIPPED, says=says)
        return
    yield await tried("cluster file", "plugins", found.usable)
    if (reach := found.reach) is None:
        return
    try:
        at_once = [*await hosts(reach), *servers_and_balancers(found.file, reach), *replica_set(found.file, reach)]
        async with aclosing(_as_they_end(at_once)) as rows:
            async for row in rows:
                yield row
    finally:
        await reach.close()


async def _as_they_end(attempts: Sequence[Attempts]) -> AsyncGenerator[Row]:
    """The rows of all of them, which are gone through at the same time."""
    news: asyncio.Queue[Row | None] = asyncio.Queue()

    async def go_through(rows: Attempts) -> None:
        try:
            async for row in rows:
                news.put_nowait(row)
        finally:
            news.put_nowait(None)

    tasks = [asyncio.create_task(go_through(rows)) for rows in attempts]
    left = len(tasks)
    try:
        while left:
            row = await news.get()
            if row is not None:
                yield row
            left -= row is None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
