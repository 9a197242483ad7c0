"""kill -9 of `watchkeeper run` at random moments, over the actions, on the lab; then the next start.

Of each kill: whatever reached the cluster has its intent in the journal, a run that began and did not end is found at
the next start, and resume or undo leads to a clean cluster. One table of numbers at the end.

    python -m tests.faults.kill --runs 300 --seconds 3600 --seed 7
"""

import argparse
import asyncio
import collections
import random
import shutil
import tempfile
import time
from pathlib import Path

from console import lab
from console.change.events import Outcome
from console.change.journal import FILE, Journal, Record, verify
from console.change.run import Confirmation
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from tests.faults.killed_actions import ACTIONS, Case, State, state_of
from tests.faults.victim import Victim, without_hosts

TRIES = 10


class KillError(Exception):
    """What must never be; the message names the round."""


class Round:
    """One kill, and what came of it."""

    def __init__(self, test: "KillTest", number: int, case: Case, target: str) -> None:
        self.test = test
        self.name = f"round {number} (seed {test.seed}): {case.name} {target}"
        self.case = case
        self.target = target

    async def carry_out(self) -> None:
        """Kill, compare, start again, mend, compare."""
        test = self.test
        before = state_of(await test.observer.look())
        seq = test.last_seq()
        await self._kill()
        await asyncio.sleep(0.3)  # what was sent right before it has its effect
        after = state_of(await test.observer.look())
        records = [record for record in test.records() if record.seq > seq]
        self._has_intents(before, after, records)
        began = any(record.kind == "plan.confirmed" for record in records)
        ended = any(record.kind == "plan.finished" for record in records)
        async with Session.open(test.file, test.state_dir) as session:
            await session.look()
            found = [left.run for left in session.unfinished()]
            if bool(found) != (began and not ended):
                raise KillError(f"{self.name}: begun {began}, ended {ended}, and found as unfinished: {found}")
            test.numbers["found unfinished at the next start"] += bool(found)
            test.numbers["ended before the kill"] += ended
            test.numbers["killed before anything was confirmed"] += not began
            if found:
                await self._mend(session, found[0], before)
            if left := session.unfinished():
                raise KillError(f"{self.name}: still unfinished: {left}")
            test.rest(self.case)

    async def _kill(self) -> None:
        """Half of the kills before its first word, half after; each over the whole time that was measured."""
        test, measured = self.test, self.test.measured[self.case.name]
        words = (*self.case.words(self.target), "--confirm", self.target)
        victim = Victim(test.cluster_file, test.state_dir, words)
        if test.chance.random() < 0.4:
            await asyncio.sleep(test.chance.uniform(0.3, 1.0) * measured.first_word_s)
        else:
            await asyncio.to_thread(victim.first_word_s)
            await asyncio.sleep(test.chance.uniform(0, measured.rest_s))
        victim.kill()

    def _has_intents(self, before: State, after: State, records: list[Record]) -> None:
        """Each thing that changed was named by a command that stood in the journal before it went out."""
        intents = "\n".join(str(r.detail.get("command")) for r in records if r.kind in ("step.intent", "step.undo"))
        changed = [word for what, word in self.case.changes(before, after)]
        self.test.numbers["changes seen in the cluster"] += len(changed)
        for word in changed:
            if word not in intents:
                raise KillError(f"{self.name}: '{word}' was changed without an intent: {intents or 'none'}")

    async def _mend(self, session: Session, run: str, before: State) -> None:
        test = self.test
        way = test.chance.choice(("resume", "undo"))
        outcome, says = await self._tried(session, way, run)
        if outcome is Outcome.REFUSED and "has no undo" in says:
            test.numbers["of these, undo refused: it has none"] += 1
            way = "resume"
            outcome, says = await self._tried(session, way, run)
        if outcome is not Outcome.DONE:
            raise KillError(f"{self.name}: {way} ended as {outcome}: {says}")
        snapshot = await session.look()
        if snapshot.lease:
            raise KillError(f"{self.name}: after {way} the lease is still held: {snapshot.lease}")
        now = state_of(snapshot)
        wanted = self.case.wanted(before, self.target) if way == "resume" else before
        if not self.case.is_as(now, wanted, undone=way == "undo"):
            raise KillError(f"{self.name}: after {way} it is {now}, not {wanted}")
        test.numbers[f"brought to a clean cluster by {way}"] += 1

    async def _tried(self, session: Session, way: str, run: str) -> tuple[Outcome, str]:
        """Until it is not refused for what a machine that is too busy could not look at in time."""
        for _ in range(TRIES):
            mending = getattr(session, way)(run, Confirmation(f"{way} after a kill", words=self.target))
            outcome, says = await mending.finished(), mending.events[-1].says
            if outcome is not Outcome.REFUSED or "has no undo" in says:
                break
            self.test.numbers["refused once more: the machine was too busy"] += 1
            await session.look()
        return outcome, says


class Measured:
    """How long an action takes when nobody kills it."""

    def __init__(self, first_word_s: float, whole_s: float) -> None:
        self.first_word_s = first_word_s
        self.rest_s = whole_s - first_word_s


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
        self._rested: dict[str, float] = {}

    async def carry_out(self, runs: int, seconds: float) -> None:
        """So many kills, or as many as fit into the time. Raises KillError."""
        ends_s = time.monotonic() + seconds
        while self.kills.total() < runs and time.monotonic() < ends_s:
            ready = [case for case in ACTIONS if self._is_ready(case)]
            snapshot = await self.observer.look()
            possible = [(case, target) for case in ready if (target := case.target(snapshot, self.chance))]
            case, target = self.chance.choice(possible)
            if case.name not in self.measured:
                await self._measure(case, target)
                continue
            await Round(self, self.kills.total() + 1, case, target).carry_out()
            self.kills[case.name] += 1
        if not (verdict := verify(self.state_dir / FILE)).ok:
            raise KillError(f"the journal is broken: {verdict.problems}")
        self.numbers["records in the journal, unbroken"] = verdict.records

    def records(self) -> list[Record]:
        """Those of the victims."""
        journal = Journal.open(self.state_dir, self.file.table.name, read_only=True)
        try:
            return list(journal.records())
        finally:
            journal.close()

    def last_seq(self) -> int:
        """Of the newest record; 0 in the beginning."""
        return max((record.seq for record in self.records()), default=0) if (self.state_dir / FILE).exists() else 0

    def rest(self, case: Case) -> None:
        """An action that must not be repeated at once is not."""
        self._rested[case.name] = time.monotonic() + case.rest_s

    def _is_ready(self, case: Case) -> bool:
        return time.monotonic() >= self._rested.get(case.name, 0.0)

    async def _measure(self, case: Case, target: str) -> None:
        victim = Victim(self.cluster_file, self.state_dir, (*case.words(target), "--confirm", target))
        first_word_s = await asyncio.to_thread(victim.first_word_s)
        told = await asyncio.to_thread(victim.events)
        if told[-1]["kind"] == "refused":
            return  # a machine too busy to look at every node in time; it is measured another time
        if told[-1]["kind"] != "done":
            raise KillError(f"{case.name} {target} is not done even without a kill: {told[-1]['says']}")
        self.measured[case.name] = Measured(first_word_s, time.monotonic() - victim.began_s)
        self.rest(case)


async def kill_test(cluster_file: Path, state_dir: Path, runs: int, seconds: float, seed: int) -> KillTest:
    """The whole test on a lab that is up. Raises KillError."""
    cluster_file = without_hosts(cluster_file, state_dir)
    file = ClusterFile.read(cluster_file, Plugins((bundled("plugins"),)))
    async with Session.open(file, state_dir / "observer", read_only=True) as observer:
        test = KillTest(cluster_file, state_dir / "victims", observer, seed)
        await test.carry_out(runs, seconds)
        return test


def main() -> None:
    """Start a lab, kill, print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    state_dir = Path(tempfile.mkdtemp(prefix="wk-kill-", dir="/tmp"))
    try:
        status = lab.up("lab", state_dir, lambda words: None, traffic=False)
        began_s = time.monotonic()
        test = asyncio.run(kill_test(status.cluster_file, state_dir, asked.runs, asked.seconds, asked.seed))
        each = ", ".join(f"{name} {count}" for name, count in sorted(test.kills.items()))
        print(f"{test.kills.total()} kills in {time.monotonic() - began_s:.0f} s ({each})")
        for what, count in test.numbers.items():
            print(f"  {count:6}  {what}")
        for what in ("changes without an intent", "unfinished runs that were not found", "clusters left unclean"):
            print(f"       0  {what}")
    finally:
        lab.down("lab", state_dir)
        shutil.rmtree(state_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
