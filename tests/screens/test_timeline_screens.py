"""The timeline, as approved: an election with what was done around it, alone, and with nothing known."""

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
from tests.screens.approved import Gallery
from tests.tui.fakes import FakeSession, console_on
from tests.tui.records import FixedJournal, SlowJournal, UnreadableJournal, journal


def later(snapshot: Snapshot, seconds: float) -> Snapshot:
    return replace(snapshot, at=calm().at + timedelta(seconds=seconds))


ELECTION = (later(primary_lost(), 3), later(calm(), 7.5))
SCREENS: dict[str, tuple[tuple[Snapshot, ...], FixedJournal, tuple[str, ...]]] = {
    "timeline": (ELECTION, journal(), ()),
    "timeline-incident": (ELECTION, journal(), ("enter",)),
    "timeline-filter": (ELECTION[:1], journal(), ("slash", "d", "b", "1", "enter")),
    "timeline-done-only": ((), journal(), ()),
    "timeline-empty": ((), FixedJournal(), ()),
    "timeline-loading": ((), SlowJournal(), ()),
    "timeline-unreadable": ((), UnreadableJournal(), ()),
}


@pytest.mark.parametrize("name", SCREENS)
async def test_the_timeline_is_as_approved(name: str, as_approved: Gallery, tmp_path: Path) -> None:
    pictures, kept, keys = SCREENS[name]

    async def before(pilot: Pilot[int]) -> None:
        assert isinstance(pilot.app, Console)
        for picture in pictures:
            pilot.app.feed.show(picture)
        await pilot.press("3")
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        while screen._problem == "reading the journal…" and not isinstance(kept, SlowJournal):
            await pilot.pause(0.02)
        screen.query_one("#records", Table).cursor = 0
        await pilot.press(*keys)

    try:
        await as_approved(console_on(FakeSession(calm(), kept), tmp_path), name, before)
    finally:
        if isinstance(kept, SlowJournal):
            kept.may_answer.set()
