from dataclasses import replace

import pytest

from console.cluster.snapshot import AppServer, Member, Snapshot, SpareMember
from console.cluster.standing import serving, standing
from console.cluster.whatif import (
    Grade,
    impact,
    member_removed,
    oplog_covers,
    with_member_added,
    with_new_server,
    with_priority,
    with_weight,
    without_left,
    without_member,
    without_server,
)
from tests.cluster.pictures import calm, empty, with_member, with_members


def test_a_removed_member_counts_for_no_majority_any_more() -> None:
    after = member_removed(calm(), "db3")
    assert [m.name for m in after.replica_set.members] == ["db1", "db2"]
    assert (after.replica_set.votes, after.replica_set.majority, standing(after).members) == (2, 2, 0)
    assert impact(calm(), after).grade is Grade.DEGRADED


def test_removing_a_member_and_losing_it_are_not_the_same() -> None:
    five = with_members(calm(), *calm().replica_set.members, *(_third(n) for n in (4, 5)))
    removed, lost = member_removed(five, "db5").replica_set, without_member(five, "db5").replica_set
    assert ((removed.votes, removed.majority), (lost.votes, lost.majority)) == ((4, 3), (5, 3))


def test_a_removed_primary_is_followed_by_another() -> None:
    primary = member_removed(calm(), "db1").replica_set.primary
    assert primary is not None
    assert primary.name == "db2"


@pytest.mark.parametrize(("votes", "expected"), [(1, (4, 3)), (0, (3, 2))])
def test_an_added_member_counts_by_its_vote(votes: int, expected: tuple[int, int]) -> None:
    spare = SpareMember(name="db4", address="10.0.2.14:27017", domain="rack-d")
    after = with_member_added(replace(calm(), spare_members=(spare,)), "db4", votes=votes)
    added = after.member("db4")
    assert added is not None
    assert (added.address, added.domain, added.electable, after.spare_members) == (
        "10.0.2.14:27017",
        "rack-d",
        votes > 0,
        (),
    )
    assert (after.replica_set.votes, after.replica_set.majority) == expected


def test_a_new_server_serves_in_every_backend_with_the_weight_of_its_neighbours() -> None:
    spare = AppServer(name="app4", address="10.0.1.14:8080", domain="rack-d")
    after = with_new_server(replace(calm(), spare_servers=(spare,)), "app4")
    added = after.app_server("app4")
    assert added is not None
    assert {(p.balancer, p.backend, p.weight, p.server) for p in added.pools} == {
        (balancer, backend, 100, "app4") for balancer in ("lb1", "lb2") for backend in ("app", "web")
    }
    assert (standing(after).serving, after.spare_servers) == (4, ())


def test_a_removed_server_is_not_counted_as_missing_capacity() -> None:
    removed, drained = without_left(calm(), "app3"), without_server(calm(), "app3")
    assert (standing(removed).serving, standing(removed).capacity) == (2, 1.0)
    assert standing(drained).serving == 2
    assert standing(drained).capacity == pytest.approx(2 / 3)


def test_weight_0_is_no_service_at_all() -> None:
    assert standing(with_weight(calm(), "app1", 0)).serving == 2
    assert standing(with_weight(calm(), "app1", 50)).serving == 3


def test_priority_0_makes_nobody_primary() -> None:
    assert standing(with_priority(calm(), "db2", 0)).electable == 2
    assert standing(with_priority(calm(), "db2", 0)).votes_up == 3


def test_a_lost_domain_takes_its_servers_and_its_balancers() -> None:
    assert [serving(calm(), without=domain) for domain in ("", "rack-a", "rack-d")] == [3, 2, 3]
    assert serving(_one_rack(calm()), without="rack-a") == 0
    whole = replace(calm(), balancers=tuple(replace(b, domain="rack-d") for b in calm().balancers))
    assert serving(whole, without="rack-d") == 0


def test_the_domain_that_becomes_decisive_is_named_and_the_change_is_not_safe() -> None:
    four = with_new_server(calm(), "app4")
    two_racks = replace(
        four, app_servers=tuple(replace(s, domain="left" if n < 2 else "right") for n, s in enumerate(four.app_servers))
    )
    first = impact(two_racks, without_server(two_racks, "app1"))
    assert (first.grade, first.weighed[1:]) == (Grade.SAFE, ())
    gone = without_server(two_racks, "app1")
    second = impact(gone, without_server(gone, "app2"))
    assert (second.grade, second.weighed[1:]) == (
        Grade.DEGRADED,
        ("the loss of right would then stop service",),
    )


def test_what_one_domain_would_stop_anyhow_is_not_blamed_on_the_change() -> None:
    whole = _one_rack(calm())
    assert impact(whole, without_server(whole, "app1")).grade is Grade.SAFE


def test_after_a_member_of_three_domains_each_of_the_others_is_decisive() -> None:
    assert impact(calm(), without_member(calm(), "db2")).weighed == (
        "the loss of rack-a or rack-c would then stop writes",
    )


def test_the_oplog_must_reach_back_twice_as_far_as_a_planned_absence() -> None:
    one_hour = calm()
    for name in ("db1", "db2", "db3"):
        one_hour = with_member(one_hour, name, oplog_window_s=3600.0, oplog_full_s=3600.0)
    covers = oplog_covers(one_hour, "db2", absence_s=600)
    assert (covers.ok, covers.value, covers.limit) == (True, "60 min", "at least 1200 s")
    assert not oplog_covers(one_hour, "db2", absence_s=1801).ok
    assert impact(one_hour, without_member(one_hour, "db2"), absence_s=3600).weighed[-1] == (
        "the oplog is too short: it reaches back 60 min; db2 is to be away for 60 min, which needs at least 2 h"
    )


def test_the_oplog_of_the_absent_member_itself_does_not_help_it() -> None:
    unread = {"oplog_window_s": None, "oplog_full_s": None}
    unknown = with_member(with_member(calm(), "db1", **unread), "db3", **unread)
    covers = oplog_covers(unknown, "db2", absence_s=1)
    assert (covers.ok, covers.value) == (False, "not known")


def test_what_is_not_there_changes_nothing() -> None:
    assert without_member(calm(), "db9") is not None
    assert standing(member_removed(calm(), "db9")) == standing(calm())
    assert standing(with_new_server(empty(), "app1")).serving == 0


def _third(number: int) -> Member:
    return replace(calm().replica_set.members[2], name=f"db{number}", address=f"10.0.2.{10 + number}:27017")


def _one_rack(snapshot: Snapshot) -> Snapshot:
    return replace(
        snapshot,
        app_servers=tuple(replace(server, domain="rack-a") for server in snapshot.app_servers),
        replica_set=replace(
            snapshot.replica_set,
            members=tuple(replace(member, domain="rack-a") for member in snapshot.replica_set.members),
        ),
    )
