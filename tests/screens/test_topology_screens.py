"""The topology, as approved: calm, with opinions that differ, and with nobody answering."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.cluster.snapshot import Health, Snapshot
from console.tui.topology import TopologyScreen
from tests.cluster.pictures import begun, calm, empty, large, primary_lost, unknown, with_pools, with_server
from tests.screens.approved import SIZES, Gallery
from tests.tui.fakes import FakeSession, console_on
from tests.tui.records import journal


def differing() -> Snapshot:
    """lb1 finds app2 down, which says that it is up; app3 says that its database fails."""
    one = with_pools(calm(), "app2", balancer="lb1", check=Health.DOWN, check_says="L4TOUT in 2001 ms")
    return with_server(one, "app3", health=Health.DOWN, reason="mongodb: fail", database=Health.DOWN)


SCREENS: dict[str, tuple[Snapshot, tuple[str, ...]]] = {
    "topology": (differing(), ("down",)),
    "topology-calm": (calm(), ("tab", "tab")),
    "topology-domain": (calm(), ("shift+tab", "shift+tab", "end")),
    "topology-primary-lost": (primary_lost(), ("tab",)),
    "topology-unreachable": (unknown(), ()),
    "topology-begun": (begun(), ()),
    "topology-empty": (empty(), ()),
    "topology-large": (large(), ()),
}


@pytest.mark.parametrize("name", SCREENS)
async def test_the_topology_is_as_approved(name: str, as_approved: Gallery, tmp_path: Path) -> None:
    snapshot, keys = SCREENS[name]

    async def before(pilot: Pilot[int]) -> None:
        await pilot.press("2")
        while not isinstance(pilot.app.screen, TopologyScreen):
            await pilot.pause()
        await pilot.press(*keys)

    sizes = ("60x20", "80x24", "100x30", "120x40") if name == "topology" else SIZES
    await as_approved(console_on(FakeSession(snapshot, journal()), tmp_path), name, before, sizes)
