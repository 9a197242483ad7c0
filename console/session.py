"""The composition root: a session is one cluster as a front end holds it; runs are followed, never owned."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from console.change import holds, interrupted
from console.change.action import Action, Value
from console.change.actions import ACTIONS, action_named
from console.change.aftercare import Aftercare, Before, aftercare
from console.change.course import Course
from console.change.engine import Engine
from console.change.events import Outcome
from console.change.interrupted import Interrupted
from console.change.journal import Copier, CopyState, Journal, JournalError, Unfinished
from console.change.lease import holder_says, settle
from console.change.plan import Check, Plan
from console.change.preflight import common_checks, confirmation_refusal, left_behind, refusals
from console.change.reconcile import Sight
from console.change.run import Confirmation, Run
from console.change.turn import Turn, owner
from console.cluster.finding import in_order
from console.cluster.history import Sample
from console.cluster.merge import Board
from console.cluster.sizing import Sizing
from console.cluster.snapshot import Snapshot
from console.ports import logs, raw
from console.ports.clusterfile import ClusterFile
from console.ports.connections import Row, connection_test
from console.ports.logs import Log
from console.ports.protocols import KeepsLease, LeaseStore, Refused, TellsSizing
from console.ports.raw import Raw
from console.ports.reach import Reach
from console.ports.watch import Watch

Ahead = Callable[[Turn, Run], Awaitable[Course | str]]
"""Which way a run may go, asked when it has the turn; or why none."""


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
        self._copier = Copier(journal, reach.copies) if journal and reach.copies else None
        self._before: tuple[Run, Before] | None = None

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
                async with session._copying():
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
        return self._told(self.watch.snapshot())

    @property
    def history(self) -> tuple[Sample, ...]:
        """A few numbers of each of the last moments, the oldest first; begun with this session."""
        return self.watch.history

    @property
    def copies(self) -> tuple[CopyState, ...]:
        """How far each copy of the journal has come."""
        return tuple(self._copier.states.values()) if self._copier else ()

    async def copy_now(self) -> tuple[CopyState, ...]:
        """Send every copy what it lacks, within its deadline; never raises."""
        return await self._copier.turn_all() if self._copier else ()

    @property
    def sizing(self) -> Sizing | None:
        """What the application's vendor asks for, where its plugin knows."""
        return self.reach.health.sizing() if isinstance(self.reach.health, TellsSizing) else None

    async def look(self, *nodes: str) -> Snapshot:
        """Every source asked anew, within the deadlines; services and sizes of these nodes too."""
        return self._told(await self.watch.look(nodes=nodes))

    async def follow(self) -> AsyncGenerator[Snapshot]:
        """The picture now, then each different one."""
        async with aclosing(self.watch.follow()) as pictures:
            async for snapshot in pictures:
                yield self._told(snapshot)

    async def raw(self, node: str, tier: str = "") -> Raw:
        """What the vendors answer of one node, or one tier of it, as they answer it. Raises OperatorError."""
        return await raw.read(self.reach, self.file.layout, node, tier=tier, hide=self._secrets)

    async def log(self, node: str, lines: int = logs.LINES) -> Log:
        """The last lines of the log of a node's service; what is in the way is said in it."""
        return await logs.read(self.reach, node, lines, hide=self._secrets)

    def connections(self, state_dir: Path) -> AsyncGenerator[Row]:
        """The connection test of the cluster file as it stands now, through connections of its own; to be closed."""
        return connection_test(self.file.path, self.file.plugins, state_dir)

    def plan(self, action: str, target: str, parameters: Mapping[str, Value] | None = None) -> Plan:
        """What an action would do as the cluster stands now; pure and cheap. Raises PlanError."""
        return self.plan_in(self.snapshot, action, target, parameters or {})

    def start(self, plan: Plan, confirmation: Confirmation) -> Run:
        """Carry out a plan. A refusal is an event of the run, never an exception."""
        before = Before(snapshot=self.snapshot, samples=self.history)
        started = self._begin(plan, confirmation, self._ahead)
        self._before = (started, before) if started is self.run else self._before
        return started

    def aftercare(self) -> Aftercare | None:
        """How it has been since the last change, against before, and the way back; None when nothing was changed."""
        run, before = self._before or (None, None)
        if run is None or before is None or run is not self.run or run.ended_s is None:
            return None
        changed = run.outcome is Outcome.DONE and bool(run.plan.steps)
        return aftercare(run.plan, before, self.history, run.ended_s) if changed else None

    def unfinished(self) -> list[Unfinished]:
        """Runs on this cluster that a kill or a power cut ended, or whose result is unknown. Raises JournalError."""
        left = self.journal.unfinished() if self.journal else []
        return [run for run in left if run.cluster == self.cluster and not run.running]

    def interrupted_plan(self, run: str) -> Plan:
        """The very plan that an interrupted run had. Raises PlanError or JournalError."""
        return self._interrupted(run).plan

    async def reconcile(self, run: str) -> tuple[Sight, ...]:
        """What of an interrupted run is so now, on a fresh look; journalled. Raises PlanError or JournalError."""
        return await self._interrupted(run).sights()

    def resume(self, run: str, confirmation: Confirmation) -> Run:
        """Go on with an interrupted run, after the last of its changes that is so. Raises PlanError or JournalError."""
        found = self._interrupted(run)
        return self._begin(found.plan, confirmation, partial(found.on, partial(self._failing, found.plan)), run)

    def undo(self, run: str, confirmation: Confirmation) -> Run:
        """Undo every step of an interrupted run that had begun, in reverse. Raises PlanError or JournalError."""
        found = self._interrupted(run)
        return self._begin(found.plan, confirmation, found.back, run)

    async def close_run(self, run: str, reason: str) -> None:
        """Mark an interrupted run as done with, as the cluster stands. Raises PlanError or JournalError."""
        journal = self._writable()
        left = interrupted.find(journal, self.cluster, run)
        about = {"run": run, "action": left.action, "target": left.target, "plan_hash": left.plan_hash}
        await journal.append("plan.abandoned", **about, reason=reason, detail={"says": "closed as the cluster stands"})
        if self.lease_store:
            await settle(self.lease_store, run, owner())

    @property
    def _secrets(self) -> list[str]:
        """Every secret that a plugin was given."""
        return [secret.reveal() for secret in self.file.secrets]

    def _told(self, snapshot: Snapshot) -> Snapshot:
        """The picture, with what is wrong with the journal's copies among its findings."""
        found = [finding for state in self.copies for finding in state.findings]
        return replace(snapshot, findings=in_order((*snapshot.findings, *found))) if found else snapshot

    @asynccontextmanager
    async def _copying(self) -> AsyncIterator[None]:
        if self._copier:
            self._copier.start()
        try:
            yield
        finally:
            if self._copier:
                await self._copier.close()

    def _begin(self, plan: Plan, confirmation: Confirmation, preflight: Ahead, run: str | None = None) -> Run:
        if self.run is not None and self.run.outcome is None:
            return Run(plan, _refusing(f"another change is running: {self.run.plan.title}"))
        if self.journal is None:
            return Run(plan, _refusing(f"nothing can be changed: {self.journal_problem}"))
        journal, store, action = self.journal, self.lease_store, action_named(plan.action)
        turn = Turn(journal, store, self.file.table.safety, action, confirmation)
        engine = Engine(
            self,
            journal,
            turn,
            partial(preflight, turn),
            partial(holds.conclude, turn),
        )

        async def in_a_hurry(run: Run) -> tuple[Outcome, str]:
            with self.watch.hurry(plan.target):
                outcome, says = await engine.carry_out(run)
            if outcome is Outcome.DONE and plan.action == "ready":
                self.watch.settle(plan.target)  # whoever wants it ready misses no drain
            return outcome, says

        self.run = Run(plan, in_a_hurry, run)
        return self.run

    @property
    def lease_store(self) -> LeaseStore | None:
        """What the replica set keeps for every console, or None where it keeps nothing."""
        replica_set = self.reach.replica_set
        return replica_set.lease if self.file.table.safety.lease and isinstance(replica_set, KeepsLease) else None

    def plan_in(self, snapshot: Snapshot, name: str, target: str, parameters: Mapping[str, Value]) -> Plan:
        """What an action would do in a picture, seen or foreseen. Raises PlanError."""
        action = action_named(name)
        plan = action.plan(snapshot, target, action.values(parameters))
        plan = replace(plan, checks=(*plan.checks, *common_checks(snapshot, plan)))
        try:
            steps = tuple(replace(step, command=step.op.command(self.reach)) for step in plan.steps)
        except Refused as refusal:
            can_be_sent = Check(says="every step can be sent", ok=False, value=str(refusal), limit="yes")
            return replace(plan, checks=(*plan.checks, can_be_sent))
        return replace(plan, steps=steps)

    async def _ahead(self, turn: Turn, run: Run) -> Course | str:
        """The whole of a plan, when every check holds on a fresh look and it is still the same plan."""
        plan = run.plan
        if left := left_behind(turn.journal.unfinished(), self.cluster, plan.target):
            return left
        fresh = self.plan_in(await self._look_for(plan), plan.action, plan.target, plan.parameters)
        if fresh.refusals:
            return refusals(fresh.refusals)
        if refusal := confirmation_refusal(plan, turn):
            return refusal
        if fresh.hash != plan.hash:
            last = f"; last changed: {holder_says(turn.last)}" if turn.last else ""
            return f"the cluster moved since this plan was made: {plan.difference(fresh)}{last}"
        return Course()

    def _failing(self, plan: Plan) -> Sequence[Check]:
        """The checks that do not hold now for going on with a plan; the picture has just been looked at."""
        still = action_named(plan.action).still
        if still is None:
            return self.plan_in(self.snapshot, plan.action, plan.target, plan.parameters).refusals
        return [check for check in still(self.snapshot, plan) if not check.ok and not check.warns]

    async def _look_for(self, plan: Plan) -> Snapshot:
        """A fresh look at everything that a plan may need."""
        return await self.watch.look(background=False, nodes=(plan.target,))

    def _interrupted(self, run: str) -> Interrupted:
        """Raises PlanError or JournalError."""
        journal = self._writable()
        left = interrupted.find(journal, self.cluster, run)
        plan = interrupted.stored_plan(journal, left)
        return Interrupted(left, plan, journal, partial(self._look_for, plan), self.watch.snapshot)

    def _writable(self) -> Journal:
        """Raises JournalError."""
        if self.journal is None:
            raise JournalError(f"nothing can be changed: {self.journal_problem}")
        return self.journal


def _refusing(says: str) -> Callable[[Run], Awaitable[tuple[Outcome, str]]]:
    async def refuse(_: Run) -> tuple[Outcome, str]:
        return Outcome.REFUSED, says

    return refuse
