from dataclasses import replace

import pytest

from console.cluster.layout import BalancerLine, Layout, NodeLine
from console.cluster.merge import Board
from console.cluster.snapshot import Admin, AppServer, Health, PoolMember, Snapshot
from console.cluster.views import BalancerView, HealthView
from tests.cluster.pictures import AT


def entry(server: str, address: str = "", balancer: str = "lb1") -> PoolMember:
    return PoolMember(
        balancer=balancer,
        backend="app",
        server=server,
        admin=Admin.READY,
        check=Health.UP,
        check_says="L7OK",
        weight=1,
        sessions=3,
        queue=0,
        address=address,
    )


def look(*servers: PoolMember, balancer: str = "lb1", health: Health = Health.UP, reason: str = "") -> BalancerView:
    return BalancerView(balancer=balancer, health=health, reason=reason, servers=servers, writable=True, uptime_s=9)


def picture(*views: BalancerView | HealthView, nodes: tuple[NodeLine, ...] = (), now_s: float = 0.0) -> Snapshot:
    layout = Layout(cluster="small", nodes=nodes, balancers=(BalancerLine(name="lb1", plugin="haproxy"),))
    board = Board(layout)
    for at, view in enumerate(views):
        board.put(view, at * 0.001)
    return board.snapshot(now_s, AT)


APP1 = NodeLine(name="app1", address="10.0.1.11", roles=("app",))


@pytest.mark.parametrize(
    "seen",
    [entry("app1"), entry("srv-a", "10.0.1.11:8080"), entry("srv-a", "10.0.1.11"), entry("srv-a", "app1:8080")],
)
def test_a_server_in_a_pool_belongs_to_the_node_of_its_name_or_address(seen: PoolMember) -> None:
    assert picture(look(seen), nodes=(APP1,)).app_servers == (
        AppServer(name="app1", address="10.0.1.11", reason="not looked at yet", pools=(seen,)),
    )


def test_nodes_that_share_a_host_are_told_apart_by_port() -> None:
    nodes = (replace(APP1, port=8081), NodeLine(name="app2", address="10.0.1.11", port=8082, roles=("app",)))
    servers = picture(look(entry("a", "10.0.1.11:8082"), entry("b", "10.0.1.11:8081")), nodes=nodes).app_servers
    assert [(s.name, s.address, [p.server for p in s.pools]) for s in servers] == [
        ("app1", "10.0.1.11:8081", ["b"]),
        ("app2", "10.0.1.11:8082", ["a"]),
    ]


def test_a_server_that_only_a_balancer_knows_is_not_hidden() -> None:
    seen = entry("forgotten", "10.9.9.9:80")
    assert picture(look(seen), nodes=(APP1,)).app_servers[1] == AppServer(
        name="forgotten", address="10.9.9.9:80", reason="not in the cluster file", pools=(seen,)
    )


def test_one_server_gathers_the_opinions_of_every_balancer() -> None:
    here, there = entry("app1"), entry("app1", balancer="lb2")
    snapshot = picture(look(there, balancer="lb2"), look(here), nodes=(APP1,))
    assert [server.pools for server in snapshot.app_servers] == [(here, there)]
    assert [balancer.name for balancer in snapshot.balancers] == ["lb1", "lb2"]


def test_the_last_words_of_a_balancer_that_fails_stay_and_are_never_healthy() -> None:
    failed = look(health=Health.DOWN, reason="connection refused")
    snapshot = picture(look(entry("app1")), failed, HealthView(server="app1", health=Health.UP), nodes=(APP1,))
    (pool,) = snapshot.app_servers[0].pools
    assert (pool.admin, pool.check, pool.check_says, pool.serving) == (
        Admin.READY,
        Health.UNKNOWN,
        "lb1: connection refused",
        False,
    )
    assert not snapshot.app_servers[0].serving


def test_the_words_of_a_balancer_not_seen_for_long_are_never_healthy() -> None:
    snapshot = picture(look(entry("app1")), nodes=(APP1,), now_s=12.0)
    (pool,) = snapshot.app_servers[0].pools
    assert (pool.check, pool.check_says, pool.known) == (Health.UNKNOWN, "lb1: last seen 12 s ago", False)
    assert (snapshot.balancers[0].health, snapshot.balancers[0].writable) == (Health.UNKNOWN, None)
