"""Child process: a small steady load through every front end, and the ledger of what was acknowledged."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from console.lab.http import Client
from console.lab.layout import Layout
from console.lab.ledger import FILE, STATS_FILE, Gaps, Write
from console.lab.record import load_layout, write_private

WRITE_PERIOD_S = 0.2  # of each writer; there is one for every front end, so a gap is seen to 50 ms
READ_PERIOD_S = 0.4
REQUEST_TIMEOUT_S = 10.0
STATS_PERIOD_S = 1.0


class Traffic:
    """Sends the load and keeps count."""

    def __init__(self, ledger: TextIO) -> None:
        self._ledger = ledger
        self._run = f"{os.getpid():x}-{int(time.time()):x}"
        self._acknowledged = 0
        self._sent = 0
        self._requests = 0
        self._failed_by_balancer: dict[str, int] = {}
        self._last_failures: deque[dict[str, object]] = deque(maxlen=20)
        self._gaps = Gaps()

    def stats(self) -> dict[str, object]:
        """Return the counts so far."""
        return {
            "requests": self._requests,
            "failed": sum(self._failed_by_balancer.values()),
            "failed_by_balancer": self._failed_by_balancer,
            "last_failures": list(self._last_failures),
            "acknowledged": self._acknowledged,
            "write_gap_max_s": self._gaps.longest_until_s(time.monotonic()),
            "write_gaps": list(self._gaps.notable),
        }

    async def write(self, balancer: str, client: Client, first_after_s: float) -> None:
        """Write one entry after another, for ever."""
        async for _ in _ticks(WRITE_PERIOD_S, first_after_s):
            self._sent += 1
            entry = f"{self._run}-{self._sent}"
            if await self._request(balancer, client, "POST", "/write", json.dumps({"id": entry}).encode()):
                write = Write(entry, time.monotonic(), time.time())
                self._ledger.write(write.line())
                self._gaps.add(write)
                self._acknowledged += 1

    async def read(self, balancer: str, client: Client, first_after_s: float) -> None:
        """Read one entry after another, for ever."""
        async for _ in _ticks(READ_PERIOD_S, first_after_s):
            await self._request(balancer, client, "GET", "/read", b"")

    async def _request(self, balancer: str, client: Client, method: str, path: str, body: bytes) -> bool:
        self._requests += 1
        try:
            answer = await client.request(method, path, body, REQUEST_TIMEOUT_S)
            if answer.first[1] == "200":
                return True
            says = f"{answer.first[1]} {answer.body.decode(errors='replace')[:160].strip()}"
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            says = f"{type(error).__name__} {error}".strip()
        self._failed_by_balancer[balancer] = self._failed_by_balancer.get(balancer, 0) + 1
        failure = {"at_s": round(time.time(), 3), "balancer": balancer, "says": f"{method} {path}: {says}"}
        self._last_failures.append(failure)
        return False


async def _ticks(period_s: float, first_after_s: float) -> AsyncIterator[None]:
    """Yield steadily; what was missed while a request hung is left out, not made up for."""
    next_s = time.monotonic() + first_after_s
    while True:
        await asyncio.sleep(max(0.0, next_s - time.monotonic()))
        next_s = max(next_s + period_s, time.monotonic())
        yield


async def _run(layout: Layout) -> None:
    run = asyncio.current_task()
    assert run is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, run.cancel)
    fronts = list(layout.fronts())
    with layout.path(FILE).open("a", buffering=1) as ledger:
        traffic = Traffic(ledger)
        async with asyncio.TaskGroup() as tasks:
            for number, (balancer, address, port) in enumerate(fronts):
                write_after_s = WRITE_PERIOD_S * number / len(fronts)
                read_after_s = READ_PERIOD_S * (number + 0.5) / len(fronts)
                tasks.create_task(traffic.write(balancer, Client(address, port), write_after_s))
                tasks.create_task(traffic.read(balancer, Client(address, port), read_after_s))
            async for _ in _ticks(STATS_PERIOD_S, 0.0):
                write_private(layout.path(STATS_FILE), json.dumps(traffic.stats()).encode())


if __name__ == "__main__":
    with suppress(asyncio.CancelledError):
        asyncio.run(_run(load_layout(Path(sys.argv[1]))))
