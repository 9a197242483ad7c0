"""The connection test: everything that the cluster file names, tried once, row by row, with what mends a failure."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

from console.ports.connections.balancers import servers_and_balancers
from console.ports.connections.file import Found, named_secrets, resolved, writable
from console.ports.connections.hosts import hosts
from console.ports.connections.replica_set import replica_set
from console.ports.connections.row import Row, Trial, Verdict
from console.ports.plugins import Plugins

__all__ = ["Row", "Verdict", "connection_test"]


async def connection_test(path: Path, plugins: Plugins, state_dir: Path) -> AsyncGenerator[Row]:
    """Every row as it begins to be tried, and as it ends.

    Nothing is changed by it, and nothing is sent but questions; to close it ends it, whatever is being waited for.
    """
    news: asyncio.Queue[Row | None] = asyncio.Queue()

    async def go_through() -> None:
        try:
            await _go_through(Trial(news.put_nowait), Found(path, plugins), state_dir)
        finally:
            news.put_nowait(None)

    going = asyncio.create_task(go_through())
    try:
        while (row := await news.get()) is not None:
            yield row
        await going
    finally:
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)


async def _go_through(trial: Trial, found: Found, state_dir: Path) -> None:
    await trial.tried("cluster file", "valid", found.valid)
    await trial.tried("journal", "directory", partial(writable, state_dir))
    if found.file is None:
        return
    missing = 0
    for at, reference in named_secrets(found.file):
        row = await trial.tried(at, "secret", partial(resolved, reference))
        missing += row.verdict is Verdict.FAILED
    if missing:
        says = f"not tried while {'a secret is' if missing == 1 else f'{missing} secrets are'} missing"
        trial.tell(Row(subject="cluster file", what="connections", verdict=Verdict.SKIPPED, says=says))
        return
    await trial.tried("cluster file", "plugins", found.usable)
    if (reach := found.reach) is None:
        return
    try:
        at_once = [
            *await hosts(trial, reach),
            *servers_and_balancers(trial, found.file, reach),
            *replica_set(trial, found.file, reach),
        ]
        async with asyncio.TaskGroup() as group:
            for tries in at_once:
                group.create_task(tries)
    finally:
        await reach.close()
