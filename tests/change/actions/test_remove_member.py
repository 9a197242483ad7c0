"""remove-member: who may go, what must be left, and the way back."""

from typing import Any

import pytest

from console.change.actions import action_named
from console.change.ops import Reconfigure
from console.change.plan import Plan, PlanError
from console.change.proofs import Outside
from console.cluster.configuration import configuration
from console.cluster.snapshot import Health, MemberState, Snapshot
from console.cluster.whatif import Grade
from tests.change.actions.refusals import refusal, warned
from tests.cluster.pictures import calm, primary_lost, with_member, with_members

DEAD: dict[str, Any] = {"health": Health.DOWN, "state": MemberState.DOWN, "lag_s": None}


def plan(snapshot: Snapshot, target: str = "db3") -> Plan:
    return action_named("remove-member").plan(snapshot, target, {})


def test_one_reconfiguration_takes_it_out_and_adding_its_whole_line_again_is_the_way_back() -> None:
    made = plan(with_member(calm(), "db3", priority=5.0, options=("_id=2", 'tags.use="backup"')))
    assert not made.refusals
    [step] = made.steps
    assert isinstance(step.op, Reconfigure)
    assert [line.address for line in step.op.after] == ["10.0.2.11:27017", "10.0.2.12:27017"]
    assert step.op.before[2].options == ("_id=2", 'tags.use="backup"')
    assert step.undo == Reconfigure(step.op.after, step.op.before, thorough=True)
    assert step.proof == Outside("db3", "10.0.2.13:27017", step.op.after)


def test_two_voters_are_an_even_number_that_tolerates_nothing() -> None:
    made = plan(calm())
    assert made.impact.grade is Grade.DEGRADED
    assert "2 voters is an even number: majority 2, tolerates 0" in made.impact.says
    assert "2 voters: majority 2, tolerates 0 (now 3: majority 2, tolerates 1)" in warned(made)


def test_a_member_without_a_vote_goes_without_a_word_about_votes() -> None:
    made = plan(with_member(calm(), "db3", votes=0, priority=0.0))
    assert not made.refusals
    assert not [check for check in made.checks if "voters" in check.says]


def test_the_primary_is_refused_with_the_command_that_comes_first() -> None:
    assert "db1 is not the Primary: it is / not the Primary: run step-down db1 first" in refusal(plan(calm(), "db1"))


def test_a_dead_member_may_go_while_the_others_are_well() -> None:
    made = plan(with_member(calm(), "db3", **DEAD))
    assert not made.refusals


def test_a_healthy_member_stays_when_its_vote_is_needed() -> None:
    words = refusal(plan(with_member(calm(), "db2", **DEAD)))
    assert "a majority is up without db3: 1 of 2 votes / at least 2" in words
    assert "another member can become Primary then: none" in words


def test_a_vote_that_was_not_seen_lately_does_not_count() -> None:
    assert "a majority is up without db3: 1 of 2 votes" in refusal(plan(with_member(calm(), "db2", age_s=8.0)))


def test_the_last_other_that_could_be_primary_stays() -> None:
    assert "another member can become Primary then: none" in refusal(plan(with_member(calm(), "db2", priority=0.0)))


def test_the_last_of_two_stays() -> None:
    db1, db2, _ = calm().replica_set.members
    assert "another member can become Primary then: none" in refusal(plan(with_members(calm(), db1, db2), "db2"))


def test_the_copies_that_a_majority_write_needs_stay() -> None:
    arbiter: dict[str, Any] = {"arbiter": True, "state": MemberState.ARBITER, "priority": 0.0, "lag_s": None}
    db1, db2, db3 = calm().replica_set.members
    from dataclasses import replace

    four = with_members(calm(), db1, replace(db2, **DEAD), db3, replace(db3, name="x4", address="x4:1", **arbiter))
    words = refusal(plan(four))
    assert "majority writes go on without db3: 1 voting members with data up / at least 2" in words


def test_without_a_primary_nobody_goes() -> None:
    assert "there is one Primary: nobody takes writes" in refusal(plan(primary_lost()))


def test_who_stands_in_no_configuration_cannot_be_taken_out_of_it() -> None:
    with pytest.raises(PlanError, match="no member 'db3'; did you mean 'db2'"):
        plan(with_member(calm(), "db3", configured=False))


def test_the_plan_binds_to_every_line_of_the_configuration() -> None:
    lines = configuration(calm().replica_set)
    assert [f"{line.address} in the configuration" for line in lines] == [
        what for what, _ in plan(calm()).fingerprint[2:]
    ]
