"""The fleet, as approved: the worst first, one that is not seen, one that is looked at, and none at all."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.fleet import Fleet, Look, in_order
from console.tui.fleet import FleetScreen
from tests.cluster.pictures import AT, calm, draining, primary_lost
from tests.screens.approved import Gallery
from tests.tui.fakes import FakeSession, console_on

FILES = Path("/home/ann/.config/watchkeeper/clusters")
BROKEN = "$.replica_set.uri: expected mongodb://HOST:PORT,…/?replicaSet=NAME, got 'db1:27017'"


def look(name: str, **told: object) -> Look:
    return Look(name=name, path=FILES / f"{name}.toml", at=AT, **told)  # type: ignore[arg-type]


LOOKS = (
    look("passwork-prod", snapshot=calm()),
    look("passwork-eu", snapshot=primary_lost()),
    look("passwork-test", snapshot=replace(draining(), environment="test")),
    look("passwork-lab", problem=BROKEN),
    Look(name="passwork-us", path=FILES / "passwork-us.toml"),
)


class FixedFleet(Fleet):
    """Tells the same looks for ever."""

    def __init__(self, looks: tuple[Look, ...]) -> None:
        self.looks = looks
        self.paths = {one.name: one.path for one in looks}

    async def follow(self) -> AsyncGenerator[tuple[Look, ...]]:
        yield in_order(self.looks)


SCREENS: dict[str, tuple[tuple[Look, ...], tuple[str, ...]]] = {
    "fleet": (LOOKS, ("down",)),
    "fleet-broken": (LOOKS, ()),
    "fleet-loading": (tuple(Look(name=one.name, path=one.path) for one in LOOKS), ()),
    "fleet-empty": ((), ()),
}


@pytest.mark.parametrize("name", SCREENS)
async def test_the_fleet_is_as_approved(name: str, as_approved: Gallery, tmp_path: Path) -> None:
    looks, keys = SCREENS[name]

    async def before(pilot: Pilot[int]) -> None:
        await pilot.press("9")
        while not isinstance(pilot.app.screen, FleetScreen):
            await pilot.pause()
        await pilot.pause()
        pilot.app.screen.query_one("#records").cursor = 0  # type: ignore[attr-defined]
        await pilot.press(*keys)

    app = console_on(FakeSession(calm()), tmp_path)
    app.fleet = lambda: FixedFleet(looks)
    await as_approved(app, name, before)
