"""Who drives a runbook, and answers for it: one of the console's own, so that screens may come and go."""

import asyncio
import time
from collections import deque
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from textual.dom import DOMNode
from textual.signal import Signal

from console.cluster.text import clean
from console.ports.error import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.change.action import Value
    from console.change.plan import Plan
    from console.change.runbook import Runbook
    from console.change.runbook.asking import Answer, Asks, Moment, Task
    from console.change.runbook.running import RunbookRun
    from console.session import Session

KEPT = 500
LAST_WORDS_S = 2.0
"""How long the end of a runbook may take to be written when the console is left."""


class Guide:
    """The one runbook that is gone through from here: what it told, what it asks, and the answers."""

    def __init__(self, owner: DOMNode) -> None:
        self.changed: Signal[Guide] = Signal(owner, "guide")
        self.told: deque[tuple[datetime, Moment]] = deque(maxlen=KEPT)
        """Newest first."""
        self.run: RunbookRun | None = None
        self.asks: Asks | None = None
        """What has to be answered before it goes on."""
        self.task: Task | None = None
        """The stage that was reached last."""
        self.plan: Plan | None = None
        """What that stage carries out, or asks about."""
        self.ending: Literal["", "stop", "unwind"] = ""
        """What somebody wants it to do, whatever it asks."""
        self.problem = ""
        """Why it cannot go on at all: the journal cannot be written."""
        self._owner = owner
        self._over = asyncio.Event()
        self._over.set()
        self._answer: asyncio.Future[Answer] | None = None
        self._began_s: dict[str, float] = {}
        self._took_s: dict[str, float] = {}

    @property
    def going(self) -> bool:
        """A runbook is on its way: it runs, is paused, or waits for an answer."""
        return not self._over.is_set()

    @property
    def run_asks(self) -> bool:
        """The change of this stage has a question of its own."""
        event = self.told[0][1].event if self.told else None
        return event is not None and bool(event.choices)

    @property
    def title(self) -> str:
        """What the runbook is called; empty before there was one."""
        return self.run.progress.runbook.table.title if self.run is not None else ""

    def over(self, task: "Task") -> bool:
        """The stage has come to its end, or another one was reached since."""
        here = self.task is not None and task.key == self.task.key
        return not here or (self.run is not None and self.run.progress.passed(task.key))

    def spent_s(self, key: str) -> float | None:
        """How long a stage took, or has taken so far; None for one that was not reached from here."""
        if key in self._took_s:
            return self._took_s[key]
        return time.monotonic() - self._began_s[key] if key in self._began_s else None

    async def begin(self, session: "Session", runbook: "Runbook", values: "Mapping[str, Value]", reason: str) -> None:
        """Begin a runbook. Raises JournalError or PlanError."""
        from console.change.runbook.running import RunbookRun

        self.drive(await RunbookRun.begin(session, self, runbook, values, reason))

    async def resume(self, session: "Session", id: str) -> None:
        """Go on with one that has not finished. Raises JournalError or PlanError."""
        from console.change.runbook.running import RunbookRun

        self.drive(await RunbookRun.resume(session, self, id))

    def drive(self, run: "RunbookRun") -> None:
        """Let it go on until it ends, whatever is on screen."""
        self.run, self.asks, self.task, self.plan, self.problem = run, None, None, None, ""
        self.ending = ""
        for kept in (self.told, self._began_s, self._took_s):
            kept.clear()
        self._over.clear()
        self._owner.run_worker(self._drive(run), name="runbook")

    async def answer(self, asks: "Asks") -> "Answer":
        """What somebody says on screen to what the runbook asks."""
        from console.change.runbook.asking import Answer

        if self.ending in asks.ways:
            return Answer(way=self.ending)
        self.asks, self._answer = asks, asyncio.get_running_loop().create_future()
        self.changed.publish(self)
        try:
            return await self._answer
        finally:
            self.asks = self._answer = None

    def reply(self, asks: "Asks | None", answer: "Answer") -> None:
        """Answer what was asked; too late for it, it is no answer to anything else."""
        if asks is not None and asks is self.asks and self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def end(self, way: "Literal['stop', 'unwind']", why: str) -> None:
        """Let the change that is going on come to its end, and begin no other stage; or undo what was done, too."""
        from console.change.runbook.asking import Answer

        if self.run is None:
            return
        self.ending = way
        (self.run.stop if way == "stop" else self.run.unwind)(why)
        self.reply(self.asks, Answer(way=way))
        self.changed.publish(self)

    async def ended(self) -> None:
        """Wait until its end is written, for a little while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._over.wait()

    async def _drive(self, run: "RunbookRun") -> None:
        try:
            async with aclosing(run.go()) as moments:
                async for moment in moments:
                    self._note(moment)
        except OperatorError as error:
            self.problem = str(error)
        except Exception as crash:  # noqa: BLE001 - a bug must end as a word that the operator sees, not as silence
            self.problem = clean(f"stopped by an internal error: {type(crash).__name__}: {crash}", limit=400)
        finally:
            self._over.set()
        self.changed.publish(self)

    def _note(self, moment: "Moment") -> None:
        self.told.appendleft((datetime.now(UTC), moment))
        if moment.task is not None:
            self._reach(moment.task, anew=moment.kind == "stage")
            if moment.kind in ("done", "skipped", "left out"):
                self._took_s[moment.task.key] = self.spent_s(moment.task.key) or 0.0
        if moment.kind == "plan":
            self.plan = moment.plan
        self.changed.publish(self)

    def _reach(self, task: "Task", anew: bool) -> None:
        if anew or self.task is None or task.key != self.task.key:
            self.task, self.plan = task, None
            self._began_s.setdefault(task.key, time.monotonic())
            self._took_s.pop(task.key, None)
