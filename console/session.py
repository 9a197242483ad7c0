"""The composition root: a session is one cluster as a front end holds it; runs are followed, never owned."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from console.change.action import Action, Value
from console.change.actions import ACTIONS, action_named
from console.change.aftercare import Aftercare, Before, aftercare
from console.change.engine import Engine
from console.change.events import Outcome
from console.change.journal import Journal, JournalError
from console.change.plan import Check, Plan
from console.change.run import Confirmation, Run
from console.cluster.merge import Board
from console.cluster.sizing import Sizing
from console.cluster.snapshot import Snapshot
from console.ports.clusterfile import ClusterFile
from console.ports.protocols import Refused, TellsSizing
from console.ports.reach import Reach
from console.ports.watch import Watch


class Session:
    """One cluster: looked at, followed, planned for and changed."""

    actions: tuple[Action, ...] = ACTIONS

    def __init__(self, file: ClusterFile, reach: Reach, watch: Watch, journal: Journal | None, problem: str) -> None:
        self.file = file
        self.reach = reach
        self.watch = watch
        self.journal = journal
        self.journal_problem = problem
        """Why nothing can be changed; empty when changes are possible."""
        self.run: Run | None = None
        self._before: Before | None = None

    @staticmethod
    @asynccontextmanager
    async def open(file: ClusterFile, state_dir: Path, *, read_only: bool = False) -> "AsyncIterator[Session]":
        """Begin to watch a cluster. Raises ClusterFileError; an unwritable journal only takes away changes."""
        reach = await asyncio.to_thread(Reach.of, file)
        journal, problem = None, "this session is read-only"
        if not read_only:
            try:
                journal, problem = Journal.open(state_dir, file.table.name), ""
                for secret in file.secrets:
                    journal.redact(secret.reveal())
            except JournalError as error:
                problem = str(error)
        try:
            async with Watch(reach, Board(file.layout), file.table.watch) as watch:
                session = Session(file, reach, watch, journal, problem)
                yield session
                if session.run:
                    await session.run.finished()
        finally:
            await reach.close()
            if journal:
                journal.close()

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.file.table.name

    @property
    def environment(self) -> str:
        """The word for what kind of cluster this is: shown wherever something is confirmed."""
        return self.file.table.environment

    @property
    def read_only(self) -> bool:
        """Nothing can be changed from here; `journal_problem` says why."""
        return self.journal is None

    @property
    def snapshot(self) -> Snapshot:
        """The cluster as it is seen now, ages included; never waits."""
        return self.watch.snapshot()

    @property
    def sizing(self) -> Sizing | None:
        """What the application's vendor asks for, where its plugin knows."""
        return self.reach.health.sizing() if isinstance(self.reach.health, TellsSizing) else None

    async def look(self, *nodes: str) -> Snapshot:
        """Every source asked anew, within the deadlines; services and sizes of these nodes too."""
        return await self.watch.look(nodes=nodes)

    def follow(self) -> AsyncGenerator[Snapshot]:
        """The picture now, then each different one."""
        return self.watch.follow()

    def plan(self, action: str, target: str, parameters: Mapping[str, Value] | None = None) -> Plan:
        """What an action would do as the cluster stands now; pure and cheap. Raises PlanError."""
        return self._plan(self.snapshot, action, target, parameters or {})

    def start(self, plan: Plan, confirmation: Confirmation) -> Run:
        """Carry out a plan. A refusal is an event of the run, never an exception."""
        if self.run is not None and self.run.outcome is None:
            return Run(plan, _refusing(f"another change is running: {self.run.plan.title}"))
        if self.journal is None:
            return Run(plan, _refusing(f"nothing can be changed: {self.journal_problem}"))
        engine = Engine(self, self.journal, self._preflight, confirmation)

        async def in_a_hurry(run: Run) -> tuple[Outcome, str]:
            with self.watch.hurry(plan.target):
                return await engine.carry_out(run)

        self._before = Before(snapshot=self.snapshot, samples=self.watch.history)
        self.run = Run(plan, in_a_hurry)
        return self.run

    def aftercare(self) -> Aftercare | None:
        """How it has been since the last change, against before, and the way back; None when nothing was changed."""
        run, before = self.run, self._before
        if run is None or before is None or run.ended_s is None or run.outcome is not Outcome.DONE:
            return None
        return aftercare(run.plan, before, self.watch.history, run.ended_s) if run.plan.steps else None

    def _plan(self, snapshot: Snapshot, name: str, target: str, parameters: Mapping[str, Value]) -> Plan:
        action = action_named(name)
        plan = action.plan(snapshot, target, action.values(parameters))
        try:
            steps = tuple(replace(step, command=step.op.command(self.reach)) for step in plan.steps)
        except Refused as refusal:
            can_be_sent = Check(says="every step can be sent", ok=False, value=str(refusal), limit="yes")
            return replace(plan, checks=(*plan.checks, can_be_sent))
        return replace(plan, steps=steps)

    async def _preflight(self, plan: Plan, confirmation: Confirmation) -> str | None:
        """Why a confirmed plan must not be carried out now, or None: every check again, on a fresh look."""
        assert self.journal is not None
        if running := [run for run in self.journal.unfinished() if run.running]:
            return f"another change is running: {running[0].says}"
        if confirmation.plan_hash not in (None, plan.hash):
            return f"this is not plan {confirmation.plan_hash}: from the cluster as it stands now it is {plan.hash}"
        if plan.confirm_words is not None and confirmation.words != plan.confirm_words:
            return f"this plan is {plan.impact.grade}: {plan.impact.says}; confirm it by typing {plan.confirm_words}"
        fresh = self._plan(
            await self.watch.look(background=False, nodes=(plan.target,)), plan.action, plan.target, plan.parameters
        )
        if fresh.refusals:
            return "; ".join(f"{c.says}: {c.value}, must be {c.limit}" for c in fresh.refusals)
        if fresh.hash != plan.hash:
            return f"the cluster moved since this plan was made: {plan.difference(fresh)}"
        return None


def _refusing(says: str) -> Callable[[Run], Awaitable[tuple[Outcome, str]]]:
    async def refuse(_: Run) -> tuple[Outcome, str]:
        return Outcome.REFUSED, says

    return refuse
