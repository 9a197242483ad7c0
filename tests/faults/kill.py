"""kill -9 of `watchkeeper run` at random moments, over the actions, on the lab; then the next start.

Of each kill: whatever reached the cluster has its intent in the journal, a run that began and did not end is found at
the next start, and resume or undo leads to a clean cluster. One table of numbers at the end.

    python -m tests.faults.kill --runs 300 --seconds 7200 --seed 7
"""

import argparse
import asyncio
import collections
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from console import lab
from console.change.journal import FILE, Journal, Record, verify
from console.cluster.snapshot import Severity
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from tests.faults.killed_actions import ACTIONS, Asked, Case
from tests.faults.killed_round import KillError, Measured, Round
from tests.faults.state import State, state_of
from tests.faults.victim import Victim

FROZEN_S = 35.0
"""The one that stepped down is frozen for 30 s: a third one right after would find nobody who may be elected."""
SETTLES_WITHIN_S = 20.0
"""A member or a service that was just put back is seen to be so within this."""


class KillTest:
    """A lab, an observer with a session of its own, and the numbers."""

    def __init__(self, cluster_file: Path, state_dir: Path, observer: Session, seed: int) -> None:
        self.cluster_file = cluster_file
        self.state_dir = state_dir
        self.observer = observer
        self.seed = seed
        self.chance = random.Random(seed)
        self.file = observer.file
        self.numbers: collections.Counter[str] = collections.Counter()
        self.kills: collections.Counter[str] = collections.Counter()
        self.measured: dict[str, Measured] = {}
        self._handed_over_s = float("-inf")
        self._nodes = [node.name for node in observer.file.table.nodes]

    async def carry_out(self, runs: int, seconds: float, cases: Sequence[Case]) -> None:
        """So many kills, or as many as fit into the time. Raises KillError."""
        ends_s = time.monotonic() + seconds
        await self.observer.look(*self._nodes)
        while self.kills.total() < runs and time.monotonic() < ends_s:
            possible = [found for case in cases if (found := self._possible(case))]
            if not possible:
                await asyncio.sleep(1)
                await self.observer.look(*self._nodes)
                continue
            # The least killed first, so that every action gets its share whatever the others leave behind.
            case, asked, words = min(possible, key=lambda one: (self.kills[one[0].name], self.chance.random()))
            if case.hands_over:
                self._handed_over_s = time.monotonic()
            if case.name not in self.measured:
                await self._measure(case, asked, words)
                await self.observer.look(*self._nodes)
                continue
            await Round(self, self.kills.total() + 1, case, asked, words).carry_out()
            self.kills[case.name] += 1
            print(".", end="", flush=True)
        if not (verdict := verify(self.state_dir / FILE)).ok:
            raise KillError(f"the journal is broken: {verdict.problems}")
        self.numbers["records in the journal, unbroken"] = verdict.records

    def victim(self, case: Case, asked: Asked, words: str | None) -> Victim:
        """The action in a process of its own."""
        target, parameters = asked
        options = [word for name, value in parameters.items() for word in (f"--{name}", value)]
        confirming = ["--confirm", words] if words else ["--yes"]
        return Victim(self.cluster_file, self.state_dir, (case.action, target, *options, *confirming, "--again"))

    def records(self) -> list[Record]:
        """Those of the victims."""
        if not (self.state_dir / FILE).exists():
            return []
        journal = Journal.open(self.state_dir, self.file.table.name, read_only=True)
        try:
            return list(journal.records())
        finally:
            journal.close()

    @property
    def seen(self) -> State:
        """What is compared, as it was looked at last."""
        return state_of(self.observer.snapshot, self.cluster_file.parent)

    async def state(self, node: str) -> State:
        """The same on a fresh look; other nodes' services and sizes as they were read in the last half minute."""
        await self.observer.look(node)
        return self.seen

    async def settled(self, node: str, is_so: Callable[[State], bool]) -> State:
        """The same once it is so, or has not been for a while."""
        ends_s = time.monotonic() + SETTLES_WITHIN_S
        while True:
            now = await self.state(node)
            if is_so(now) or time.monotonic() > ends_s:
                return now
            await asyncio.sleep(0.3)

    def _possible(self, case: Case) -> tuple[Case, Asked, str | None] | None:
        """The case, what it is asked for, and the words to confirm; None when it would be refused now."""
        if case.hands_over and time.monotonic() - self._handed_over_s < FROZEN_S:
            return None
        snapshot = self.observer.snapshot
        asked = case.ask(snapshot, self.chance)
        if asked is None or any(f.severity is Severity.CRITICAL for f in snapshot.findings):
            return None
        plan = self.observer.plan(case.action, *asked)
        return None if plan.refusals or not plan.steps else (case, asked, plan.confirm_words)

    async def _measure(self, case: Case, asked: Asked, words: str | None) -> None:
        victim = self.victim(case, asked, words)
        first_word_s = await asyncio.to_thread(victim.first_word_s)
        told = await asyncio.to_thread(victim.events)
        if told[-1]["kind"] == "refused":
            self.numbers["refused without a kill, and asked again"] += 1
            return
        if told[-1]["kind"] != "done":
            raise KillError(f"{case.name} {asked} is not done even without a kill: {told[-1]['says']}")
        self.measured[case.name] = Measured(first_word_s, time.monotonic() - victim.began_s)


async def kill_test(
    cluster_file: Path, state_dir: Path, runs: int, seconds: float, seed: int, cases: Sequence[Case] = ACTIONS
) -> KillTest:
    """The whole test on a lab that is up. Raises KillError."""
    file = ClusterFile.read(cluster_file, Plugins((bundled("plugins"),)))
    async with Session.open(file, state_dir / "observer", read_only=True) as observer:
        test = KillTest(cluster_file, state_dir / "victims", observer, seed)
        await test.carry_out(runs, seconds, cases)
        return test


def main() -> None:
    """Start a lab, kill, print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=7200.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    state_dir = Path(tempfile.mkdtemp(prefix="wk-kill-", dir="/tmp"))
    try:
        status = lab.up("lab", state_dir, lambda words: None, traffic=False)
        began_s = time.monotonic()
        test = asyncio.run(kill_test(status.cluster_file, state_dir, asked.runs, asked.seconds, asked.seed))
        each = ", ".join(f"{name} {count}" for name, count in sorted(test.kills.items()))
        print(f"\n{test.kills.total()} kills in {time.monotonic() - began_s:.0f} s ({each})")
        for what, count in test.numbers.items():
            print(f"  {count:6}  {what}")
        for what in ("changes without an intent", "unfinished runs that were not found", "clusters left unclean"):
            print(f"       0  {what}")
    finally:
        lab.down("lab", state_dir)
        shutil.rmtree(state_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
