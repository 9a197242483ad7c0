from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from console.change.journal import Journal, JournalError, Record
from console.tui.detail import DetailScreen
from console.tui.menu import Menu
from console.tui.parts import Wanted
from tests.cluster.pictures import calm, draining, with_pools, with_spares
from tests.tui.fakes import FakeSession, opened, shown
from tests.tui.records import FixedJournal, journal
from tests.tui.samples import samples


class Unreadable(FixedJournal):
    def newest(self, count: int) -> list[Record]:  # type: ignore[override]
        raise JournalError("journal /x cannot be read: disk I/O error; verify it")


async def on(pilot: Pilot[int], tier: str, name: str) -> None:
    pilot.app.post_message(Wanted("detail", tier, name))
    while not pilot.app.screen.query("#done") or "reading" in shown(pilot, "done") or not shown(pilot, "done"):
        await pilot.pause()


async def test_enter_and_d_open_the_details_of_the_selected_row_and_esc_leads_back() -> None:
    async with opened(FakeSession(calm(), journal())) as pilot:
        for key in ("enter", "d"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(pilot.app.screen, DetailScreen)
            assert "app1" in shown(pilot, "title")
            await pilot.press("escape")
            await pilot.pause()
            assert not isinstance(pilot.app.screen, DetailScreen)


async def test_only_the_events_of_this_thing_are_shown() -> None:
    session = FakeSession(calm(), journal())
    async with opened(session) as pilot:
        pilot.app.feed.show(with_pools(draining(), "app1", weight=3))  # type: ignore[attr-defined]
        await on(pilot, "app", "app2")
        assert "app2 is in drain" in shown(pilot, "changed")
        assert "app1" not in shown(pilot, "changed")
        await pilot.press("escape")
        await on(pilot, "balancer", "lb1")
        assert "app1" in shown(pilot, "changed")


async def test_what_was_done_to_it_stands_there_with_who_and_how_it_ended() -> None:
    async with opened(FakeSession(calm(), journal())) as pilot:
        await on(pilot, "app", "app2")
        assert "● done  drain by ada" in shown(pilot, "done")
        assert "20 min ago" in shown(pilot, "done")
        assert "kernel update" in shown(pilot, "done")


async def test_a_journal_that_cannot_be_read_is_not_known_and_not_empty() -> None:
    async with opened(FakeSession(calm(), Unreadable())) as pilot:
        await on(pilot, "app", "app2")
        assert "? not known" in shown(pilot, "done")
        assert "disk I/O error" in shown(pilot, "done")


async def test_a_run_that_ends_is_there_without_opening_the_screen_again(tmp_path: Path) -> None:
    kept = Journal.open(tmp_path, calm().cluster)
    session = FakeSession(calm(), kept)
    async with opened(session) as pilot:
        await on(pilot, "app", "app2")
        assert "none" in shown(pilot, "done")
        from console.change.events import Outcome
        from console.change.run import Confirmation

        run = session.start(session.plan("drain", "app2"), Confirmation("kernel"))
        await kept.append("plan.confirmed", run=run.id, action="drain", target="app2", reason="kernel")
        await kept.append("plan.finished", run=run.id, action="drain", target="app2", outcome="done")
        session.end(Outcome.DONE, "done")
        while run.outcome is None:
            await pilot.pause()
        pilot.app.feed.tick()  # type: ignore[attr-defined]
        while "● done" not in shown(pilot, "done"):
            await pilot.pause()
    kept.close()


async def test_charts_grow_with_the_samples_and_say_since_when() -> None:
    session = FakeSession(calm(), journal())
    async with opened(session) as pilot:
        await on(pilot, "app", "app1")
        assert "collecting: the first sample" in shown(pilot, "charts")
        session.samples = samples(session.picture, 13, range(0))
        pilot.app.feed.tick()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "requests" in shown(pilot, "charts")
        assert "collecting since 02:59:00 UTC, 60 s ago" in shown(pilot, "charts")
        session.samples = samples(session.picture)
        pilot.app.feed.tick()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "collecting" not in shown(pilot, "charts")


async def test_of_a_spare_nothing_is_drawn_and_its_facts_are_there() -> None:
    session = FakeSession(with_spares(calm()), journal())
    session.samples = samples(session.picture)
    async with opened(session) as pilot:
        await on(pilot, "replica_set", "db4")
        assert "nothing was known of it" in shown(pilot, "charts")
        assert "awaits a config" in shown(pilot, "facts")


async def test_what_is_gone_is_said_and_nothing_fails() -> None:
    session = FakeSession(calm(), journal())
    async with opened(session) as pilot:
        await on(pilot, "app", "app3")
        session.picture = replace(calm(), app_servers=calm().app_servers[:2])
        pilot.app.feed.tick()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "app3 is no longer there" in shown(pilot, "facts")


async def test_a_opens_its_actions() -> None:
    async with opened(FakeSession(calm(), journal())) as pilot:
        await on(pilot, "app", "app2")
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Menu)


async def test_on_a_narrow_screen_the_charts_stand_between_facts_and_events() -> None:
    async with opened(FakeSession(calm(), journal())) as pilot:
        await on(pilot, "app", "app2")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        screen = pilot.app.screen
        assert not screen.query_one("#charts").display
        assert screen.query_one("#charts-between").display
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert screen.query_one("#charts").display
        assert not screen.query_one("#charts-between").display
