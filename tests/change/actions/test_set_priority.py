"""set-priority and the freezes: what they refuse, and what follows from them."""

from typing import Any

import pytest

from console.change.actions import action_named
from console.change.ops import Freeze, Reconfigure
from console.change.plan import Plan, PlanError
from console.change.proofs import StaysSecondary
from console.cluster.snapshot import Health, MemberState, Snapshot
from tests.change.actions.refusals import refusal
from tests.cluster.pictures import calm, primary_lost, with_member


def plan(snapshot: Snapshot, target: str, priority: float) -> Plan:
    action = action_named("set-priority")
    return action.plan(snapshot, target, action.values({"priority": priority}))


def freeze(snapshot: Snapshot, target: str = "db2", **parameters: Any) -> Plan:
    action = action_named("freeze")
    return action.plan(snapshot, target, action.values(parameters))


def test_one_value_of_one_line_is_changed_and_set_back() -> None:
    made = plan(calm(), "db2", 0.5)
    assert not made.refusals
    [step] = made.steps
    assert isinstance(step.op, Reconfigure)
    assert [(line.votes, line.priority) for line in step.op.after] == [(1, 1.0), (1, 0.5), (1, 1.0)]
    assert step.undo == Reconfigure(step.op.after, step.op.before, thorough=True)
    assert made.notes == ()


def test_what_is_so_already_is_nothing_to_do() -> None:
    assert plan(calm(), "db2", 1.0).steps == ()


def test_the_primary_keeps_a_priority_above_0() -> None:
    words = refusal(plan(calm(), "db1", 0))
    assert "db1 is the Primary, and would have 0 / above 0 for the Primary: run step-down db1 first" in words
    assert not plan(calm(), "db2", 0).refusals


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"votes": 0}, "it has no vote"),
        ({"hidden": True}, "it is hidden"),
        ({"arbiter": True}, "it is an arbiter"),
        ({"delay_s": 3600}, "it is delayed"),
    ],
)
def test_only_a_full_member_with_a_vote_has_a_priority(changes: dict[str, Any], words: str) -> None:
    made = plan(with_member(calm(), "db2", priority=0.0, **changes), "db2", 1)
    assert f"db2 may have this priority: {words} / a full member" in refusal(made)


@pytest.mark.parametrize(("target", "priority", "wins"), [("db3", 2.0, "db3"), ("db1", 0.5, "db2")])
def test_an_election_that_follows_is_said_before(target: str, priority: float, wins: str) -> None:
    [note] = plan(calm(), target, priority).notes
    assert note.startswith(f"{wins} will then have a higher priority than the Primary, db1")


def test_a_member_that_lags_takes_nothing_over() -> None:
    assert plan(with_member(calm(), "db3", lag_s=60.0), "db3", 2).notes == ()


@pytest.mark.parametrize("value", [-1, 1001, "high"])
def test_a_priority_out_of_range_is_told_with_the_range(value: Any) -> None:
    with pytest.raises(PlanError, match="--priority: expected"):
        action_named("set-priority").values({"priority": value})


def test_without_a_primary_no_priority_changes() -> None:
    assert "there is one Primary: nobody takes writes" in refusal(plan(primary_lost(), "db2", 2))


def test_a_freeze_is_proved_by_its_answer_and_undone_by_its_end() -> None:
    made = freeze(calm(), seconds=300)
    assert not made.refusals
    [step] = made.steps
    assert step.op == Freeze("10.0.2.12:27017", 300)
    assert (step.undo, step.undone) == (Freeze("10.0.2.12:27017", 0), None)
    assert step.proof == StaysSecondary("db2")
    assert "cannot be read back" in step.proof.says
    assert any("cannot be read back" in note for note in made.notes)


def test_an_unfreeze_has_no_way_back() -> None:
    [step] = action_named("unfreeze").plan(calm(), "db2", {}).steps
    assert (step.op, step.undo) == (Freeze("10.0.2.12:27017", 0), None)
    assert "freeze it again" in step.undo_says


def test_the_primary_is_not_frozen() -> None:
    assert "db1 answers and is SECONDARY: up, PRIMARY" in refusal(freeze(calm(), "db1"))


def test_a_member_that_does_not_answer_is_not_frozen() -> None:
    words = refusal(freeze(with_member(calm(), "db2", health=Health.UNKNOWN, reason="no answer")))
    assert "db2 answers and is SECONDARY: unknown, SECONDARY, seen 0.2 s ago: no answer" in words
    assert "up, RECOVERING" in refusal(freeze(with_member(calm(), "db2", state=MemberState.RECOVERING)))


def test_a_frozen_one_is_no_candidate_and_the_impact_says_so() -> None:
    assert freeze(calm()).impact.after.electable == 2
