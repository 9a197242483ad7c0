from dataclasses import replace

from console.cluster.history import EVERY_S, KEPT_S, History, peak, sampled
from console.cluster.layout import Layout, NodeLine
from console.cluster.merge import Board
from console.cluster.snapshot import Load, ServerLoad
from console.cluster.views import HealthView, View
from plugins.memory.members import MEMBERS
from plugins.memory.views import balancer_view, health_view, member_view
from plugins.memory.world import World
from tests.cluster.pictures import AT, calm, primary_lost, unknown, with_member, with_pools

LAYOUT = Layout(cluster="memory", nodes=(NodeLine(name="app1", address="app1", roles=("app",)),))


def watched(seconds: int, requests: int = 10) -> tuple[Board, World]:
    board, world = Board(LAYOUT), World()
    for second in range(seconds + 1):
        board.put(balancer_view(world, "lb1"), float(second))
        world.serve("app1", requests)
    return board, world


def test_a_sample_is_taken_every_few_seconds_and_the_oldest_are_forgotten() -> None:
    assert [sample.at_s for sample in watched(21)[0].history] == [5.0, 10.0, 15.0, 20.0]
    long = watched(2000, requests=0)[0]
    assert len(long.history) == KEPT_S / EVERY_S
    assert long.snapshot(2000.0, AT).load.over_s == KEPT_S


def test_after_a_long_silence_old_samples_are_forgotten_too() -> None:
    history = History()
    for at_s in (0.0, 5.0, 10.0, 5000.0, 5005.0):
        history.look(at_s, calm)
    assert [sample.at_s for sample in history.samples] == [5000.0, 5005.0]
    assert history.load(calm()).over_s == 10.0


def test_the_peak_outlives_the_moment() -> None:
    board, world = watched(10, requests=40)
    world.set_sessions("app1", 3)
    for second in range(11, 31):
        board.put(balancer_view(world, "lb1"), float(second))
    load = board.snapshot(30.0, AT).load
    assert (load.over_s, load.requests_s, load.peak_requests_s, load.peak_sessions) == (30.0, 0.0, 80.0, 6)
    assert load.servers[0] == ServerLoad(server="app1", peak_requests_s=80.0, peak_sessions=6)
    assert load.peak_of_one_s == 80.0


def test_before_the_first_sample_no_peak_is_claimed() -> None:
    assert watched(3)[0].snapshot(3.0, AT).load == Load(requests_s=20.0, errors_s=0.0)


def test_a_sample_holds_what_was_known() -> None:
    rated = with_pools(with_member(calm(), "db3", lag_s=4.0), "app1", requests_s=2.0, errors_s=0.5)
    sample = sampled(rated, 7.0)
    assert (sample.requests_s, sample.errors_s, sample.lag_s, sample.term) == (8.0, 2.0, 4.0, 7)
    assert sample.latency_ms == 6.0
    assert sample.sessions == sum(server.sessions or 0 for server in calm().app_servers)
    assert sampled(primary_lost(), 0.0).lag_s == 0.0


def test_a_sample_of_what_is_not_known_holds_nothing() -> None:
    sample = sampled(unknown(), 0.0)
    assert (sample.requests_s, sample.errors_s, sample.sessions) == (None, None, 0)
    assert (sample.latency_ms, sample.lag_s) == (None, None)
    assert peak([sample], 5.0).peak_requests_s is None


def test_every_tier_is_in_the_samples_of_a_board() -> None:
    board, world = Board(LAYOUT), World()
    world.lag("db2", 3.0)
    for second in range(6):
        views: list[View] = [balancer_view(world, "lb1"), health_view(world, "app1")]
        for view in (*views, *(member_view(world, m) for m in MEMBERS)):
            board.put(view, float(second))
    (sample,) = board.history
    assert (sample.latency_ms, sample.lag_s, sample.term, sample.requests_s) == (3.0, 3.0, 1, 0.0)


def test_pictures_that_differ_only_in_load_are_the_same() -> None:
    assert replace(calm(), load=Load(peak_requests_s=9.0)) == calm()


def test_a_source_that_is_no_balancer_moves_the_clock_too() -> None:
    board = Board(LAYOUT)
    for at_s in (0.0, 5.0):
        board.put(HealthView(server="app1", health=health_view(World(), "app1").health), at_s)
    assert len(board.history) == 1
