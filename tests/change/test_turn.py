"""One change at a time: whoever comes second is told who is first, and what is allowed without a Primary is said."""

import asyncio
import subprocess
import sys
import time
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from console.change.events import EventKind, Outcome
from console.change.journal import Journal
from console.change.journal.turns import Taken, Turn
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Admin, Lease
from console.session import Session
from tests.change.memory_session import memory_session

YES = Confirmation("a test")


async def finished(run: Run) -> Outcome:
    return await asyncio.wait_for(run.finished(), 30)


def last(run: Run) -> str:
    return run.events[-1].says


def kinds(session: Session) -> list[str]:
    assert session.journal
    return [record.kind for record in session.journal.records()]


async def seen(session: Session, words: str) -> Lease:
    """The lease of another console, when it is seen to say that."""
    async with asyncio.timeout(10), aclosing(session.follow()) as pictures:
        async for snapshot in pictures:
            if snapshot.lease and words in snapshot.lease.says:
                return snapshot.lease
    raise AssertionError("the watch has ended")


async def test_two_consoles_on_two_machines_only_one_acts_and_the_other_says_who_and_why(tmp_path: Path) -> None:
    async with (
        memory_session(tmp_path / "one") as (one, world),
        memory_session(tmp_path / "two", name=one.cluster) as (two, _),
    ):
        runs = [s.start(s.plan("drain", "app2"), Confirmation("kernel 6.18")) for s in (one, two)]
        outcomes = [await finished(run) for run in runs]
        assert sorted(outcomes) == [Outcome.DONE, Outcome.REFUSED]
        refused = runs[outcomes.index(Outcome.REFUSED)]
        done = runs[outcomes.index(Outcome.DONE)]
        assert "another change is running: " in last(refused)
        assert "for: Drain app2" in last(refused)
        assert f"reason: kernel 6.18; run {done.id}" in last(refused)
        assert len(world.commands) == 4


async def test_the_last_two_servers_are_not_drained_by_two_consoles_one_each(tmp_path: Path) -> None:
    async with (
        memory_session(tmp_path / "one") as (one, world),
        memory_session(tmp_path / "two", name=one.cluster) as (two, _),
    ):
        world.kill("app3")
        for session in (one, two):
            await session.look()
        first = one.start(one.plan("drain", "app1"), Confirmation("x", words="app1"))
        second = two.start(two.plan("drain", "app2"), Confirmation("x", words="app2"))
        assert sorted([await finished(first), await finished(second)]) == [Outcome.DONE, Outcome.REFUSED]
        await two.look()
        again = two.start(two.plan("drain", "app2"), Confirmation("x", words=two.cluster))
        assert await finished(again) is Outcome.REFUSED
        assert {Admin.READY} in [world.admins("app1"), world.admins("app2")]


async def test_other_consoles_see_who_has_the_lease_and_follow_the_run(tmp_path: Path) -> None:
    async with (
        memory_session(tmp_path / "one") as (one, world),
        memory_session(tmp_path / "two", name=one.cluster) as (two, _),
    ):
        world.set_sessions("app2", 3)
        run = one.start(one.plan("drain", "app2"), Confirmation("kernel"))
        lease = await seen(two, "Drain app2: 12 sessions left")
        assert (lease.run, lease.reason, lease.ours, lease.fence) == (run.id, "kernel", False, 1)
        [check] = [c for c in two.plan("drain", "app1").checks if c.says == "nobody else changes the cluster"]
        assert run.id in check.value
        run.stop("the test")
        await finished(run)


async def test_a_lease_that_is_lost_stops_the_run_before_its_next_step(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("maint", "app2"), YES)
        async for event in run.follow():
            if event.step == 2:
                break
        world.kept.take_away("bob@two")
        world.set_sessions("app2", 0)
        assert await finished(run) is Outcome.PARTIAL
        assert "stopped by the loss of the lease: bob@two has it since" in last(run)
        assert world.admins("app2") == {Admin.DRAIN}
        assert "lease.lost" in kinds(session)
        assert world.kept.state.rid == "another"


async def test_a_holder_that_died_elsewhere_is_refused_in_its_time_and_told_of_after_it(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kept.take_away("bob@two")
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.REFUSED
        assert "bob@two has it since" in last(run)
        assert "it ends by itself in 60 s unless it is renewed" in last(run)
        world.kept.pass_time(61)
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.DONE
        assert "the lease is taken over, fence 2; it was not given back: bob@two" in run.events[0].says
        assert "lease.taken_over" in kinds(session)


async def test_without_a_primary_a_server_is_changed_only_when_that_is_confirmed_in_words(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        for member in ("db1", "db2"):
            world.kill(member)
        await session.look()
        plan = session.plan("drain", "app2")
        run = session.start(plan, YES)
        assert await finished(run) is Outcome.REFUSED
        assert "the lease cannot be had: no member takes writes" in last(run)
        assert f"give --without-lease, and confirm it by typing {session.cluster}" in last(run)
        run = session.start(plan, Confirmation("x", without_lease=True))
        assert await finished(run) is Outcome.REFUSED
        assert f"confirm it by typing {session.cluster}" in last(run)
        assert world.commands == []
        run = session.start(plan, Confirmation("x", words=session.cluster, without_lease=True))
        assert await finished(run) is Outcome.DONE
        assert "lease.degraded" in kinds(session)


async def test_without_a_primary_the_set_is_not_changed_whatever_is_confirmed(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        plan = session.plan("step-down", "db1")
        world.kept.refuses = "the user 'operator' may not keep it"
        run = session.start(plan, Confirmation("x", words=session.cluster, without_lease=True))
        assert await finished(run) is Outcome.REFUSED
        assert "only servers, balancers and repairs of the set may be changed" in last(run)
        assert world.commands == []


async def test_a_lease_that_another_has_is_not_gone_round_by_going_without(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kept.take_away("bob@two")
        confirmation = Confirmation("x", words=session.cluster, without_lease=True)
        assert await finished(session.start(session.plan("drain", "app2"), confirmation)) is Outcome.REFUSED
        assert world.commands == []


async def test_a_cluster_that_keeps_no_lease_is_changed_without_a_word_of_it(tmp_path: Path) -> None:
    async with memory_session(tmp_path, more="\n[safety]\nlease = false\n") as (session, world):
        world.kept.take_away("bob@two")
        run = session.start(session.plan("drain", "app2"), YES)
        assert await finished(run) is Outcome.DONE
        assert not [event for event in run.events if "lease" in event.says]


async def test_a_set_that_was_just_changed_is_left_alone_unless_that_is_acknowledged(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        assert await finished(session.start(session.plan("step-down", ""), YES)) is Outcome.DONE
        await session.look()
        run = session.start(session.plan("step-down", ""), YES)
        assert await finished(run) is Outcome.REFUSED
        assert "the set was changed just now: step-down db1 by " in last(run)
        assert "less than 300 s; wait, or look at it and give --again" in last(run)
        run = session.start(session.plan("step-down", ""), Confirmation("back to db1", again=True))
        assert await finished(run) is Outcome.DONE
        assert "override" in kinds(session)
        assert await finished(session.start(session.plan("drain", "app2"), YES)) is Outcome.DONE


async def test_a_change_of_the_set_that_died_blocks_the_next_whatever_time_has_passed(tmp_path: Path) -> None:
    async with memory_session(tmp_path, more="\n[safety]\nblock_s = 0\n") as (session, world):
        assert await finished(session.start(session.plan("step-down", ""), YES)) is Outcome.DONE
        change = world.kept.state.set_change
        assert change
        assert change.finished
        world.kept.state = replace(world.kept.state, set_change=replace(change, finished=False, run="dead"))
        await session.look()
        run = session.start(session.plan("step-down", ""), YES)
        assert await finished(run) is Outcome.REFUSED
        assert "and its run has not ended" in last(run)


async def test_a_set_that_elects_again_and_again_is_not_changed(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        for _ in range(3):
            successor = world.successor(world.primary, 10)
            assert successor
            await world.hand_over(successor)
            await session.look()
        plan = session.plan("step-down", "")
        assert [(c.says, c.value) for c in plan.refusals] == [("the set is stable", "3 elections in the last minute")]
        assert not session.plan("drain", "app2").refusals


async def test_the_lease_is_given_back_whatever_the_outcome(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.refuse("lb2")
        assert await finished(session.start(session.plan("drain", "app2"), YES)) is Outcome.FAILED
        world.kill("app1")
        world.kill("app3")
        await session.look()
        refused = session.start(session.plan("drain", "app2"), Confirmation("x", words=session.cluster))
        assert await finished(refused) is Outcome.REFUSED
        assert world.kept.state.holder is None
        assert [event.kind for event in refused.events] == [EventKind.REFUSED]


def test_of_two_on_one_machine_one_has_the_turn_and_clusters_do_not_disturb_each_other(tmp_path: Path) -> None:
    first = Turn.take(tmp_path, "prod", "aaaa", "drain app2")
    with pytest.raises(Taken, match=r"drain app2 \(run aaaa, by .*\) in another console on this machine"):
        Turn.take(tmp_path, "prod", "bbbb", "drain app1")
    other = Turn.take(tmp_path, "staging", "cccc", "drain app1")
    first.give_back(settled=True)
    again = Turn.take(tmp_path, "prod", "bbbb", "drain app1")
    assert again.dead == ()
    again.give_back(settled=True)
    other.give_back(settled=True)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


DYING = """
import os, signal, sys
from pathlib import Path
from console.change.journal.turns import Turn
Turn.take(Path(sys.argv[1]), "prod", sys.argv[2], "drain app2")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_whoever_died_having_the_turn_is_told_to_the_next_until_that_is_settled(tmp_path: Path) -> None:
    for run in ("aaaa", "bbbb"):
        subprocess.run([sys.executable, "-c", DYING, str(tmp_path), run], check=False)
    turn = Turn.take(tmp_path, "prod", "cccc", "drain app1")
    assert turn.dead == ("aaaa", "bbbb")
    turn.give_back(settled=False)
    turn = Turn.take(tmp_path, "prod", "cccc", "drain app1")
    assert turn.dead == ("aaaa", "bbbb")
    turn.give_back(settled=True)
    assert Turn.take(tmp_path, "prod", "cccc", "drain app1").dead == ()


RACING = """
import sys, time
from pathlib import Path
from console.change.journal.turns import Taken, Turn
while time.time() < float(sys.argv[2]):
    pass
try:
    Turn.take(Path(sys.argv[1]), "prod", sys.argv[3], "drain app2")
    print("mine")
    time.sleep(1)
except Taken:
    print("taken")
"""


def test_of_many_that_ask_at_the_same_moment_exactly_one_gets_it(tmp_path: Path) -> None:
    at = str(time.time() + 2.0)
    racers = [
        subprocess.Popen([sys.executable, "-c", RACING, str(tmp_path), at, str(n)], stdout=subprocess.PIPE, text=True)
        for n in range(6)
    ]
    said = [racer.communicate(timeout=30)[0].strip() for racer in racers]
    assert sorted(said) == ["mine", *["taken"] * 5]


async def test_holds_are_told_to_every_console_until_the_server_is_ready(tmp_path: Path) -> None:
    async with (
        memory_session(tmp_path / "one") as (one, _),
        memory_session(tmp_path / "two", name=one.cluster) as (two, _),
    ):
        run = one.start(one.plan("drain", "app2", {"until": "30m"}), Confirmation("kernel"))
        assert await finished(run) is Outcome.DONE
        assert "; held until " in last(run)
        await two.look()
        [hold] = two.snapshot.holds
        assert (hold.target, hold.admin, hold.reason) == ("app2", Admin.DRAIN, "kernel")
        assert hold.until
        assert (hold.until - hold.since).total_seconds() == 1800
        assert await finished(two.start(two.plan("ready", "app2"), YES)) is Outcome.DONE
        await one.look()
        assert one.snapshot.holds == ()


async def test_a_hold_that_the_set_cannot_keep_does_not_undo_the_drain(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app2", 1)
        run = session.start(session.plan("drain", "app2"), YES)
        async for event in run.follow():
            if event.step == 2:
                break
        for member in ("db1", "db2"):
            world.kill(member)
        world.set_sessions("app2", 0)
        assert await finished(run) is Outcome.DONE
        assert "stands in this journal only, the other consoles are not told: no member takes writes" in last(run)
        assert world.admins("app2") == {Admin.DRAIN}
        assert "hold.begun" in kinds(session)


async def test_a_journal_keeps_the_fence_and_the_whole_plan(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        await finished(session.start(session.plan("drain", "app2"), YES))
        journal: Journal | None = session.journal
        assert journal
        [confirmed] = [record for record in journal.records() if record.kind == "plan.confirmed"]
        assert confirmed.detail["fence"] == 1
        assert [step["op"]["is"] for step in confirmed.detail["plan"]["steps"]] == ["SetAdmin", "Wait"]
