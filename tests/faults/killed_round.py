"""One kill -9, what it left, and how it is mended at the next start."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.change.events import Outcome
from console.change.journal import Record
from console.change.run import Confirmation
from console.session import Session
from tests.faults.killed_actions import Asked, Case
from tests.faults.state import State

if TYPE_CHECKING:
    from tests.faults.kill import KillTest

TRIES = 10
BEFORE_FIRST_WORD = 0.25
"""The part of the kills that comes before a run has told anything."""


class KillError(Exception):
    """What must never be; the message names the round."""


@dataclass(frozen=True)
class Measured:
    """How long an action takes when nobody kills it."""

    first_word_s: float
    whole_s: float

    @property
    def rest_s(self) -> float:
        """From its first word to its end."""
        return self.whole_s - self.first_word_s


class Round:
    """One kill, and what came of it."""

    def __init__(self, test: "KillTest", number: int, case: Case, asked: Asked, words: str | None) -> None:
        self.test = test
        self.name = f"round {number} (seed {test.seed}): {case.action} {asked[0]} {dict(asked[1])}"
        self.case = case
        self.asked = asked
        self.words = words

    async def carry_out(self) -> None:
        """Kill, compare, start again, mend, compare. Raises KillError."""
        test = self.test
        before = test.seen
        seq = max((record.seq for record in test.records()), default=0)
        await self._kill()
        await asyncio.sleep(0.3)  # what was sent right before it has its effect
        after = await test.state(self.asked[0])
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
                raise KillError(f"{self.name}: still unfinished: {[one.says for one in left]}")

    async def _kill(self) -> None:
        """Before its first word or after it; each over the whole time that was measured."""
        test, measured = self.test, self.test.measured[self.case.name]
        victim = test.victim(self.case, self.asked, self.words)
        if test.chance.random() < BEFORE_FIRST_WORD:
            await asyncio.sleep(test.chance.uniform(0.5, 1.0) * measured.first_word_s)
        else:
            await asyncio.to_thread(victim.first_word_s)
            await asyncio.sleep(test.chance.uniform(0, measured.rest_s))
        victim.kill()

    def _has_intents(self, before: State, after: State, records: list[Record]) -> None:
        """Each thing that changed was named by an intent that stood in the journal before its op went out."""
        intents = [r for r in records if r.kind in ("step.intent", "step.undo")]
        text = " ".join(f"{r.detail.get('does')} {r.detail.get('command')}" for r in intents)
        changed = before.changes(after)
        for what in changed:
            if not any(word in text for word in what.split()[1:]):
                raise KillError(f"{self.name}: '{what}' was changed without an intent: {text or 'none'}")
        if after.step_downs > before.step_downs and "replSetStepDown" not in text:
            raise KillError(f"{self.name}: the Primary was stepped down without an intent: {text or 'none'}")
        self.test.numbers["changes seen in the cluster"] += len(changed) + after.step_downs - before.step_downs

    async def _mend(self, session: Session, run: str, before: State) -> None:
        """One way; where that one is refused, the other."""
        test, outcome, says, way = self.test, Outcome.REFUSED, "", ""
        for way in test.chance.choice((("resume", "undo"), ("undo", "resume"))):
            outcome, says = await self._tried(session, way, run)
            if outcome is not Outcome.REFUSED:
                break
            test.numbers[f"of these, {way} was refused"] += 1
        now = await test.settled(self.asked[0], lambda now: self._is_clean(way, outcome, before, now))
        if not self._is_clean(way, outcome, before, now):
            differs = {what: (before.things.get(what), now.things.get(what)) for what in before.changes(now)}
            raise KillError(f"{self.name}: after {way}, which ended as {outcome} ({says}): {differs}")
        if (lease := test.observer.snapshot.lease) is not None:
            raise KillError(f"{self.name}: after {way} the lease is still held: {lease}")
        undone = ", which undid it" if outcome is Outcome.FAILED and way == "resume" else ""
        test.numbers[f"brought to a clean cluster by {way}{undone}"] += 1

    def _is_clean(self, way: str, outcome: Outcome, before: State, now: State) -> bool:
        """As the action leaves it, or as it was before; and nobody was asked twice to hand over."""
        if now.step_downs - before.step_downs > 1 or not now.primary:
            return False
        if outcome is Outcome.DONE and way == "resume":
            return self.case.done(now, self.asked)
        return outcome in (Outcome.DONE, Outcome.FAILED) and not before.changes(now)

    async def _tried(self, session: Session, way: str, run: str) -> tuple[Outcome, str]:
        """Until it is not refused for what a machine that is too busy could not look at in time."""
        for _ in range(TRIES):
            mending = getattr(session, way)(run, Confirmation(f"{way} after a kill", words=self.words))
            outcome, says = await mending.finished(), mending.events[-1].says
            if outcome is not Outcome.REFUSED or "has no undo" in says:
                return outcome, says
            await asyncio.sleep(1)
        return Outcome.REFUSED, says
