from typing import Any

import pytest

from console.cluster.candidates import electable_after_step_down, successor
from console.cluster.snapshot import Health, MemberState, PeerView
from tests.cluster.pictures import calm, empty, unknown, with_member, with_members


def silent(age_s: float) -> tuple[tuple[str, PeerView], ...]:
    view = PeerView(address="", state=MemberState.SECONDARY, health=Health.UP, heartbeat_age_s=age_s)
    return (("db1", view),)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"health": Health.DOWN}, "answers down, seen 0.2 s ago, needs up, seen within 5 s"),
        ({"age_s": 7.0}, "answers up, seen 7.0 s ago, needs up, seen within 5 s"),
        ({"state": MemberState.RECOVERING}, "state RECOVERING, needs SECONDARY"),
        ({"votes": 0}, "votes 0, needs 1"),
        ({"newly_added": True}, "votes newly added, needs 1"),
        ({"priority": 0.0}, "priority 0, needs above 0"),
        ({"hidden": True}, "kind hidden, needs full member"),
        ({"delay_s": 3600}, "kind delayed, needs full member"),
        ({"lag_s": 12.34}, "lag 12.3 s, needs at most 10 s"),
        ({"lag_s": None}, "lag unknown, needs at most 10 s"),
        ({"seen_by": silent(6.2)}, "heartbeat 6.2 s, needs at most 4 s"),
        ({"seen_by": ()}, "heartbeat unknown, needs at most 4 s"),
    ],
)
def test_a_member_is_refused_with_the_measured_value_and_the_limit(changes: dict[str, Any], why: str) -> None:
    candidates = {c.member: c for c in electable_after_step_down(with_member(calm(), "db2", **changes))}
    assert (candidates["db2"].eligible, candidates["db2"].why) == (False, why)
    assert (candidates["db3"].eligible, candidates["db3"].why) == (True, "")


def test_the_eligible_come_first_by_priority_and_then_as_they_stand_in_the_configuration() -> None:
    assert successor(calm()) == "db2"
    assert successor(with_member(calm(), "db3", priority=2.0)) == "db3"
    members = calm().replica_set.members
    assert successor(with_members(calm(), *reversed(members))) == "db3"
    assert [c.member for c in electable_after_step_down(with_member(calm(), "db2", hidden=True))] == ["db3", "db2"]


def test_of_fractional_priorities_the_last_takes_over_as_mongodb_compares_them_with_a_whole_number() -> None:
    assert successor(with_member(with_member(calm(), "db2", priority=0.5), "db3", priority=0.5)) == "db3"
    assert successor(with_member(with_member(calm(), "db2", priority=1.5), "db3", priority=1.2)) == "db3"
    assert successor(with_member(with_member(calm(), "db2", priority=1.0), "db3", priority=0.5)) == "db2"


def test_only_a_lag_that_is_more_than_the_optimes_resolution_lets_another_take_over() -> None:
    assert successor(with_member(calm(), "db2", lag_s=1.0)) == "db2"
    assert successor(with_member(calm(), "db2", lag_s=5.0)) == "db3"
    assert successor(with_member(calm(), "db2", lag_s=5.0, priority=2.0)) == "db3"


def test_what_is_not_known_does_not_take_over() -> None:
    assert successor(unknown()) is None
    assert electable_after_step_down(empty()) == []
