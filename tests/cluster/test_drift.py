"""Drift of the pools: between balancers, between run time and configuration, and what a reload took."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from console.cluster.layout import BalancerLine, Layout, NodeLine
from console.cluster.merge import Board
from console.cluster.snapshot import Admin, Finding, Health, PoolMember, Snapshot
from console.cluster.views import BalancerView, HealthView
from tests.cluster.pictures import AT, calm, with_backend, with_balancer, with_pools, with_server

Found = tuple[str, str, str, str, str]


def found(snapshot: Snapshot, code: str) -> list[Found]:
    return [(f.code, f.severity.value, f.subject, f.says, f.mend) for f in snapshot.findings if f.code == code]


def without(balancer: str, backend: str) -> Snapshot:
    server = calm().app_server("app2")
    assert server
    kept = tuple(p for p in server.pools if (p.balancer, p.backend) != (balancer, backend))
    return with_server(calm(), "app2", pools=kept)


DRIFT: list[tuple[Snapshot, Found]] = [
    (
        with_pools(calm(), "app2", balancer="lb1", lost=Admin.DRAIN),
        (
            "drain-lost",
            "warning",
            "app2",
            "app2 was in drain and takes traffic again in app on lb1 and web on lb1: lb1 was reloaded or restarted "
            "and forgot it. `drain app2` sets it again, `ready app2` lets it be.",
            "drain app2",
        ),
    ),
    (
        with_pools(calm(), "app2", balancer="lb1", backend="app", lost=Admin.MAINT),
        (
            "drain-lost",
            "critical",
            "app2",
            "app2 was in maint and takes traffic again in app on lb1: lb1 was reloaded or restarted "
            "and forgot it. `maint app2` sets it again, `ready app2` lets it be.",
            "maint app2",
        ),
    ),
    (
        without("lb2", "web"),
        ("pool-membership", "warning", "app2", "app2 stands in web on lb1 and not on lb2.", "add-server app2"),
    ),
    (
        with_pools(calm(), "app2", balancer="lb2", backend="web", weight=60, written_weight=60),
        (
            "weights-differ",
            "warning",
            "app2",
            "The weight of app2 in web differs: lb1 100, lb2 60.",
            "set-weight app2",
        ),
    ),
    (
        with_pools(calm(), "app2", backend="app", dynamic=True),
        (
            "server-not-in-config",
            "warning",
            "app2",
            "app2 was added at run time: the next reload of lb1 and lb2 forgets it until this stands in backend app: "
            "server app2 10.0.1.12:8080 check weight 100",
            "",
        ),
    ),
    (
        with_backend(calm(), "lb2", "web", missing=("app9",)),
        (
            "server-only-in-config",
            "info",
            "app9",
            "app9 stands in the configuration of web on lb2 and is not there: a reload brings it back.",
            "",
        ),
    ),
    (
        with_pools(calm(), "app2", backend="app", weight=30),
        (
            "weight-not-in-config",
            "info",
            "app2",
            "The weight of app2 is not the one in the configuration: app on lb1 and app on lb2 has 30, not 100. "
            "A reload changes it.",
            "",
        ),
    ),
]


@pytest.mark.parametrize(("snapshot", "expected"), DRIFT, ids=[f"{e[0]}-{e[1]}" for _, e in DRIFT])
def test_drift_is_named_with_its_values_and_what_mends_it(snapshot: Snapshot, expected: Found) -> None:
    assert found(snapshot, expected[0]) == [expected]


@pytest.mark.parametrize("health", [Health.DOWN, Health.UNKNOWN])
def test_what_a_silent_balancer_said_last_is_no_drift(health: Health) -> None:
    silent = with_balancer(without("lb2", "web"), "lb2", health=health)
    assert found(silent, "pool-membership") == []
    gone = with_balancer(with_backend(calm(), "lb2", "web", missing=("app9",)), "lb2", health=health)
    assert found(gone, "server-only-in-config") == []
    unseen = with_pools(calm(), "app2", balancer="lb2", weight=60, dynamic=True, lost=Admin.DRAIN, known=False)
    drift = {code for _, (code, *_) in DRIFT}
    assert not [f.code for f in unseen.findings if f.code in drift]


def test_what_the_configuration_does_not_tell_is_no_drift() -> None:
    assert found(with_pools(calm(), "app2", dynamic=None), "server-not-in-config") == []
    assert found(with_pools(calm(), "app2", weight=3, written_weight=None), "weight-not-in-config") == []


def test_a_finding_that_an_action_mends_says_so() -> None:
    mends: dict[str, Any] = {
        "pool-split": (with_pools(calm(), "app2", balancer="lb1", admin=Admin.DRAIN), "drain app2"),
        "server-drained": (with_pools(calm(), "app2", admin=Admin.MAINT), "ready app2"),
        "server-not-in-pool": (with_server(calm(), "app2", pools=()), "add-server app2"),
    }
    for code, (snapshot, mend) in mends.items():
        assert {f.mend for f in snapshot.findings if f.code == code} == {mend}


# What a reload took, over several looks.

NODES = (
    NodeLine(name="app1", address="10.0.1.11", roles=("app",)),
    NodeLine(name="app4", address="10.0.1.14", roles=("app",), spare=True),
)


def entry(admin: Admin, server: str = "app1") -> PoolMember:
    return PoolMember(
        balancer="lb1",
        backend="app",
        server=server,
        admin=admin,
        check=Health.UP,
        check_says="L7OK",
        weight=100,
        sessions=0,
        queue=0,
    )


def look(*servers: PoolMember, process_id: int = 7, health: Health = Health.UP) -> BalancerView:
    return BalancerView(balancer="lb1", health=health, servers=servers, process_id=process_id, backends=("app",))


def looked(*views: BalancerView | HealthView) -> tuple[Board, list[Finding]]:
    board = Board(Layout(cluster="small", nodes=NODES, balancers=(BalancerLine(name="lb1", plugin="haproxy"),)))
    for at, view in enumerate(views):
        board.put(view, at * 0.001)
    return board, list(lost(board))


def lost(board: Board) -> Iterator[Finding]:
    return (finding for finding in board.snapshot(0.1, AT).findings if finding.code == "drain-lost")


DRAINED, FORGOTTEN = look(entry(Admin.DRAIN)), look(entry(Admin.READY), process_id=8)


def test_a_reload_that_forgets_a_drain_is_found_in_the_look_that_shows_it() -> None:
    _, [finding] = looked(DRAINED, FORGOTTEN)
    assert (finding.subject, finding.mend) == ("app1", "drain app1")


def test_a_lost_drain_stays_until_it_is_set_again_or_otherwise() -> None:
    still = replace(FORGOTTEN, uptime_s=60)
    assert len(looked(DRAINED, FORGOTTEN, still, still)[1]) == 1
    for admin in (Admin.DRAIN, Admin.MAINT):
        assert looked(DRAINED, FORGOTTEN, look(entry(admin), process_id=8))[1] == []
    again = look(entry(Admin.READY), process_id=8)
    assert looked(DRAINED, FORGOTTEN, look(entry(Admin.DRAIN), process_id=8), again)[1] == []


def test_a_second_reload_does_not_hide_what_the_first_took() -> None:
    assert len(looked(DRAINED, FORGOTTEN, replace(FORGOTTEN, process_id=9))[1]) == 1


def test_a_balancer_that_is_not_seen_for_a_while_has_not_given_it_back() -> None:
    dark = look(health=Health.UNKNOWN)
    assert len(looked(DRAINED, dark, FORGOTTEN)[1]) == 1
    assert len(looked(DRAINED, FORGOTTEN, dark, FORGOTTEN)[1]) == 1


def test_an_operator_who_makes_it_ready_has_lost_nothing() -> None:
    assert looked(DRAINED, look(entry(Admin.READY)))[1] == []


def test_what_the_configuration_keeps_in_maintenance_is_not_lost() -> None:
    assert looked(look(entry(Admin.MAINT)), look(entry(Admin.MAINT), process_id=8))[1] == []


def test_what_an_operator_decided_anew_is_not_missed_any_longer() -> None:
    board, [_] = looked(DRAINED, FORGOTTEN)
    board.settle([("lb1", "web", "app1")])
    assert list(lost(board))
    board.settle([("lb1", "app", "app1")])
    assert not list(lost(board))


# Spare servers.

WELL = HealthView(server="app4", health=Health.UP, latency_ms=3.0)


def test_a_spare_server_is_looked_at_and_not_counted_while_it_is_in_no_pool() -> None:
    snapshot = looked(look(entry(Admin.READY)), WELL)[0].snapshot(0.1, AT)
    assert [server.name for server in snapshot.app_servers] == ["app1"]
    [spare] = snapshot.spare_servers
    assert (spare.name, spare.health, spare.pools) == ("app4", Health.UP, ())
    assert [f.code for f in snapshot.findings if f.subject == "app4"] == ["host-unknown"], "of its host, not of it"
    node = snapshot.node("app4")
    assert node
    assert node.spare


def test_a_spare_server_that_a_balancer_has_is_a_server_like_any_other() -> None:
    snapshot = looked(look(entry(Admin.READY), entry(Admin.READY, "app4")), WELL)[0].snapshot(0.1, AT)
    assert [server.name for server in snapshot.app_servers] == ["app1", "app4"]
    assert snapshot.spare_servers == ()


def test_a_server_that_is_no_spare_is_counted_in_whatever_pool_it_is_not() -> None:
    snapshot = looked(look())[0].snapshot(0.1, AT)
    assert [server.name for server in snapshot.app_servers] == ["app1"]
