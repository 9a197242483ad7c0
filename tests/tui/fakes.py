"""A session without a network: a snapshot that the test sets, plans of the real actions, runs that the test tells."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from console.change.action import Value
from console.change.actions import action_named
from console.change.events import Outcome
from console.change.journal import Journal
from console.change.ops import Op, SetAdmin, StepDown
from console.change.plan import Plan
from console.change.reconcile import Sight, look_again
from console.change.run import Confirmation, Run
from console.cluster.fresh import FRESH_S
from console.cluster.history import Sample
from console.cluster.sizing import Sizing
from console.cluster.snapshot import Snapshot
from console.ports.connections import Row
from console.ports.error import OperatorError
from console.ports.logs import LINES, Log
from console.ports.plugins import bundled
from console.ports.raw import Raw
from console.session import Session
from console.tui.app import Console
from console.tui.parts import Words
from console.tui.themes import Shelf

GIB = 2**30


class FakeSession(Session):
    """Looks and plans; what it is asked to start is kept in `started`, and goes on until `end`."""

    def __init__(self, snapshot: Snapshot, journal: Journal | None = None, problem: str = "") -> None:
        self.picture = snapshot
        self.journal = journal
        self.journal_problem = problem
        self.run = None
        self._before = None
        self.samples: tuple[Sample, ...] = ()
        self.told: Raw | None = None
        """Its raw documents."""
        self.written = Log(node="", at=snapshot.at)
        self.logs_read = 0
        self.tries: tuple[Row, ...] = ()
        """The rows of its connection test."""
        self.waits = False
        """That test does not come to its end, and what a vendor is asked for does not come."""
        self.started: list[tuple[Plan, Confirmation]] = []
        self._end: asyncio.Future[tuple[Outcome, str]] | None = None

    @property
    def cluster(self) -> str:
        return self.picture.cluster

    @property
    def environment(self) -> str:
        return self.picture.environment

    @property
    def read_only(self) -> bool:
        return bool(self.journal_problem)

    @property
    def snapshot(self) -> Snapshot:
        return self.picture

    @property
    def history(self) -> tuple[Sample, ...]:
        return self.samples

    @property
    def sizing(self) -> Sizing | None:
        return None

    async def raw(self, node: str, tier: str = "") -> Raw:
        if self.waits:
            await asyncio.Event().wait()
        if self.told is None:
            raise OperatorError(f"there is no '{node}'")
        return self.told

    async def log(self, node: str, lines: int = LINES) -> Log:
        self.logs_read += 1
        if self.waits:
            await asyncio.Event().wait()
        return self.written

    async def connections(self, state_dir: Path) -> AsyncGenerator[Row]:
        for row in self.tries:
            yield row
        if self.waits:
            await asyncio.Event().wait()

    async def look(self, *nodes: str) -> Snapshot:
        return self.picture

    async def follow(self) -> AsyncGenerator[Snapshot]:
        yield self.picture

    def plan(self, action: str, target: str, parameters: Mapping[str, Value] | None = None) -> Plan:
        return self.plan_in(self.picture, action, target, parameters or {})

    def plan_in(self, snapshot: Snapshot, action: str, target: str, parameters: Mapping[str, Value]) -> Plan:
        verb = action_named(action)
        plan = verb.plan(snapshot, target, verb.values(parameters))
        return replace(plan, steps=tuple(replace(step, command=_command(step.op)) for step in plan.steps))

    def interrupted_plan(self, run: str) -> Plan:
        left = next(left for left in self.unfinished() if left.run == run)
        return self.plan(left.action, left.target, {"memory": 8 * GIB} if left.action == "resize" else {})

    async def reconcile(self, run: str) -> tuple[Sight, ...]:
        begun = next(left.begun for left in self.unfinished() if left.run == run)
        return look_again(self.interrupted_plan(run), begun, self.picture, FRESH_S)

    def start(self, plan: Plan, confirmation: Confirmation) -> Run:
        self.started.append((plan, confirmation))
        self._end = asyncio.get_running_loop().create_future()
        end = self._end

        async def until_told(_: Run) -> tuple[Outcome, str]:
            return await end

        self.run = Run(plan, until_told)
        self.run.id = "0123abcd"
        return self.run

    def end(self, outcome: Outcome, says: str) -> None:
        """Let the run end."""
        assert self._end
        self._end.set_result((outcome, says))


def console(snapshot: Snapshot, journal: Journal | None = None, problem: str = "", **options: Any) -> Console:
    """The console on a fake session, which stands in its `session`."""
    return console_on(FakeSession(snapshot, journal, problem), **options)


def console_on(session: FakeSession, folder: Path = Path("/nonexistent"), themes: Path | None = None) -> Console:
    """The console on this session; no clock ticks in it."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Session]:
        yield session

    shelf = Shelf.of([bundled("themes"), *([themes] if themes else [])])
    return Console(session.cluster, opened, folder, shelf, config_dir=folder, live=False)


def never_connected(cluster: str = "nowhere") -> Console:
    """A console whose session is not opened as long as anybody looks."""

    @asynccontextmanager
    async def never() -> AsyncIterator[Session]:
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    nothing = Path("/nonexistent")
    return Console(cluster, never, nothing, Shelf.of([bundled("themes")]), config_dir=nothing, live=False)


def _command(op: Op) -> str:
    if isinstance(op, SetAdmin):
        return "\n".join(f"{p.balancer}: set server {p.backend}/{p.server} state {admin}" for p, admin in op.states)
    if isinstance(op, StepDown):
        return f"{op.address}: replSetStepDown: {op.period_s}, secondaryCatchUpPeriodSecs: {op.catch_up_s}"
    return "(nothing is sent)"


async def connected(pilot: Pilot[int]) -> None:
    """Wait until the console has its session."""
    app = pilot.app
    assert isinstance(app, Console)
    while not (app.feed.connected and app.feed.noting):
        await pilot.pause()
    await pilot.pause()


@asynccontextmanager
async def opened(session: FakeSession, folder: Path = Path("/nonexistent")) -> AsyncIterator[Pilot[int]]:
    """The console on this session, connected, at 120x40."""
    async with console_on(session, folder).run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        yield pilot


def shown(pilot: Pilot[int], id: str) -> str:
    """The words of one part of the screen."""
    return "\n".join(line.plain for line in pilot.app.screen.query_one(f"#{id}", Words)._lines)
