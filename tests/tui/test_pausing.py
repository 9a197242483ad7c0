"""What is on screen can be held; what is changed is always seen as it is."""

from dataclasses import replace
from datetime import timedelta

from tests.cluster.pictures import calm, primary_lost
from tests.tui.fakes import FakeSession, connected, console_on, shown


async def test_a_paused_screen_stays_as_it_is_says_for_how_long_and_goes_on() -> None:
    session = FakeSession(calm())
    app = console_on(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        await pilot.press("p")
        session.picture = replace(primary_lost(), at=calm().at + timedelta(seconds=12))
        app.feed.show(session.picture)
        await pilot.pause()
        assert "PAUSED 12 s" in shown(pilot, "header")
        assert app.feed.snapshot == calm()
        assert any("db1" in change.says for _, change in app.feed.events)
        await pilot.press("p")
        assert app.feed.snapshot == session.picture
        assert "PAUSED" not in shown(pilot, "header")


async def test_nothing_is_acted_on_while_the_screen_is_held() -> None:
    session = FakeSession(calm())
    app = console_on(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        await pilot.press("p", "a")
        await pilot.pause()
        assert not app.feed.paused
