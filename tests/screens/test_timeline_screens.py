"""The timeline, as approved: an election with what was done around it, alone, and with nothing known."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.cluster.snapshot import Snapshot
from console.tui.app import Console
from console.tui.table import Table
from console.tui.timeline import TimelineScreen
from tests.cluster.pictures import calm, primary_lost
from tests.tui.fakes import FakeSession, connected, console_on
from tests.tui.records import FixedJournal, UnreadableJournal, journal


def later(snapshot: Snapshot, seconds: float) -> Snapshot:
    return replace(snapshot, at=calm().at + timedelta(seconds=seconds))


SCREENS: dict[str, tuple[tuple[Snapshot, ...], FixedJournal, tuple[str, ...]]] = {
    **{
        f"timeline-{size}": ((later(primary_lost(), 3), later(calm(), 7.5)), journal(), ())
        for size in ("60x20", "80x24", "120x40")
    },
    "timeline-incident-80x24": ((later(primary_lost(), 3), later(calm(), 7.5)), journal(), ("enter",)),
    "timeline-filter-120x40": ((later(primary_lost(), 3),), journal(), ("slash", "d", "b", "1", "enter")),
    "timeline-done-only-80x24": ((), journal(), ()),
    "timeline-empty-80x24": ((), FixedJournal(), ()),
    "timeline-unreadable-80x24": ((), UnreadableJournal(), ()),
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_timeline_is_as_approved(name: str, snap_compare: Callable[..., bool], tmp_path: Path) -> None:
    pictures, kept, keys = SCREENS[name]
    width, height = map(int, name.rpartition("-")[2].split("x"))

    async def run_before(pilot: Pilot[int]) -> None:
        await connected(pilot)
        assert isinstance(pilot.app, Console)
        for picture in pictures:
            pilot.app.feed.show(picture)
        await pilot.press("3")
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        while screen._problem == "reading the journal…":
            await pilot.pause(0.02)
        screen.query_one("#records", Table).cursor = 0
        await pilot.press(*keys)
        await pilot.pause()

    assert snap_compare(
        console_on(FakeSession(calm(), kept), tmp_path), terminal_size=(width, height), run_before=run_before
    )
