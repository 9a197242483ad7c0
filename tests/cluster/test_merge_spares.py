"""Prepared members in the picture: apart from the members, until they are one."""

from typing import Any

from console.cluster.layout import Layout, NodeLine
from console.cluster.merge import Board
from console.cluster.snapshot import Health, Snapshot, SpareMember
from console.cluster.views import MemberConfig, SpareView
from tests.cluster.pictures import AT
from tests.cluster.test_merge_members import CONFIG, NODES, view

DB4 = NodeLine(name="db4", address="10.0.2.14", domain="rack-4", roles=("member",), spare=True)
JOINED = (*CONFIG, MemberConfig(address="10.0.2.14:27017", votes=0, priority=0.0))


def merged(*views: Any, now_s: float = 0.0) -> Snapshot:
    board = Board(Layout(cluster="test", nodes=(*NODES, DB4)))
    for one in views:
        board.put(one, 0.0)
    return board.snapshot(now_s, AT)


def look(**changes: Any) -> SpareView:
    return SpareView(
        itself=SpareMember(name="db4", address="10.0.2.14:27017", health=Health.UP, awaits_config=True, **changes)
    )


def test_a_spare_node_is_no_member_and_is_told_before_it_was_looked_at() -> None:
    snapshot = merged(view(1), view(2), view(3))
    assert [member.name for member in snapshot.replica_set.members] == ["db1", "db2", "db3"]
    [spare] = snapshot.spare_members
    assert (spare.name, spare.health, spare.reason, spare.age_s) == ("db4", Health.UNKNOWN, "not looked at yet", None)


def test_what_was_seen_of_it_is_told_with_its_age_and_its_domain() -> None:
    [spare] = merged(view(1), look(version="6.0.5"), now_s=3.0).spare_members
    assert (spare.health, spare.age_s, spare.domain, spare.version) == (Health.UP, 3.0, "rack-4", "6.0.5")


def test_an_old_look_is_unknown_and_never_fresh() -> None:
    [spare] = merged(view(1), look(), now_s=42.0).spare_members
    assert (spare.health, spare.reason) == (Health.UNKNOWN, "last seen 42 s ago")


def test_in_the_configuration_it_is_a_member_whatever_the_file_says() -> None:
    snapshot = merged(*(view(n, config=JOINED, config_version=4) for n in (1, 2, 3)), look())
    assert snapshot.spare_members == ()
    assert [member.name for member in snapshot.replica_set.members] == ["db1", "db2", "db3", "db4"]
    assert snapshot.replica_set.votes == 3


def test_taken_out_again_it_is_a_spare_and_no_member_outside() -> None:
    from dataclasses import replace

    removed = replace(view(3), address="10.0.2.14:27017", config=(), set_name="")
    removed = replace(removed, itself=replace(removed.itself, address="10.0.2.14:27017"))
    snapshot = merged(view(1), view(2), view(3), removed, look())
    assert [member.name for member in snapshot.replica_set.members] == ["db1", "db2", "db3"]
    assert [spare.name for spare in snapshot.spare_members] == ["db4"]
    assert not [finding for finding in snapshot.findings if finding.code == "member-outside"]


def test_a_member_of_the_file_that_is_in_no_configuration_is_told_so() -> None:
    snapshot = merged(view(1, config=CONFIG[:2]), view(2, config=CONFIG[:2]), view(3, config=()))
    assert [(m.name, m.configured) for m in snapshot.replica_set.members] == [
        ("db1", True),
        ("db2", True),
        ("db3", False),
    ]
