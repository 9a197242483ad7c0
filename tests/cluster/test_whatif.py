from dataclasses import replace

import pytest

from console.cluster.snapshot import Admin, Health, Member, Severity
from console.cluster.whatif import (
    Grade,
    impact,
    standing,
    with_joined,
    with_server,
    with_weight,
    without_left,
    without_member,
    without_server,
)
from tests.cluster.pictures import (
    calm,
    draining,
    empty,
    primary_lost,
    unknown,
    with_member,
    with_members,
    with_spare_server,
)
from tests.cluster.pictures import with_server as server_with


def test_one_of_three_servers_may_go_safely() -> None:
    found = impact(calm(), without_server(calm(), "app2"))
    assert (found.grade, found.says) == (
        Grade.SAFE,
        "2 of 3 application servers keep serving; one more may be lost",
    )
    assert (found.before.serving, found.after.serving, found.after_one_more.serving) == (3, 2, 1)


def test_the_second_of_three_servers_leaves_no_spare() -> None:
    found = impact(draining("app2"), without_server(draining("app2"), "app1"))
    assert (found.grade, found.says) == (
        Grade.DEGRADED,
        "1 of 3 application servers keep serving; no more may be lost",
    )


def test_the_last_server_stops_service() -> None:
    left = server_with(draining("app2"), "app3", health=Health.DOWN)
    found = impact(left, without_server(left, "app1"))
    assert (found.grade, found.says) == (
        Grade.UNSAFE,
        "none of 3 application servers would serve: service stops",
    )


@pytest.mark.parametrize("member", ["db1", "db2", "db3"])
def test_any_one_of_three_members_may_go_and_then_no_other(member: str) -> None:
    found = impact(calm(), without_member(calm(), member))
    assert (found.grade, found.says) == (
        Grade.DEGRADED,
        "2 votes stay up and 2 are needed; no more may be lost",
    )
    assert found.after.writable
    assert not found.after_one_more.writable


@pytest.mark.parametrize("member", ["db2", "db3"])
def test_a_second_member_stops_writes(member: str) -> None:
    found = impact(primary_lost(), without_member(primary_lost(), member))
    assert (found.grade, found.says) == (Grade.UNSAFE, "1 vote would be up and 2 are needed: writes stop")


def test_a_step_down_in_a_whole_set_is_safe() -> None:
    assert impact(calm(), calm(), tier="replica_set").grade is Grade.SAFE


def test_a_member_of_five_may_go_safely() -> None:
    members = calm().replica_set.members
    five = with_members(calm(), *members, *(_renamed(n) for n in (4, 5)))
    assert impact(five, without_member(five, "db1")).grade is Grade.SAFE


def test_without_electable_members_writes_stop() -> None:
    alone = with_member(with_member(calm(), "db2", priority=0.0), "db3", priority=0.0)
    found = impact(alone, without_member(alone, "db1"))
    assert (found.grade, found.says) == (Grade.UNSAFE, "no member could be Primary: writes stop")


def test_when_the_primary_goes_the_member_of_highest_priority_leads_in_a_new_term() -> None:
    after = without_member(with_member(calm(), "db3", priority=2.0), "db1").replica_set
    assert after.primary is not None
    assert (after.primary.name, after.term) == ("db3", 8)


def test_when_the_majority_goes_the_primary_gives_up() -> None:
    after = without_member(without_member(calm(), "db2"), "db3").replica_set
    assert after.primary is None


def test_making_a_drained_server_ready_brings_the_capacity_back() -> None:
    found = impact(draining("app2"), with_server(draining("app2"), "app2"))
    assert (found.grade, found.before.serving, found.after.serving) == (Grade.SAFE, 2, 3)


def test_a_spare_server_that_joins_is_counted_and_no_spare_any_more() -> None:
    before = with_spare_server(calm())
    [spare] = before.spare_servers
    joined = with_joined(before, replace(spare, pools=calm().app_servers[0].pools))
    assert ([s.name for s in joined.app_servers][-1], joined.spare_servers) == ("app4", ())
    assert (joined.tolerates.app_servers, standing(joined).capacity) == (3, 1.0)


def test_a_server_that_leaves_takes_its_capacity_out_of_the_count() -> None:
    left = without_left(calm(), "app2")
    assert (standing(left).serving, standing(left).app_servers, standing(left).capacity) == (2, 2, 1.0)


@pytest.mark.parametrize(("weight", "serving", "capacity"), [(0, 2, 1.0), (50, 3, 1.0), (100, 3, 1.0)])
def test_a_weight_of_zero_serves_nobody(weight: int, serving: int, capacity: float) -> None:
    now = standing(with_weight(calm(), "app2", weight))
    assert (now.serving, now.capacity) == (serving, capacity)


def test_a_picture_of_what_if_tells_what_it_tolerates_and_judges_no_findings() -> None:
    after = without_server(draining(), "app1")
    assert (after.tolerates.app_servers, after.findings) == (0, ())
    assert [f.severity for f in draining().findings] == [Severity.INFO]
    server = after.app_server("app1")
    assert server is not None
    assert server.admins == {Admin.MAINT}


def test_nothing_known_is_never_safe() -> None:
    for snapshot in (unknown(), empty()):
        for tier in ("app", "replica_set"):
            assert impact(snapshot, snapshot, tier=tier).grade is Grade.UNSAFE
        assert standing(snapshot).serving == 0


def _renamed(number: int) -> Member:
    return replace(calm().replica_set.members[1], name=f"db{number}", address=f"10.0.2.{10 + number}:27017")
