"""step-down: the candidate table, what refuses it, and what the operator is told before."""

from typing import Any

import pytest

from console.change.actions import action_named
from console.change.ops import StepDown
from console.change.plan import Plan, PlanError
from console.cluster.snapshot import Health, MemberState, Snapshot
from console.cluster.whatif import Grade
from tests.cluster.pictures import calm, primary_lost, unknown, with_member


def plan(snapshot: Snapshot, target: str = "") -> Plan:
    action = action_named("step-down")
    return action.plan(snapshot, target, action.values({}))


def refusal(made: Plan) -> str:
    assert made.refusals, "it was not refused"
    return "; ".join(f"{c.says}: {c.value} / {c.limit}" for c in made.refusals)


def both(snapshot: Snapshot, **changes: Any) -> Snapshot:
    return with_member(with_member(snapshot, "db2", **changes), "db3", **changes)


def test_the_primary_is_the_target_when_none_is_named() -> None:
    made = plan(calm())
    assert made.target == "db1"
    [step] = made.steps
    db1, db2, db3 = (m.address for m in calm().replica_set.members)
    assert step.op == StepDown(address=db1, period_s=60, catch_up_s=10, term=7, follow=((db2, db1), (db3, db2)))
    assert step.undo is None
    assert step.undo_says
    assert not made.refusals


def follow(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    op = plan(snapshot).steps[0].op
    assert isinstance(op, StepDown)
    return op.follow


def test_the_others_replicate_from_the_successor_before_it_takes_over() -> None:
    db1, db2, db3 = (m.address for m in calm().replica_set.members)
    assert follow(with_member(calm(), "db3", priority=2.0)) == ((db3, db1), (db2, db3))
    assert follow(with_member(calm(), "db3", hidden=True, priority=0.0)) == ((db2, db1), (db3, db2))


@pytest.mark.parametrize("changes", [{"health": Health.UNKNOWN}, {"votes": 0, "priority": 0.0}, {"delay_s": 3600}])
def test_a_member_that_cannot_acknowledge_a_majority_write_at_once_need_not_follow(changes: dict[str, Any]) -> None:
    assert follow(with_member(calm(), "db3", **changes)) == ()


def test_neither_the_plan_nor_its_hash_moves_with_sync_sources_and_lags() -> None:
    _, db2, db3 = (m.address for m in calm().replica_set.members)
    for moved in (
        with_member(calm(), "db2", sync_source=db3),
        with_member(calm(), "db3", sync_source=db2),
        with_member(calm(), "db2", lag_s=1.0),
    ):
        assert follow(moved) == follow(calm())
        assert plan(moved).hash == plan(calm()).hash


def test_a_healthy_set_steps_down_safely_and_one_without_a_spare_member_is_degraded() -> None:
    assert plan(calm()).impact.grade is Grade.SAFE
    two = with_member(calm(), "db3", state=MemberState.DOWN, health=Health.DOWN, lag_s=None)
    assert plan(two).impact.grade is Grade.DEGRADED
    assert plan(two).confirm_words == "db1"


def test_a_member_that_is_not_primary_is_refused_with_who_is() -> None:
    assert "db2 is the one Primary: db1 takes writes" in refusal(plan(calm(), "db2"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"priority": 0.0}, "db2: priority 0, needs above 0"),
        ({"lag_s": 48.0}, "db2: lag 48.0 s, needs at most 10 s"),
        ({"lag_s": None}, "db2: lag unknown, needs at most 10 s"),
        ({"state": MemberState.RECOVERING}, "db2: state RECOVERING, needs SECONDARY"),
        ({"votes": 0}, "db2: votes 0, needs 1"),
        ({"hidden": True}, "db2: kind hidden, needs full member"),
        ({"arbiter": True, "state": MemberState.ARBITER}, "db2: state ARBITER, needs SECONDARY"),
        ({"health": Health.UNKNOWN}, "db2: answers unknown"),
        ({"age_s": 9.0}, "db2: answers up, seen 9.0 s ago, needs up, seen within 5 s"),
    ],
)
def test_without_an_electable_candidate_it_is_refused_with_the_first_failing_value(
    changes: dict[str, Any], why: str
) -> None:
    words = refusal(plan(both(calm(), **changes)))
    assert "a secondary can take over: none (" in words
    assert why in words


def test_one_bad_candidate_beside_a_good_one_is_shown_and_does_not_refuse() -> None:
    made = plan(with_member(calm(), "db2", lag_s=48.0))
    assert not made.refusals
    [bad] = [check for check in made.checks if check.says == "db2 can take over"]
    assert not bad.ok
    assert bad.warns


@pytest.mark.parametrize("snapshot", [primary_lost(), unknown()])
def test_without_one_primary_nothing_is_stepped_down(snapshot: Snapshot) -> None:
    assert "nobody takes writes" in refusal(plan(snapshot))


def test_two_primaries_are_a_refusal() -> None:
    two = with_member(calm(), "db2", state=MemberState.PRIMARY, writable=True, term=8)
    assert "db1 and db2 takes writes" in refusal(plan(two))


def test_old_data_is_a_refusal_with_its_age() -> None:
    assert "seen 8.0 s ago / exactly db1, seen within 5 s" in refusal(plan(with_member(calm(), "db1", age_s=8.0)))


def test_credentials_that_may_not_are_a_refusal() -> None:
    from dataclasses import replace

    was = calm()
    poor = replace(was, replica_set=replace(was.replica_set, operable=False))
    assert "the operator's credentials may step it down: no / yes" in refusal(plan(poor))


def test_a_primary_with_the_highest_priority_takes_the_role_back_and_that_is_said_before() -> None:
    made = plan(with_member(calm(), "db1", priority=2.0))
    assert any("takes the role back" in note and "after 60 s" in note for note in made.notes)
    assert not any("takes the role back" in note for note in plan(calm()).notes)


def test_the_fingerprint_holds_primary_term_and_configuration() -> None:
    assert [what for what, _ in plan(calm()).fingerprint] == ["Primary", "term", "config version"]


def test_an_unknown_member_is_told_with_the_names() -> None:
    with pytest.raises(PlanError, match="no member 'db9'; there are: db1, db2, db3"):
        plan(calm(), "db9")
