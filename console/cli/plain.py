"""Plain mode: a prompt, and lines of words. For screen readers, serial consoles and scripts."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import FrameType

import click

from console.change.run import Run
from console.cli import words as spoken
from console.cli.beside import Beside
from console.cli.change import numbered
from console.cli.codes import INTERRUPTED, code_of
from console.cli.plain_verbs import Here, completions, event_line, helped, say, understood
from console.cli.root import root
from console.cli.settings import Settings
from console.cluster.changes import changes
from console.cluster.text import clean
from console.ports.clusterfile import ClusterFile
from console.session import Session

NUDGE = signal.SIGURG
"""Only wakes the thread that waits for keys."""
NUDGES_S = (0.05, 0.2, 1.0)
WORSE = (0, 3, 2, 4, INTERRUPTED, 1, 5)
"""Exit codes, the worse the later."""
GOING = {
    "go on": "go on waiting for it",
    "stop": "let the step that is going on come to its end, and begin no other",
    "leave": "return to the prompt; it goes on, and `follow` comes back to it",
}
"""What Ctrl-C offers while a change is running; a step that waits is undone by its own question."""


class Leaves(BaseException):
    """A signal ends the console; the number is its exit code."""


def plain(file: ClusterFile, settings: Settings, *, keep_going: bool = False) -> int:
    """Read lines until they end or somebody quits; without a terminal the worst exit code of all of them."""
    if "FORCE_COLOR" not in os.environ:
        spoken.speak()
    asks = sys.stdin.isatty()
    beside = Beside()
    prompt = Prompt(replace(settings, cluster=None, beside=beside, asks=asks), keep_going)
    try:
        with _signals():
            return prompt.go(file)
    except Leaves as left:
        return int(str(left))
    finally:
        beside.close()


class Prompt:
    """One cluster at a prompt; what it does, verbs of the command line do."""

    def __init__(self, settings: Settings, keep_going: bool) -> None:
        assert settings.beside is not None
        self._settings = settings
        self._beside = settings.beside
        self._keep_going = keep_going
        self._stack = AsyncExitStack()
        self._here: Here | None = None
        self._narrator: asyncio.Task[None] | None = None
        self._typing = ""
        """The prompt that waits now."""
        self._worse = ""

    @property
    def here(self) -> Here:
        """What the verbs stand on, once the session is open."""
        assert self._here is not None
        return self._here

    def go(self, file: ClusterFile) -> int:
        """Open, read, close. Raises ClusterFileError."""
        self._here = self._beside.run(self._open(file))
        self._settings.session = self.here.session
        self._beside.interrupted = self._interrupted
        try:
            if self._settings.asks:
                say(self._greeting())
                self._complete()
            return self._read()
        finally:
            self._stop("the console was left")
            self._beside.stops.clear()
            self._beside.run(self._close())

    async def _open(self, file: ClusterFile) -> Here:
        session = await self._stack.enter_async_context(
            Session.open(file, self._settings.state_dir, read_only=self._settings.read_only)
        )
        await session.look()
        here = Here(session, self._settings.state_dir, self._settings.asks, says_events=self._settings.asks)
        self._narrator = asyncio.create_task(self._narrate(here))
        return here

    async def _close(self) -> None:
        if self._narrator:
            self._narrator.cancel()
        await self._stack.aclose()  # a run that is going on comes to its end first

    async def _narrate(self, here: Here) -> None:
        """One line for each change, as it happens."""
        session = here.session
        before = session.snapshot
        async with aclosing(session.follow()) as pictures:
            async for after in pictures:
                for change in changes(before, after):
                    here.events.append((after.at, change))
                    self._interject(here, event_line(after.at, change))
                before = after
                self._warn(here)

    def _warn(self, here: Here) -> None:
        """Once for each change after which it is worse than before."""
        found = here.session.aftercare()
        worse = found.says if found and found.way_back and found.verdict.value == "worse" else ""
        if worse and worse != self._worse:
            self._interject(here, f"{worse}; `wayback` plans the way back")
        self._worse = worse

    def _interject(self, here: Here, words: str) -> None:
        """A line that nobody asked for; what is being typed is shown again after it."""
        if not here.says_events:
            return
        if self._typing:
            import readline  # a prompt waits, so it is there

            click.echo(f"\n{clean(words, limit=1000)}\n{self._typing}{readline.get_line_buffer()}", nl=False)
        else:
            click.echo(clean(words, limit=1000))

    def _read(self) -> int:
        worst = 0
        while (line := self._line()) is not None:
            code = code_of(partial(self._done, line))
            if code < 0:
                break
            worst = max(worst, code, key=WORSE.index) if code in WORSE else worst or code
            if code and not self._settings.asks and not self._keep_going:
                break
        return 0 if self._settings.asks else worst

    def _line(self) -> str | None:
        """What was typed; None at the end."""
        if not self._settings.asks:
            return sys.stdin.readline() or None
        while True:
            try:
                self._typing = f"{self.here.session.cluster}> "
                return input(self._typing)
            except KeyboardInterrupt:
                click.echo()
            except EOFError:
                click.echo()
                return "quit"
            finally:
                self._typing = ""

    def _done(self, line: str) -> int:
        """The exit code of one line; below 0: it was the last. Raises what verbs raise."""
        act, words = understood(self.here, line)
        if act is not None:
            with click.Context(root, obj=self._settings).scope():
                came = act(self.here, words)
            if not isinstance(came, list):
                return came if isinstance(came, int) else 0
            words = came
        if not words:
            return 0
        if words == ["help"]:
            say(helped(self.here))
            return 0
        if words == ["quit"]:
            return -1 if self._may_leave() else 0
        code = root.main(words, obj=replace(self._settings), standalone_mode=False, prog_name="watchkeeper")
        return int(code or 0)

    @property
    def _going(self) -> Run | None:
        run = self.here.session.run
        return run if run is not None and run.outcome is None else None

    def _interrupted(self) -> None:
        """Ctrl-C while a change is running: what is meant is asked, and a second one is no answer."""
        if not self._settings.asks:
            self._beside.stops[-1]("SIGINT")
            return
        run = self._going
        ways = GOING if run and run.stop == self._beside.stops[-1] else {w: GOING[w] for w in ("go on", "stop")}
        way = "go on"
        with suppress(click.Abort, KeyboardInterrupt):
            way = numbered("it is running", ways, "go on")
        if way == "stop":
            self._beside.stops[-1]("SIGINT")
        if way == "leave":
            self._beside.give_up()

    def _may_leave(self) -> bool:
        run = self._going
        if run is None or not self._settings.asks:
            return True
        return click.confirm(
            f"{run.plan.title} is running. Let its step come to its end, and leave", default=False, err=True
        )

    def _stop(self, why: str) -> None:
        if run := self._going:
            run.stop(why)

    def _greeting(self) -> Iterator[str]:
        session = self.here.session
        snapshot = session.snapshot
        kind = f" ({session.environment})" if session.environment else ""
        yield f"{session.cluster}{kind} at {snapshot.at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"tolerates the loss of: {snapshot.tolerates.says}"
        yield f"findings: {len(snapshot.findings)}"
        if session.read_only:
            yield f"read-only: {session.journal_problem}"
        else:
            yield from (f"unfinished: {one.says}; `unfinished` lists them" for one in session.unfinished())
        yield "help lists every command, quit ends"

    def _complete(self) -> None:
        """Tab completes, arrows recall: by the standard library, in this process only."""
        with suppress(ImportError):
            import readline

            def complete(text: str, state: int) -> str | None:
                begun = readline.get_line_buffer()[: readline.get_endidx()]
                skip = len(begun) - len(text)
                found = [one[skip:] for one in completions(self.here) if one.startswith(begun)]
                return found[state] if state < len(found) else None

            readline.set_completer(complete)
            readline.set_completer_delims(" ")
            readline.parse_and_bind("tab: complete")


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the console as quitting does."""

    def leave(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise Leaves(128 + number)

    handlers = {signal.SIGTERM: leave, signal.SIGHUP: leave, NUDGE: lambda *_: None}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    main = threading.get_ident()
    threading.Thread(target=_nudge, args=(heard, main), name="signals", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        os.close(told)
        for number, handler in before.items():
            signal.signal(number, handler)


def _nudge(heard: int, main: int) -> None:
    """A signal that comes after the prompt was written and before keys are waited for would lie there until a key."""
    while number := os.read(heard, 1):
        for wait_s in () if number[0] == NUDGE else NUDGES_S:
            time.sleep(wait_s)
            with suppress(ProcessLookupError):
                signal.pthread_kill(main, NUDGE)
    os.close(heard)
