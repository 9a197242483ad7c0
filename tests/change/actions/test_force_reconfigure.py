"""force-reconfigure: only after a lost majority, never without its own words."""

from dataclasses import replace
from typing import Any

import pytest

from console.change.actions import ACTIONS, action_named
from console.change.ops import ForceReconfigure
from console.change.plan import Plan, PlanError
from console.cluster.merge import judged
from console.cluster.snapshot import Health, MemberState, PeerView, Snapshot
from console.cluster.whatif import Grade
from tests.change.actions.refusals import refusal, warned
from tests.cluster.pictures import calm, primary_lost, with_member

DEAD: dict[str, Any] = {
    "health": Health.DOWN,
    "state": MemberState.DOWN,
    "reason": "connection refused",
    "writable": False,
    "lag_s": None,
    "age_s": 0.4,
    "seen_by": (),
}


def majority_lost() -> Snapshot:
    """db1 was Primary; it and db3 are dead, db2 is a secondary of nobody."""
    left = with_member(primary_lost(), "db3", **DEAD)
    left = with_member(left, "db1", seen_by=())
    return with_member(left, "db2", seen_by=())


def plan(snapshot: Snapshot, target: str = "db2") -> Plan:
    return action_named("force-reconfigure").plan(snapshot, target, {})


def targets(snapshot: Snapshot) -> tuple[str, ...]:
    return action_named("force-reconfigure").targets(snapshot)


def test_it_keeps_who_answers_and_has_no_way_back() -> None:
    made = plan(majority_lost())
    assert not made.refusals
    [step] = made.steps
    assert isinstance(step.op, ForceReconfigure)
    assert step.op.address == "10.0.2.12:27017"
    assert [line.address for line in step.op.after] == ["10.0.2.12:27017"]
    assert step.undo is None
    assert "wiping and adding them again" in step.undo_says


def test_it_is_always_unsafe_and_says_what_may_be_lost() -> None:
    made = plan(majority_lost())
    assert made.impact.grade is Grade.UNSAFE
    assert made.confirm_words == "passwork-prod"
    assert made.impact.says.startswith("what only db1 and db3 had is lost, majority writes among it")
    assert any("rolled back" in note for note in made.notes)
    assert any("Primary of their own" in note for note in made.notes)
    assert any("add-secondary" in note for note in made.notes)


def test_it_is_offered_only_while_no_majority_answers() -> None:
    assert targets(calm()) == ()
    assert targets(primary_lost()) == ()
    assert targets(majority_lost()) == ("db2",)


def test_with_a_majority_nothing_has_to_be_forced() -> None:
    words = refusal(plan(primary_lost()))
    assert "the majority is lost: 2 of 3 votes answer, 2 are needed / fewer than 2" in words


def test_with_a_primary_nothing_has_to_be_forced() -> None:
    words = refusal(plan(calm()))
    assert "nobody is Primary: db1 / none" in words


def test_a_lost_member_that_was_not_asked_lately_may_be_no_loss() -> None:
    words = refusal(plan(with_member(majority_lost(), "db3", age_s=9.0)))
    assert "every lost member was asked lately and did not answer: " in words
    assert "db3: connection refused, seen 9.0 s ago" in words


def test_a_lost_member_that_others_see_is_cut_off_from_here_only() -> None:
    up = PeerView(address="10.0.2.13:27017", state=MemberState.SECONDARY, health=Health.UP)
    words = refusal(plan(with_member(majority_lost(), "db3", seen_by=(("db2", up),))))
    assert "no member that answers sees a lost one: db3 is seen by db2" in words


def test_a_lost_member_that_hangs_may_be_alive_elsewhere_and_that_is_a_warning() -> None:
    made = plan(with_member(majority_lost(), "db3", health=Health.UNKNOWN, reason="no answer within 1.5 s"))
    assert not made.refusals
    assert "every lost member is known to be dead: db3 may be alive elsewhere" in warned(made)


def test_a_survivor_that_does_not_answer_is_none() -> None:
    assert "db1 answers, holds the data and is left: down" in refusal(plan(majority_lost(), "db1"))


def test_somebody_must_be_able_to_become_primary() -> None:
    assert "one that is left can become Primary: none" in refusal(
        plan(with_member(majority_lost(), "db2", priority=0.0))
    )


def test_credentials_that_may_not_are_a_refusal() -> None:
    was = majority_lost()
    poor = judged(replace(was, replica_set=replace(was.replica_set, operable=None)))
    assert "the operator's credentials may change the replica set: not known yet" in refusal(plan(poor))


@pytest.mark.parametrize("action", [a for a in ACTIONS if a.name != "force-reconfigure"], ids=lambda a: a.name)
def test_no_other_action_forces(action: Any) -> None:
    snapshot = calm()
    for target in action.targets(snapshot):
        try:
            steps = action.plan(snapshot, target, action.values({})).steps
        except PlanError:
            continue  # it needs a parameter that has no default
        for step in steps:
            assert not isinstance(step.op, ForceReconfigure)
            assert not isinstance(step.undo, ForceReconfigure)
