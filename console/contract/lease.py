"""What every replica set does that keeps the lease of its cluster, the holds and the bars."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from console.cluster.snapshot import Admin, Approval, Health, Hold
from console.contract.behaviour import Suite, expect
from console.ports.protocols import Claim, LeaseState, LeaseStore

HOLD = Hold(
    target="trial",
    admin=Admin.DRAIN,
    owner="ann@one",
    reason="kernel",
    since=datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
    until=datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
)
BARRED = "trial.invalid:27017"
WORDS = ("$owner", "$$NOW", "{$literal: 1}", "a.b", "x" * 2000)
"""What a careless store would take for an instruction."""
ASKERS = 6


def claim(rid: str, run: str = "aaaa", ttl_s: float = 30.0, says: str = "Drain app2", **more: Any) -> Claim:
    """A request of ann's, for the kernel."""
    about = {"owner": "ann@one", "reason": "kernel", **more}
    return Claim(run=run, rid=rid, says=says, ttl_s=ttl_s, **about)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseSubject:
    """The same lease as two consoles have it; nobody holds it."""

    port: LeaseStore
    other: LeaseStore

    async def restore(self) -> None:
        """Nobody holds it, nothing is held out or barred, and no change of the set is open."""
        for number in range(ASKERS):
            await self.port.release(f"r{number}")
        # A change of the set that is left open would stop whoever comes next.
        await self.port.acquire(claim("r9"))
        await self.port.renew("r9", ttl_s=30, says="on", changes_set="nothing")
        await self.port.release("r9")
        await self.port.let_go(HOLD.target)
        await self.port.bar(BARRED, None)

    async def holds(self, store: LeaseStore) -> Sequence[Hold]:
        """Of the trial's target."""
        return [hold for hold in (await store.look()).holds if hold.target == HOLD.target]


LEASE: Suite[LeaseSubject] = Suite("lease")


def _granted(state: LeaseState, rid: str) -> LeaseState:
    expect(state.rid == rid, f"expected that {rid} has it, got {state.rid}")
    return state


@LEASE.behaviour(changes=True)
async def one_has_it_and_the_other_sees_who_and_why(subject: LeaseSubject) -> None:
    granted = _granted(await subject.port.acquire(claim("r1")), "r1")
    other = _granted(await subject.other.acquire(claim("r2", "bbbb", says="Drain app1")), "r1")
    holder = other.holder
    seen = holder and (holder.owner, holder.run, holder.says, holder.reason)
    expect(seen == ("ann@one", "aaaa", "Drain app2", "kernel"), f"expected who has it and why, got {seen}")
    expect(other.fence == granted.fence, "expected that a question moves no fence")
    expect(20 < other.left_s <= 30, f"expected what is left of 30 s, got {other.left_s:g} s")
    for store, ours in ((subject.port, True), (subject.other, False)):
        lease = (await store.look()).lease
        told = lease and (lease.owner, lease.run, lease.ours, lease.fence)
        wanted = ("ann@one", "aaaa", ours, granted.fence)
        expect(told == wanted, f"expected {wanted}, got {told}")


@LEASE.behaviour(changes=True)
async def the_fence_rises_with_each_grant_and_with_nothing_else(subject: LeaseSubject) -> None:
    one, two = subject.port, subject.other
    first = (await one.acquire(claim("r1"))).fence
    await two.acquire(claim("r2", "bbbb"))
    await one.renew("r1", ttl_s=30, says="Drain app2: on")
    await one.release("r1")
    second = await two.acquire(claim("r2", "bbbb"))
    expect(second.fence == first + 1, f"expected fence {first + 1}, got {second.fence}")
    expect(second.before is None, "expected that a lease which was given back is taken over from nobody")
    last = second.last and (second.last.run, second.last.says)
    expect(last == ("aaaa", "Drain app2: on"), f"expected who gave it back, got {last}")


@LEASE.behaviour(changes=True)
async def what_was_given_back_is_nobodys(subject: LeaseSubject) -> None:
    await subject.port.acquire(claim("r1"))
    await subject.port.release("r1")
    view = await subject.other.look()
    expect(view.health is Health.UP, f"expected that it can be read: {view.reason}")
    expect(view.lease is None, f"expected that nobody has it, got {view.lease}")


@LEASE.behaviour(changes=True)
async def time_ends_it_by_the_clock_of_the_set_and_the_next_is_told_whose_it_was(subject: LeaseSubject) -> None:
    one, two = subject.port, subject.other
    fence = (await one.acquire(claim("r1", ttl_s=0.4))).fence
    await asyncio.sleep(0.6)
    expect((await two.look()).lease is None, "expected that its time has ended")
    taken = _granted(await two.acquire(claim("r2", "bbbb")), "r2")
    expect(taken.fence == fence + 1, f"expected fence {fence + 1}, got {taken.fence}")
    before = taken.before and (taken.before.owner, taken.before.run)
    expect(before == ("ann@one", "aaaa"), f"expected whose it was, got {before}")
    lost = _granted(await one.renew("r1", ttl_s=30, says="on"), "r2")
    expect(lost.holder and lost.holder.run == "bbbb", f"expected who has it now, got {lost.holder}")


@LEASE.behaviour(changes=True)
async def a_late_holder_that_nobody_followed_may_go_on(subject: LeaseSubject) -> None:
    fence = (await subject.port.acquire(claim("r1", ttl_s=0.2))).fence
    await asyncio.sleep(0.4)
    renewed = _granted(await subject.port.renew("r1", ttl_s=30, says="on"), "r1")
    expect(renewed.fence == fence, f"expected fence {fence}, got {renewed.fence}")
    expect(renewed.left_s > 20, f"expected a new time of 30 s, got {renewed.left_s:g} s")


@LEASE.behaviour(changes=True)
async def a_run_that_is_known_to_be_dead_is_taken_over(subject: LeaseSubject) -> None:
    await subject.port.acquire(claim("r1"))
    _granted(await subject.other.acquire(claim("r2", "bbbb", takes_over=("dead",))), "r1")
    _granted(await subject.other.acquire(claim("r2", "bbbb", takes_over=("dead", "aaaa"))), "r2")


@LEASE.behaviour(changes=True)
async def only_its_holder_can_give_it_back(subject: LeaseSubject) -> None:
    await subject.port.acquire(claim("r1"))
    await subject.other.release("r2")
    expect((await subject.other.look()).lease is not None, "expected that it is held on")


@LEASE.behaviour(changes=True)
async def words_are_words_and_no_instructions(subject: LeaseSubject) -> None:
    for words in WORDS:
        await subject.port.acquire(claim("r1", says=words, reason=words))
        await subject.port.renew("r1", ttl_s=30, says=words, changes_set=words)
        view = await subject.other.look()
        told = view.lease and view.set_change and (view.lease.says, view.lease.reason, view.set_change.what)
        expect(told == (words, words, words), f"expected {words!r} as it is, got {told}")
        await subject.port.release("r1")


@LEASE.behaviour(changes=True)
async def a_change_of_the_set_is_unfinished_until_its_run_gives_the_lease_back(subject: LeaseSubject) -> None:
    one, two = subject.port, subject.other
    await one.acquire(claim("r1"))
    await one.renew("r1", ttl_s=30, says="on", changes_set="step-down db1")
    change = (await two.look()).set_change
    told = change and (change.what, change.by, change.run, change.finished)
    expect(told == ("step-down db1", "ann@one", "aaaa", False), f"expected a change that is open, got {told}")
    await one.release("r1")
    state = await two.acquire(claim("r2", "bbbb"))
    change = state.set_change
    expect(change and change.finished and 0 <= change.ago_s < 10, f"expected that it is finished, got {change}")
    await two.release("r2")
    expect((await one.look()).set_change is not None, "expected that it is remembered")


@LEASE.behaviour(changes=True)
async def a_run_that_changes_no_set_does_not_end_the_change_of_another(subject: LeaseSubject) -> None:
    await subject.port.acquire(claim("r1", ttl_s=0.2))
    await subject.port.renew("r1", ttl_s=0.2, says="on", changes_set="step-down db1")
    await asyncio.sleep(0.4)
    await subject.other.acquire(claim("r2", "bbbb"))
    await subject.other.release("r2")
    change = (await subject.other.look()).set_change
    expect(change and not change.finished, f"expected that it is open, got {change}")


@LEASE.behaviour(changes=True)
async def holds_are_kept_whole_until_they_are_let_go(subject: LeaseSubject) -> None:
    one, two = subject.port, subject.other
    newer = Hold(target=HOLD.target, admin=Admin.MAINT, owner="bob@two", reason="$x", since=HOLD.since, until=None)
    for store, reader, hold in ((one, two, HOLD), (two, one, newer)):
        await store.hold(hold)
        found = await subject.holds(reader)
        expect(found == [hold], f"expected {hold}, got {found}")
    await one.let_go(HOLD.target)
    await one.let_go(HOLD.target)
    expect(not await subject.holds(two), "expected that it is forgotten")


@LEASE.behaviour(changes=True)
async def a_bar_is_seen_by_every_console_until_it_is_taken_away(subject: LeaseSubject) -> None:
    one, two = subject.port, subject.other
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    await one.bar(BARRED, until + timedelta(minutes=1))
    await one.bar(BARRED, until)
    found = [bar.until for bar in (await two.look()).bars if bar.address == BARRED]
    expect(found == [until], f"expected a bar until {until}, got {found}")
    await two.bar(BARRED, None)
    await two.bar(BARRED, None)
    expect(not [bar for bar in (await one.look()).bars if bar.address == BARRED], "expected no bar any more")


@LEASE.behaviour(changes=True)
async def what_is_asked_of_another_operator_is_answered_once_and_forgotten(subject: LeaseSubject) -> None:
    one, two = subject.port, subject.other
    since = datetime.now(UTC).replace(microsecond=0)
    asked = Approval(id="ffff0000/2", owner="ann@one", says="Restart $db1", reason="a test", since=since)
    await one.ask(asked)
    expect(asked in (await two.look()).approvals, f"expected that {asked} is seen")
    await two.agree(asked.id, "bob@two", agreed=True)
    found = [(each.by, each.agreed) for each in (await one.look()).approvals if each.id == asked.id]
    expect(found == [("bob@two", True)], f"expected that bob@two agrees, got {found}")
    await one.forget(asked.id)
    await two.agree(asked.id, "bob@two", agreed=True)
    left = [each for each in (await one.look()).approvals if each.id == asked.id]
    expect(not left, f"expected that it stays forgotten, got {left}")


@LEASE.behaviour(changes=True)
async def of_many_that_ask_at_once_exactly_one_gets_it(subject: LeaseSubject) -> None:
    stores = (subject.port, subject.other)
    asked = [stores[number % 2].acquire(claim(f"r{number}", f"run{number}")) for number in range(ASKERS)]
    states = await asyncio.gather(*asked)
    answers = {(state.rid, state.fence) for state in states}
    expect(len(answers) == 1, f"expected that all are told of the same holder, got {answers}")
