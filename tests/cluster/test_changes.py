from dataclasses import replace

import pytest

from console.cluster.changes import Change, changes
from console.cluster.snapshot import Admin, Health, MemberState, Snapshot
from console.cluster.whatif import without_member
from tests.cluster.pictures import (
    calm,
    draining,
    empty,
    large,
    primary_lost,
    unknown,
    with_balancer,
    with_member,
    with_node,
    with_pools,
    with_server,
)

PICTURES = (calm(), draining(), primary_lost(), unknown(), empty(), large(5))


def lines(before: Snapshot, after: Snapshot, *kinds: str) -> list[tuple[str, str, str, str | None, str | None, str]]:
    return [(c.kind, c.tier, c.subject, c.before, c.after, c.says) for c in changes(before, after) if c.kind in kinds]


def test_a_first_snapshot_changes_nothing() -> None:
    assert changes(None, calm()) == ()


@pytest.mark.parametrize("snapshot", PICTURES)
def test_equal_snapshots_hold_no_change(snapshot: Snapshot) -> None:
    assert changes(snapshot, snapshot) == ()


@pytest.mark.parametrize("before", PICTURES)
@pytest.mark.parametrize("after", PICTURES)
def test_every_change_has_two_different_sides(before: Snapshot, after: Snapshot) -> None:
    assert all(change.before != change.after for change in changes(before, after))


def test_an_age_that_grows_is_no_change() -> None:
    older = with_server(unknown(), "app1", reason="last seen 43 s ago", age_s=43.0)
    assert changes(unknown(), older) == ()


def test_the_health_of_every_tier_is_told() -> None:
    after = with_server(calm(), "app1", health=Health.DOWN, reason="mongodb: fail")
    after = with_balancer(after, "lb1", health=Health.UNKNOWN, reason="not answering")
    after = with_node(with_member(after, "db2", health=Health.DOWN), "db2", health=Health.DOWN)
    assert lines(calm(), after, "health") == [
        ("health", "app", "app1", "up", "down", "app1 is down, was up: mongodb: fail"),
        ("health", "balancer", "lb1", "up", "unknown", "lb1 is unknown, was up: not answering"),
        ("health", "replica_set", "db2", "up", "down", "db2 is down, was up"),
        ("health", "node", "db2", "up", "down", "db2 is down, was up"),
    ]


def test_a_drain_is_told_place_by_place() -> None:
    after = with_pools(calm(), "app2", balancer="lb1", backend="web", admin=Admin.DRAIN)
    assert lines(calm(), after, "admin") == [
        ("admin", "app", "lb1/web/app2", "ready", "drain", "app2 is in drain in web on lb1, was in ready")
    ]


def test_another_weight_is_told_with_the_place() -> None:
    after = with_pools(calm(), "app2", "lb2", "app", weight=50)
    assert lines(calm(), after, "weight") == [
        ("weight", "app", "lb2/app/app2", "100", "50", "app2 has weight 50 in app on lb2, had 100")
    ]


def test_a_check_that_fails_is_told_with_the_balancers_words() -> None:
    after = with_pools(calm(), "app2", "lb2", "app", check=Health.DOWN, check_says="L4CON in 0 ms")
    assert lines(calm(), after, "check") == [
        ("check", "app", "lb2/app/app2", "up", "down", "lb2 finds app2 down in app, was up: L4CON in 0 ms")
    ]


def test_a_reload_is_told() -> None:
    assert lines(calm(), with_balancer(calm(), "lb1", reloads=1), "reload") == [
        (
            "reload",
            "balancer",
            "lb1",
            "0",
            "1",
            "lb1 was reloaded or restarted: states set before at run time are gone",
        )
    ]


def test_a_lost_primary_is_told_with_what_it_costs() -> None:
    assert lines(calm(), primary_lost(), "primary", "state", "tolerates") == [
        ("state", "replica_set", "db1", "PRIMARY", "DOWN", "db1 is DOWN, was PRIMARY"),
        ("primary", "replica_set", "rs0", "db1", None, "there is no Primary, db1 was"),
        ("tolerates", "cluster", "members", "1", "0", "0 members may be lost, was 1"),
    ]


def test_a_new_primary_is_told_with_its_term() -> None:
    after = without_member(calm(), "db1")
    assert lines(calm(), after, "primary", "term") == [
        ("primary", "replica_set", "rs0", "db1", "db2", "db2 is Primary in term 8"),
        ("term", "replica_set", "rs0", "7", "8", "rs0 is in term 8, was in 7"),
    ]


def test_a_primary_that_knows_when_its_term_began_says_so() -> None:
    assert lines(primary_lost(), calm(), "primary") == [
        (
            "primary",
            "replica_set",
            "rs0",
            None,
            "db1",
            "db1 is Primary in term 7, which began 2026-11-20 12:30:00.000 UTC",
        )
    ]


def test_a_new_configuration_is_told() -> None:
    after = replace(calm(), replica_set=replace(calm().replica_set, config_version=4))
    assert lines(calm(), after, "config") == [
        ("config", "replica_set", "rs0", "3", "4", "rs0 is in configuration version 4, was in 3")
    ]


def test_findings_come_and_go() -> None:
    says = "app2 is in drain on lb1 and lb2: 8 sessions left."
    assert lines(calm(), draining(), "finding") == [("finding", "cluster", "app2", None, "server-drained", says)]
    assert lines(draining(), calm(), "finding") == [
        ("finding", "cluster", "app2", "server-drained", None, "server-drained of app2 is over")
    ]


def test_things_come_and_go() -> None:
    assert Change(kind="added", tier="app", subject="app4", before=None, after="up", says="app4 is new") in changes(
        calm(), large(4)
    )
    assert Change(kind="removed", tier="app", subject="app4", before="up", after=None, says="app4 is gone") in changes(
        large(4), calm()
    )


def test_a_member_that_recovers_changes_its_state() -> None:
    after = with_member(calm(), "db3", state=MemberState.RECOVERING)
    assert lines(calm(), after, "state") == [
        ("state", "replica_set", "db3", "SECONDARY", "RECOVERING", "db3 is RECOVERING, was SECONDARY")
    ]
