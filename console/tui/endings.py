"""How the console ends: the terminal is left as it was, and a running change reaches a proven state first."""

import asyncio
import os
import select
import signal
import termios
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.worker import WorkerFailed

from console.cluster.text import clean
from console.tui.terminal import give_back, let_go

if TYPE_CHECKING:
    from console.change.run import Run

GRACE_S = 5.0
"""Beyond the patience of its longest step, a run gets this long to end."""
WATCHDOG_S = 3.0
"""What has not left within this, and the time that a run may have, is ended."""

Going = Callable[[], "Run | None"]
"""The run that is going on, if any."""
End = Callable[[str], Awaitable[None]]
"""Lets everything that goes on come to its end; the word is why."""


async def end_run(run: "Run", why: str) -> None:
    """Let the current step reach its proof or unwind; bounded by the patience that it may have."""
    run.stop(why)
    with suppress(TimeoutError):
        async with asyncio.timeout(_patience_s(run)):
            await run.finished()


def _patience_s(run: "Run") -> float:
    return max((step.patience_s for step in run.plan.steps), default=0.0) + GRACE_S


def crash_line(error: BaseException | None) -> str:
    """What went wrong and where, without the values of anything."""
    while isinstance(error, WorkerFailed):
        error = error.error
    frames = traceback.extract_tb(error.__traceback__) if error else []
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"watchkeeper: internal error{where}: {type(error).__name__}: {clean(str(error))}"


class Endings:
    """SIGTERM, SIGHUP and a terminal that is gone: a thread sees them, and ends what an event loop no longer can."""

    def __init__(self, app: App[int], going: Going, end: End) -> None:
        self._app = app
        self._going = going
        self._end_all = end
        self._told, self._tell = os.pipe()
        self._ending: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Begin; within the running loop, while the terminal is still as it was."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Not the loop's own handlers: they wait for the loop, and this one has to be heard while it is held up.
            signal.signal(number, lambda number, _: os.write(self._tell, bytes([number])))
        sees = (asyncio.get_running_loop(), termios.tcgetattr(0))
        threading.Thread(target=self._look_out, args=sees, name="endings", daemon=True).start()

    def _look_out(self, loop: asyncio.AbstractEventLoop, before: list[Any]) -> None:
        """Wait for a reason to leave, have the loop leave, and leave without it when that takes too long."""
        poll = select.poll()
        poll.register(self._told, select.POLLIN)
        poll.register(0, 0)  # that it is gone is told unasked
        leaving, ends_s = 0, 0.0
        while not leaving or time.monotonic() < ends_s:
            for source, _ in poll.poll(max(0.0, ends_s - time.monotonic()) * 1000 if leaving else None):
                number = os.read(self._told, 1)[0] if source == self._told else signal.SIGHUP
                if number == signal.SIGHUP:
                    let_go()
                if not leaving:
                    leaving, ends_s = number, time.monotonic() + self._allowed_s()
                    with suppress(RuntimeError):  # the loop has ended by itself
                        loop.call_soon_threadsafe(self._begin, leaving)
        if leaving == signal.SIGTERM:
            give_back(before)
        os._exit(128 + leaving)

    def _allowed_s(self) -> float:
        run = self._going()
        return WATCHDOG_S + (_patience_s(run) if run else 0.0)

    def _begin(self, number: int) -> None:
        self._ending = asyncio.get_running_loop().create_task(self._end(number))

    async def _end(self, number: int) -> None:
        await self._end_all(signal.Signals(number).name)
        if number == signal.SIGHUP:
            os._exit(128 + number)
        self._app.exit(128 + number, 128 + number)
