from dataclasses import replace

from console.cluster.history import History, sampled
from console.cluster.series import Series, series
from console.cluster.snapshot import Health
from tests.cluster.pictures import calm, large, primary_lost, unknown, with_balancer, with_member, with_node, with_pools


def of(found: tuple[Series, ...]) -> dict[str, float | None]:
    return {one.title: one.points[-1][1] for one in found}


def test_a_server_tells_sessions_rates_and_latency() -> None:
    rated = with_pools(calm(), "app1", requests_s=2.0, errors_s=0.5, sessions=3)
    told = of(series([sampled(rated, 5.0)], "app", "app1"))
    assert told == {"sessions": 12, "requests": 8.0, "latency of its health answer": 5.0, "errors": 2.0}


def test_a_balancer_tells_only_what_goes_through_it() -> None:
    rated = with_pools(calm(), "app1", balancer="lb2", requests_s=2.0)
    assert of(series([sampled(rated, 5.0)], "balancer", "lb2"))["requests"] == 4.0
    assert of(series([sampled(rated, 5.0)], "balancer", "lb1"))["requests"] is None


def test_a_member_tells_lag_ping_and_oplog_window_in_hours() -> None:
    behind = with_member(calm(), "db2", lag_s=3.0)
    told = of(series([sampled(behind, 5.0)], "replica_set", "db2"))
    assert told == {"lag behind the Primary": 3.0, "ping": 0.6, "oplog window": 48.0}


def test_a_node_tells_load_and_what_is_in_use_in_percent() -> None:
    told = of(series([sampled(calm(), 5.0)], "node", "db1"))
    assert told == {"load over 1 min": 0.7, "memory in use": 37.5, "disk in use": 30.0}


def test_what_is_not_known_is_a_gap_and_never_none_of_it() -> None:
    for tier, name in (("app", "app1"), ("balancer", "lb1"), ("replica_set", "db1"), ("node", "db1")):
        assert set(of(series([sampled(unknown(), 5.0)], tier, name)).values()) == {None}
    dead = series([sampled(primary_lost(), 5.0)], "replica_set", "db1")
    assert set(of(dead).values()) == {None}
    silent = with_node(calm(), "db1", health=Health.UNKNOWN)
    assert of(series([sampled(silent, 5.0)], "node", "db1"))["load over 1 min"] is None


def test_a_moment_before_it_was_there_is_one_that_nothing_is_known_of() -> None:
    before = replace(calm(), app_servers=calm().app_servers[1:])
    [sessions, *_] = series([sampled(before, 5.0), sampled(calm(), 10.0)], "app", "app1")
    assert [value for _, value in sessions.points] == [None, 24]
    assert sessions.known == (24,)


def test_a_name_that_is_nowhere_and_a_tier_without_measures_tell_nothing() -> None:
    assert all(not one.known for one in series([sampled(calm(), 5.0)], "app", "app9"))
    assert series([sampled(calm(), 5.0)], "cluster", "app1") == ()


def test_the_samples_of_a_large_cluster_are_bounded() -> None:
    history, picture = History(), with_balancer(large(), "lb1", uptime_s=1)
    for number in range(400):
        history.look(number * 5.0, lambda: picture)
    assert len(history.samples) == 180
    assert len(history.samples[-1].servers) == 200
