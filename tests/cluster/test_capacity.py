from dataclasses import replace

import pytest

from console.cluster.capacity import burden
from console.cluster.snapshot import Admin, Load, ServerLoad, Snapshot
from console.cluster.whatif import Grade, impact, with_server, without_server
from tests.cluster.pictures import calm, draining, unknown, with_pools

BUSY = Load(
    over_s=600.0,
    requests_s=50.0,
    peak_requests_s=90.0,
    peak_sessions=60,
    servers=tuple(ServerLoad(server=f"app{n}", peak_requests_s=30.0 + n, peak_sessions=20) for n in (1, 2, 3)),
)


def busy(load: Load = BUSY, limit: int | None = None) -> Snapshot:
    snapshot = replace(calm(), load=load)
    for name in ("app1", "app2", "app3"):
        snapshot = with_pools(snapshot, name, limit=limit)
    return snapshot


def test_three_equal_servers_carry_a_third_each() -> None:
    found = burden(busy())
    assert found.share == pytest.approx(1 / 3)
    assert found.requests_s == pytest.approx(30.0)
    assert found.of_limit is None
    assert found.of_seen == pytest.approx(30 / 33)


def test_the_busiest_server_is_the_one_of_most_weight() -> None:
    found = burden(with_pools(busy(), "app2", weight=200))
    assert (found.server, found.share) == ("app2", 0.5)


def test_the_pool_where_a_server_has_most_decides() -> None:
    only_here = with_pools(
        with_pools(busy(), "app2", backend="web", admin=Admin.MAINT), "app3", backend="web", weight=0
    )
    assert (burden(only_here).server, burden(only_here).share) == ("app1", 1.0)


def test_a_backup_carries_nothing_until_no_other_serves() -> None:
    backup = with_pools(busy(), "app3", backup=True)
    assert burden(backup).share == 0.5
    alone = without_server(without_server(backup, "app1"), "app2")
    assert (burden(alone).server, burden(alone).share) == ("app3", 1.0)


def test_sessions_are_held_against_the_limit_of_all_places() -> None:
    assert burden(busy(limit=10)).of_limit == pytest.approx(20 / 40)
    assert burden(with_pools(busy(limit=10), "app2", backend="web", limit=0)).of_limit == pytest.approx(20 / 40)
    assert burden(busy(Load(), limit=10)).of_limit is None


def test_a_change_that_would_overfill_a_server_is_not_safe() -> None:
    def grade(limit: int) -> Grade:
        return impact(busy(limit=limit), without_server(busy(limit=limit), "app1")).grade

    assert grade(limit=15) is Grade.SAFE  # 60 sessions on one server, which takes 15 in each of 4 places
    assert grade(limit=14) is Grade.DEGRADED


def test_the_peak_is_told_with_what_is_not_known() -> None:
    assert impact(busy(), without_server(busy(), "app1")).weighed == (
        "of the peak of 90 requests/s (watched for 10 min) one server would carry 45, 90 after one more loss; "
        "the most that one was seen to carry is 33",
        "no limit of sessions is set for the servers: what one can carry is not known",
    )
    assert impact(calm(), without_server(calm(), "app1")).weighed == (
        "the peak is not known: the balancers were watched for 0 s only",
    )
    short = busy(replace(BUSY, over_s=40.0), limit=100)
    assert impact(short, without_server(short, "app1")).weighed == (
        "of the peak of 90 requests/s (watched for 40 s only) one server would carry 45, 90 after one more loss; "
        "the most that one was seen to carry is 33",
        "the peak of 60 sessions would fill 8% of one server's limit, 15% after one more loss",
    )


def test_a_server_made_ready_takes_its_part() -> None:
    found = impact(draining(), with_server(draining(), "app2"))
    assert found.before.burden.share == 0.5
    assert found.after.burden.share == pytest.approx(1 / 3)


def test_nobody_who_serves_carries_nothing() -> None:
    assert burden(unknown()).server == ""
