"""The tour of the demo: it goes on by what is done, on whatever screen that is."""

from textual.pilot import Pilot

from console.change.events import Outcome
from console.change.run import Confirmation
from console.cluster.snapshot import Snapshot
from console.tui.app import Console
from console.tui.tour import STOPS, Tour
from tests.cluster.pictures import calm
from tests.tui.fakes import FakeSession, connected, console_on, shown


def touring(snapshot: Snapshot, faults: dict[str, list[str]]) -> tuple[Console, FakeSession]:
    """The console of a demo, whose lab only writes down what is done to it."""
    session = FakeSession(snapshot)
    app = console_on(session)
    app.tour = Tour({word: nodes.append for word, nodes in faults.items()})
    return app, session


async def reached(pilot: Pilot[int], app: Console, stop: int) -> None:
    """Wait until the tour stands there; more than one stop is not gone at once."""
    assert app.tour is not None
    while app.tour.at < stop:
        await pilot.pause(0.02)
    assert app.tour.at == stop


def test_every_stop_fits_into_a_line_of_eighty_columns() -> None:
    tour = Tour({})
    for tour.at in range(len(STOPS)):
        [line] = tour.lines(80, 24)
        assert len(line.plain) <= 80


async def test_the_tour_is_gone_through_by_doing_what_it_says() -> None:
    done: dict[str, list[str]] = {"kill": [], "heal": []}
    app, session = touring(calm(), done)
    async with app.run_test(size=(80, 24)) as pilot:
        await connected(pilot)
        for stop, keys in enumerate((["down", "enter"], ["escape"], ["a"], ["enter"]), 1):
            await pilot.press(*keys)
            await reached(pilot, app, stop)
        run = session.start(session.plan("drain", "app2"), Confirmation("tour"))
        await reached(pilot, app, 5)
        session.end(Outcome.DONE, "done")
        await run.finished()
        await pilot.press("escape")
        await reached(pilot, app, 6)
        await pilot.press("colon", *"kill db1", "enter", "colon", *"heal db1", "enter")
        await reached(pilot, app, 7)
        assert done == {"kill": ["db1"], "heal": ["db1"]}


async def test_it_stands_above_the_keys_of_every_screen_and_can_be_put_away() -> None:
    app, _ = touring(calm(), {})
    async with app.run_test(size=(80, 24)) as pilot:
        await connected(pilot)
        assert shown(pilot, "keys").splitlines()[0].startswith(" TOUR 1/8")
        await pilot.press("a")
        await pilot.pause()
        box, script = (app.screen.query_one(part).region for part in ("#box", "#script"))
        assert (script.height, script.bottom) == (2, box.bottom - 1), "the menu's command is seen whole"
        await pilot.press("escape")
        await pilot.press("f")
        assert shown(pilot, "keys").splitlines()[0].startswith(" TOUR 1/8")
        await pilot.press("f2")
        assert "TOUR" not in shown(pilot, "keys")


async def test_faults_of_the_lab_are_no_commands_of_another_cluster() -> None:
    app = console_on(FakeSession(calm()))
    async with app.run_test(size=(80, 24)) as pilot:
        await connected(pilot)
        await pilot.press("colon", *"kill db1", "enter")
        await pilot.pause()
        assert any("'kill db1' is not a command" in notice.message for notice in app._notifications)
