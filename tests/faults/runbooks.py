"""kill -9 of every bundled runbook at every boundary of its stages and in the middle of each, on the lab under traffic.

After each kill it is gone on with. In the end the cluster must be as was foreseen before the first stage, the journal
whole and nothing unfinished, with no acknowledged write lost and, but for a lost majority, no request failed.

    python -m tests.faults.runbooks --seed 7 [NAME …]
"""

import argparse
import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from console import lab
from console.change.action import Value
from console.change.foreseen import foreseen
from console.change.journal import FILE, verify
from console.change.runbook.dry import DryStage, dry_run
from console.change.runbook.keys import place
from console.change.runbook.shelf import BUNDLED, runbook_named, runbook_paths
from console.cluster.snapshot import Snapshot
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from tests.faults.runbook_victim import LINGERS_S, SAID, RunbookVictim
from tests.faults.state import state_of

LAB = "lab"
WITHIN_S = 0.8
"""The longest after its beginning that a stage is killed in its middle."""
READY_WITHIN_S = 60.0
UNPROMISED = ("recover-majority", "balancer-reload")
"""Requests may fail: the one begins without a Primary, in the other a balancer is killed by hand."""


class RunbookKillError(Exception):
    """What did not hold."""


@dataclass
class Killed:
    """One runbook's kills, and what was found."""

    name: str
    boundaries: set[str] = field(default_factory=set)
    middles: set[str] = field(default_factory=set)
    resumed: int = 0
    took_s: float = 0.0
    traffic: Mapping[str, object] = field(default_factory=dict)

    @property
    def says(self) -> str:
        """One line for a person."""
        kills = f"{len(self.boundaries)} kills at boundaries, {len(self.middles)} in the middle"
        met = ", ".join(f"{self.traffic[name]} {name}" for name in ("requests", "failed", "acknowledged", "lost"))
        return f"{self.name:<18}{kills}, {self.took_s:.0f} s; {met}"


class RunbookKill:
    """One runbook on a lab of its own."""

    def __init__(self, name: str, state_dir: Path, chance: random.Random) -> None:
        self._runbook = runbook_named(name, BUNDLED)
        self._state_dir = state_dir
        self._chance = chance
        self._told = Killed(name)
        self._run = ""

    async def carry_out(self) -> Killed:
        """Raises RunbookKillError."""
        status = lab.up(LAB, self._state_dir, lambda words: None)
        try:
            return await self._on(Path(status.cluster_file))
        finally:
            lab.down(LAB, self._state_dir)

    async def _on(self, cluster_file: Path) -> Killed:
        began_s = time.monotonic()
        file = ClusterFile.read(cluster_file, Plugins((bundled("plugins"),)))
        nodes = [node.name for node in file.table.nodes]
        async with Session.open(file, self._state_dir / "observer", read_only=True) as observer:
            for node in self._runbook.table.rehearsal.breaks:
                lab.kill(LAB, self._state_dir, node)
            snapshot, values, stages = await self._ready(observer, nodes)
            plans = [stage.plan for stage in stages if stage.plan]
            expected = state_of(reduce(foreseen, plans, snapshot), cluster_file.parent)
            while not await asyncio.to_thread(self._once, cluster_file, values):
                self._told.resumed += 1
            found = state_of(await observer.look(*nodes), cluster_file.parent)
        if differs := expected.changes(found):
            words = [f"{what}: {expected.things.get(what)}, is {found.things.get(what)}" for what in differs]
            raise RunbookKillError(f"{self._told.name} ended otherwise than foreseen: {'; '.join(words)}")
        self._told.took_s = time.monotonic() - began_s
        self._told.traffic = lab.traffic_report(LAB, self._state_dir)
        self._whole(stages)
        return self._told

    async def _ready(
        self, observer: Session, nodes: Sequence[str]
    ) -> tuple[Snapshot, Mapping[str, Value], tuple[DryStage, ...]]:
        """The lab once the runbook could go to its end on it: as it was broken, and seen in time."""
        ends_s = time.monotonic() + READY_WITHIN_S
        while True:
            snapshot = await observer.look(*nodes)
            values = self._runbook.rehearsed({}, snapshot)
            stages = dry_run(self._runbook, values, snapshot, observer.plan_in)
            refused = [stage.says for stage in stages if stage.word == "refused"]
            if not refused:
                return snapshot, values, stages
            if time.monotonic() > ends_s:
                raise RunbookKillError(f"{self._told.name} would be refused before any kill: {refused}")
            await asyncio.sleep(0.5)

    def _once(self, cluster_file: Path, values: Mapping[str, Value]) -> bool:
        """Gone on with until the next kill, or to its end. Raises RunbookKillError."""
        victim = RunbookVictim(cluster_file, self._state_dir / "victims", self._told.name, values, self._run)
        for moment in victim.moments():
            kind, key = str(moment["kind"]), str(moment["key"])
            self._run = str(moment.get("run") or self._run)
            if kind == SAID:
                victim.kill()
                raise RunbookKillError(f"{self._told.name}, stage {key}: {moment['says']}")
            if kind == "finished":
                victim.process.communicate()
                return True
            if self._strikes(kind, key, str(moment["event"])):
                victim.kill()
                return False
        raise RunbookKillError(f"{self._told.name} ended without a word")

    def _strikes(self, kind: str, key: str, event: str) -> bool:
        """Whether it is killed at this moment: once when a stage is reached, and once in the middle of it."""
        told, found = self._told, place(self._runbook, key)
        if kind == "stage" and key not in told.boundaries:
            told.boundaries.add(key)
            return True
        acts = bool(found and found.stage.action)
        middle = (kind == "event" and event == "doing") if acts else kind == "stage"
        if key in told.middles or not (middle or kind == "done"):
            return False
        told.middles.add(key)
        if middle:
            time.sleep(self._chance.uniform(0.0, WITHIN_S) if acts else self._chance.uniform(1.0, 1.5) * LINGERS_S)
        return True

    def _whole(self, stages: Sequence[DryStage]) -> None:
        """Raises RunbookKillError."""
        told = self._told
        keys = {stage.key for stage in stages}
        if missed := keys - told.boundaries or keys - told.middles:
            raise RunbookKillError(f"{told.name} was not killed at {', '.join(sorted(missed))}")
        if not (verdict := verify(self._state_dir / "victims" / FILE)).ok:
            raise RunbookKillError(f"{told.name}: the journal is broken: {verdict.problems}")
        if told.traffic["lost"] or (told.traffic["failed"] and told.name not in UNPROMISED):
            raise RunbookKillError(f"{told.name}: {told.traffic}")


def main() -> None:
    """Each on a lab of its own, a line of numbers each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(runbook_paths(BUNDLED)))
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    chance = random.Random(asked.seed)
    for name in asked.names:
        state_dir = Path(tempfile.mkdtemp(prefix="wk-book-", dir="/tmp"))
        try:
            print(asyncio.run(RunbookKill(name, state_dir, chance).carry_out()).says, flush=True)
        finally:
            shutil.rmtree(state_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
