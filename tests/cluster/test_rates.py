from dataclasses import replace

import pytest

from console.cluster.layout import Layout, NodeLine
from console.cluster.merge import Board
from console.cluster.rates import Rates
from console.cluster.snapshot import Health, PoolMember
from console.cluster.views import BalancerView
from plugins.memory.views import balancer_view
from plugins.memory.world import World
from tests.cluster.pictures import AT

LAYOUT = Layout(cluster="memory", nodes=tuple(NodeLine(name=n, address=n, roles=("app",)) for n in ("app1", "app2")))

Seconds = float


class Watched:
    """A world that is looked at by the second."""

    def __init__(self) -> None:
        self.world, self.rates, self.at_s = World(), Rates(), 0.0

    def look(self, after_s: Seconds = 0.0, requests: int = 0, errors: int = 0) -> BalancerView:
        self.at_s += after_s
        self.world.serve("app1", requests, errors)
        return self.rates.rated(balancer_view(self.world, "lb1"), self.at_s)


def app1(view: BalancerView) -> tuple[float | None, float | None]:
    place: PoolMember = next(p for p in view.servers if (p.backend, p.server) == ("app", "app1"))
    return place.requests_s, place.errors_s


def test_one_look_makes_no_rate_and_two_do() -> None:
    watched = Watched()
    assert app1(watched.look()) == (None, None)
    assert app1(watched.look(2.0, requests=50, errors=4)) == (25.0, 2.0)


def test_looks_that_are_very_near_make_no_rate_yet() -> None:
    watched = Watched()
    watched.look()
    assert app1(watched.look(0.25, requests=1)) == (None, None)
    assert app1(watched.look(0.75, requests=1)) == (2.0, 0.0)


def test_a_rate_is_of_the_last_seconds_only() -> None:
    watched = Watched()
    watched.look()
    for _ in range(10):
        busy = watched.look(1.0, requests=100)
    for _ in range(5):
        idle = watched.look(1.0)
    assert app1(busy) == (100.0, 0.0)
    assert app1(idle) == (0.0, 0.0)
    assert len(watched.rates._looks["lb1"]) <= 6


def test_looks_that_are_far_apart_still_make_a_rate() -> None:
    watched = Watched()
    watched.look()
    assert app1(watched.look(30.0, requests=60)) == (2.0, 0.0)


def test_after_a_reload_the_rate_begins_anew_and_is_never_negative() -> None:
    watched = Watched()
    watched.look(requests=1000)
    watched.look(1.0, requests=10)
    watched.world.reload("lb1")
    assert app1(watched.look(1.0, requests=5)) == (None, None)
    assert app1(watched.look(1.0, requests=8)) == (8.0, 0.0)


def test_counters_that_fell_in_the_same_process_begin_anew() -> None:
    watched = Watched()
    watched.look(requests=1000)
    watched.world.balancers["lb1"].requests[("app", "app1")] = 3
    assert app1(watched.look(2.0)) == (None, None)


def test_a_balancer_that_did_not_answer_in_between_begins_anew() -> None:
    watched = Watched()
    watched.look()
    watched.rates.rated(BalancerView(balancer="lb1", health=Health.DOWN), 1.0)
    assert app1(watched.look(2.0, requests=100)) == (None, None)


def test_a_server_that_is_new_in_the_pool_has_a_rate_of_its_own_time() -> None:
    watched = Watched()
    with_one = watched.look()
    watched.rates = Rates()
    watched.rates.rated(replace(with_one, servers=with_one.servers[1:]), 0.0)
    assert app1(watched.look(2.0, requests=100)) == (None, None)
    assert app1(watched.look(2.0, requests=100)) == (50.0, 0.0)


def test_the_rate_stands_in_the_snapshot_until_the_balancer_is_not_known_any_more() -> None:
    board, world = Board(LAYOUT), World()
    board.put(balancer_view(world, "lb1"), 0.0)
    world.serve("app1", 30)
    board.put(balancer_view(world, "lb1"), 2.0)
    seen, old = board.snapshot(2.5, AT), board.snapshot(14.0, AT)
    assert [pool.requests_s for pool in seen.app_servers[0].pools] == [15.0, 15.0]
    assert seen.load.requests_s == 30.0
    assert [pool.requests_s for pool in old.app_servers[0].pools] == [None, None]
    assert old.load.requests_s is None


@pytest.mark.parametrize("health", [Health.DOWN, Health.UNKNOWN])
def test_a_failed_look_has_no_rate(health: Health) -> None:
    board, world = Board(LAYOUT), World()
    for at_s in (0.0, 2.0):
        board.put(balancer_view(world, "lb1"), at_s)
    board.put(BalancerView(balancer="lb1", health=health, reason="refused"), 3.0)
    assert board.snapshot(3.0, AT).load.requests_s is None
