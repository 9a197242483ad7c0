"""How the console ends: the terminal is left as it was, and a running change reaches a proven state first."""

import asyncio
import os
import select
import signal
import threading
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.worker import WorkerFailed

from console.cluster.text import clean

if TYPE_CHECKING:
    from console.change.run import Run

GRACE_S = 5.0
"""Beyond the patience of its longest step, a run gets this long to end."""
WATCHDOG_S = 3.0
"""The terminal is restored within this, or the process ends without."""
POLL_S = 2.0
"""A terminal that went away without a SIGHUP is noticed within this."""

Going = Callable[[], "Run | None"]
"""The run that is going on, if any."""


async def end_run(run: "Run", why: str) -> None:
    """Let the current step reach its proof or unwind; bounded by the patience that it may have."""
    run.stop(why)
    patience_s = max((step.patience_s for step in run.plan.steps), default=0.0)
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s + GRACE_S):
            await run.finished()


def crash_line(error: BaseException | None) -> str:
    """What went wrong and where, without the values of anything."""
    while isinstance(error, WorkerFailed):
        error = error.error
    frames = traceback.extract_tb(error.__traceback__) if error else []
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"watchkeeper: internal error{where}: {type(error).__name__}: {clean(str(error))}"


class Endings:
    """SIGTERM, SIGHUP and a terminal that is gone."""

    def __init__(self, app: App[int], going: Going) -> None:
        self._app = app
        self._going = going
        self._ending: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Begin; within the running loop."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._once, self._terminated)
        loop.add_signal_handler(signal.SIGHUP, self._once, self._hung_up)
        self._app.set_interval(POLL_S, self._look_at_terminal)

    def _once(self, ending: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(ending())

    async def _terminated(self) -> None:
        if run := self._going():
            await end_run(run, "SIGTERM")
        watchdog = threading.Timer(WATCHDOG_S, os._exit, (128 + signal.SIGTERM,))
        watchdog.daemon = True
        watchdog.start()
        self._app.exit(128 + signal.SIGTERM, 128 + signal.SIGTERM)

    async def _hung_up(self) -> None:
        self._let_go_of_terminal()
        if run := self._going():
            await end_run(run, "SIGHUP")
        os._exit(128 + signal.SIGHUP)

    def _let_go_of_terminal(self) -> None:
        # What is drawn from now on goes nowhere, and nothing is read: a dead terminal blocks the writer and spins the
        # reader, and with them the run that has to end well.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        silent, _ = os.pipe()  # its other end stays open: a closed one would read as an end without end
        os.dup2(silent, 0)

    def _look_at_terminal(self) -> None:
        poll = select.poll()
        poll.register(0, select.POLLIN)
        if any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0)):
            self._once(self._hung_up)
