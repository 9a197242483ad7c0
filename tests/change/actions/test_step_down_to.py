"""step-down --to: a chosen successor, and no priority that stays changed."""

from dataclasses import replace
from typing import Any

import pytest

from console.change.actions import action_named
from console.change.ops import Reconfigure, StepDown
from console.change.plan import Plan, PlanError
from console.change.proofs import NewPrimary
from console.cluster.snapshot import Snapshot
from tests.change.actions.refusals import refusal
from tests.cluster.pictures import calm, with_member


def plan(snapshot: Snapshot, to: str = "db3", **parameters: Any) -> Plan:
    action = action_named("step-down")
    return action.plan(snapshot, "", action.values({"to": to, **parameters}))


def test_its_priority_is_above_the_others_only_while_the_role_is_handed_over() -> None:
    made = plan(calm())
    assert not made.refusals
    raised, handed, back = made.steps
    assert isinstance(raised.op, Reconfigure)
    assert [line.priority for line in raised.op.after] == [1.0, 1.0, 2.0]
    assert isinstance(handed.op, StepDown)
    assert handed.proof == NewPrimary(old="db1", term=7, to="db3")
    assert isinstance(back.op, Reconfigure)
    assert (back.op.before, back.op.after, back.op.term) == (raised.op.after, raised.op.before, None)
    assert raised.undo == Reconfigure(raised.op.after, raised.op.before, thorough=True)
    assert (back.undo, back.undo_says) == (None, "it is the way back itself")


def test_the_others_follow_the_chosen_one_before_it_takes_over() -> None:
    handed = plan(calm()).steps[1]
    assert isinstance(handed.op, StepDown)
    db1, db2, db3 = (member.address for member in calm().replica_set.members)
    assert handed.op.follow == ((db3, db1), (db2, db3))


def test_who_is_preferred_anyhow_needs_no_other_priority() -> None:
    made = plan(with_member(calm(), "db3", priority=2.0))
    [handed] = made.steps
    assert handed.proof == NewPrimary(old="db1", term=7, to="db3")


def test_one_that_cannot_take_over_is_refused_with_the_reason() -> None:
    assert "db3 can take over as it stands: lag 48.0 s, needs at most 10 s" in refusal(
        plan(with_member(calm(), "db3", lag_s=48.0))
    )


def test_one_that_would_lose_the_role_at_once_is_refused_with_the_mend() -> None:
    words = refusal(plan(with_member(calm(), "db2", priority=3.0)))
    assert "db3 stays Primary when its priority is set back: db2 has priority 3 / none above 1" in words


def test_above_the_highest_priority_there_is_none() -> None:
    assert "there is a priority above all others: 1000" in refusal(plan(with_member(calm(), "db2", priority=1000.0)))


def test_an_election_timeout_that_ends_before_the_handover_is_refused() -> None:
    was = calm()
    hasty = replace(was, replica_set=replace(was.replica_set, election_timeout_s=2.0))
    assert "leaves time for the handover: 2 s / at least 8 s" in refusal(plan(hasty))


def test_the_primary_is_no_successor_of_itself() -> None:
    with pytest.raises(PlanError, match="db1 is the Primary already"):
        plan(calm(), "db1")


def test_an_unknown_successor_is_told_with_the_nearest() -> None:
    with pytest.raises(PlanError, match="no member 'db33'; did you mean 'db3'"):
        plan(calm(), "db33")


def test_without_a_choice_it_is_the_plain_step_down() -> None:
    [step] = plan(calm(), "").steps
    assert step.proof == NewPrimary(old="db1", term=7)
