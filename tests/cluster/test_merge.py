from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.cluster.layout import BalancerLine, Layout, NodeLine
from console.cluster.merge import Board, merge
from console.cluster.observed import Observed
from console.cluster.snapshot import Health, Node, Snapshot
from console.cluster.views import BalancerView, HealthView, HostView
from tests.cluster.pictures import AT

LAYOUT = Layout(
    cluster="small",
    nodes=(
        NodeLine(name="app1", address="10.0.1.11", domain="rack-a", roles=("app",)),
        NodeLine(name="lb1", address="10.0.0.11", domain="rack-a", roles=("balancer",)),
    ),
    balancers=(BalancerLine(name="lb1", plugin="haproxy"),),
)
UP = HealthView(server="app1", health=Health.UP, latency_ms=4.0)
LOOK = BalancerView(balancer="lb1", health=Health.UP, version="2.8", uptime_s=100, process_id=7, writable=True)
HOST = HostView(node="app1", health=Health.UP, cpus=8, load1=0.5)


def board(*views: tuple[object, float]) -> Board:
    filled = Board(LAYOUT)
    for view, at_s in views:
        filled.put(view, at_s)  # type: ignore[arg-type]
    return filled


def health(snapshot: Snapshot) -> tuple[Health, str, float | None]:
    server = snapshot.app_servers[0]
    return server.health, server.reason, server.age_s


def test_a_cluster_was_looked_at_when_one_of_its_nodes_was() -> None:
    assert not board().snapshot(0.0, AT).looked_at
    assert board((UP, 0.0)).snapshot(1.0, AT).looked_at


def test_what_was_never_seen_is_unknown() -> None:
    snapshot = board().snapshot(0.0, AT)
    assert health(snapshot) == (Health.UNKNOWN, "not looked at yet", None)
    assert snapshot.balancers[0].reason == snapshot.nodes[0].reason == "not looked at yet"


def test_what_is_fresh_has_its_age() -> None:
    assert health(board((UP, 100.0)).snapshot(100.5, AT)) == (Health.UP, "", 0.5)


def test_what_is_old_is_unknown_and_says_since_when() -> None:
    snapshot = board((UP, 100.0)).snapshot(112.0, AT)
    assert health(snapshot) == (Health.UNKNOWN, "last seen 12 s ago", 12.0)
    assert snapshot.app_servers[0].latency_ms is None


def test_a_clock_that_stands_still_or_jumps_back_makes_no_negative_age() -> None:
    assert health(board((UP, 100.0)).snapshot(99.0, AT)) == (Health.UP, "", 0.0)


def test_an_older_view_never_replaces_a_newer_one() -> None:
    down = replace(UP, health=Health.DOWN, reason="mongodb: fail")
    assert health(board((down, 100.0), (UP, 99.0)).snapshot(100.0, AT)) == (Health.DOWN, "mongodb: fail", 0.0)


def test_facts_of_a_host_stay_known_for_longer_than_health() -> None:
    seen = board((HOST, 100.0))
    host = Node(name="app1", address="10.0.1.11", roles=("app",), domain="rack-a", cpus=8, health=Health.UP)
    assert seen.snapshot(130.0, AT).nodes[0] == host
    late = seen.snapshot(161.0, AT).nodes[0]
    assert (late.health, late.reason, late.cpus, late.load1) == (Health.UNKNOWN, "last seen 61 s ago", 8, None)


def test_a_new_process_is_a_reload() -> None:
    seen = board((LOOK, 1.0), (replace(LOOK, process_id=8, uptime_s=0), 2.0))
    assert seen.snapshot(2.0, AT).balancers[0].reloads == 1


def test_an_uptime_that_fell_is_a_reload() -> None:
    seen = board((LOOK, 1.0), (replace(LOOK, uptime_s=2), 2.0), (replace(LOOK, uptime_s=3), 3.0))
    assert seen.snapshot(3.0, AT).balancers[0].reloads == 1


def test_a_reload_behind_a_failed_look_is_noticed_too() -> None:
    failed = BalancerView(balancer="lb1", health=Health.UNKNOWN, reason="not answering")
    seen = board((LOOK, 1.0), (failed, 2.0), (replace(LOOK, process_id=8), 3.0))
    assert seen.snapshot(3.0, AT).balancers[0].reloads == 1


def test_the_first_look_is_no_reload() -> None:
    assert board((LOOK, 1.0)).snapshot(1.0, AT).balancers[0].reloads == 0


def test_what_came_over_the_network_is_made_safe() -> None:
    evil = replace(UP, health=Health.DOWN, reason="\x1b]0;owned\x07")
    assert health(board((evil, 1.0)).snapshot(1.0, AT))[1] == r"\x1b]0;owned\x07"


def test_a_snapshot_tells_what_is_wrong_and_what_it_tolerates() -> None:
    down = replace(UP, health=Health.DOWN, reason="mongodb: fail")
    snapshot = board((down, 1.0)).snapshot(1.0, AT)
    assert ("server-down", "app1") in [(finding.code, finding.subject) for finding in snapshot.findings]
    assert snapshot.tolerates.app_servers == 0


@given(st.permutations([(UP, 3.0), (replace(UP, health=Health.DOWN), 2.0), (LOOK, 1.0), (HOST, 4.0)]))
def test_the_order_in_which_views_arrive_does_not_matter(views: list[tuple[object, float]]) -> None:
    assert board(*views).snapshot(5.0, AT) == merge(
        LAYOUT, [Observed(UP, 3.0), Observed(LOOK, 1.0), Observed(HOST, 4.0)], 5.0, AT
    )
