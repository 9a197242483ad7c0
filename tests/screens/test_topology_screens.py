"""The topology, as approved: calm, with opinions that differ, and with nobody answering."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.cluster.snapshot import Health, Snapshot
from console.tui.app import Console
from console.tui.topology import TopologyScreen
from tests.cluster.pictures import calm, empty, large, primary_lost, unknown, with_pools, with_server
from tests.tui.fakes import FakeSession, connected, console_on
from tests.tui.records import journal


def differing() -> Snapshot:
    """lb1 finds app2 down, which says that it is up; app3 says that its database fails."""
    one = with_pools(calm(), "app2", balancer="lb1", check=Health.DOWN, check_says="L4TOUT in 2001 ms")
    return with_server(one, "app3", health=Health.DOWN, reason="mongodb: fail", database=Health.DOWN)


SCREENS: dict[str, tuple[Snapshot, tuple[str, ...]]] = {
    "topology-60x20": (differing(), ("down",)),
    "topology-80x24": (differing(), ("down",)),
    "topology-100x30": (differing(), ("down",)),
    "topology-120x40": (differing(), ("down",)),
    "topology-calm-120x40": (calm(), ("tab", "tab")),
    "topology-domain-80x24": (calm(), ("shift+tab", "shift+tab", "end")),
    "topology-primary-lost-120x40": (primary_lost(), ("tab",)),
    "topology-unreachable-80x24": (unknown(), ()),
    "topology-unreachable-120x40": (unknown(), ()),
    "topology-empty-80x24": (empty(), ()),
    "topology-large-120x40": (large(), ()),
    "topology-large-80x24": (large(), ()),
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_topology_is_as_approved(name: str, snap_compare: Callable[..., bool], tmp_path: Path) -> None:
    snapshot, keys = SCREENS[name]
    width, height = map(int, name.rpartition("-")[2].split("x"))

    async def run_before(pilot: Pilot[int]) -> None:
        await connected(pilot)
        await pilot.press("2")
        while not isinstance(pilot.app.screen, TopologyScreen):
            await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()

    app: Console = console_on(FakeSession(snapshot, journal()), tmp_path)
    assert snap_compare(app, terminal_size=(width, height), run_before=run_before)
