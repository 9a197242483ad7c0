"""An event loop in a thread of its own: what it does goes on while somebody thinks at a prompt."""

import asyncio
import queue
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import click

T = TypeVar("T")
HEARD_S = 0.2


class Beside:
    """The main thread reads what is typed, asks what is asked, and waits; the loop beside it never does."""

    def __init__(self) -> None:
        self.stops: list[Callable[[str], None]] = []
        """What lets that which is going on come to its end, the innermost last."""
        self.interrupted: Callable[[], None] = self.give_up
        """What Ctrl-C does while something is waited for that can be stopped."""
        self._loop = asyncio.new_event_loop()
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._task: asyncio.Task[Any] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="beside", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, T]) -> None:
        """Something that goes on beside all else."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What comes of it; questions are asked here meanwhile. Raises KeyboardInterrupt when it was given up."""
        context = click.get_current_context(silent=True)

        async def within() -> T:
            self._task = asyncio.current_task()
            if context is None:
                return await work
            with context.scope(cleanup=False):  # verbs find their settings by it, in this thread too
                return await work

        before = signal.signal(signal.SIGINT, lambda *_: self._calls.put(self._heard))
        try:
            done = asyncio.run_coroutine_threadsafe(within(), self._loop)
            done.add_done_callback(lambda _: self._calls.put(None))
            while (call := self._next()) is not None:
                call()
        finally:
            signal.signal(signal.SIGINT, before)
        while not self._calls.empty():
            self._calls.get()  # a Ctrl-C that came too late
        if done.cancelled():
            raise KeyboardInterrupt
        return done.result()

    def _next(self) -> Callable[[], None] | None:
        """What is to be done here next; a signal that came right before it waited is heard a moment later."""
        while True:
            with suppress(queue.Empty):
                return self._calls.get(timeout=HEARD_S)

    def _heard(self) -> None:
        """Ctrl-C."""
        if self.stops:
            with _asking():
                self.interrupted()
        else:
            self.give_up()

    def give_up(self) -> None:
        """Wait no longer; a run goes on by itself."""
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def ask(self, question: Callable[[], T]) -> T:
        """Have the main thread ask it. Raises click.Abort when nobody answers."""
        answered: asyncio.Future[T] = self._loop.create_future()

        def tell(set_it: Callable[[], None]) -> None:
            if not answered.done():
                set_it()

        def call() -> None:
            try:
                with _asking():
                    answer = question()
            except (click.Abort, KeyboardInterrupt, EOFError):
                self._loop.call_soon_threadsafe(tell, lambda: answered.set_exception(click.Abort()))
            except click.ClickException as mistake:
                self._loop.call_soon_threadsafe(tell, lambda problem=mistake: answered.set_exception(problem))
            else:
                self._loop.call_soon_threadsafe(tell, lambda: answered.set_result(answer))

        self._calls.put(call)
        return await answered

    def close(self) -> None:
        """End the loop; what was begun in it must have ended."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def _asking() -> Iterator[None]:
    """Ctrl-C is the answer of somebody who has none."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
