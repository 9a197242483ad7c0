"""While a change is running: its question, leaving its screen, and leaving the console."""

from console.change.events import EventKind, Outcome
from console.change.run import Confirmation
from console.tui.dashboard import Dashboard
from console.tui.progress import Progress
from console.tui.texts import Question
from tests.cluster.pictures import calm
from tests.tui.fakes import FakeSession, opened, shown


async def test_the_question_is_answered_by_a_key_and_only_while_it_is_asked() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        run = session.start(session.plan("drain", "app2"), Confirmation())
        await pilot.press("R", "s")
        assert isinstance(pilot.app.screen, Progress)
        assert run.choice is None
        choices = ("wait", "extend", "end-sessions", "undo")
        await run.tell(EventKind.DOING, 2, "3 sessions left after 60 s: wait, extend, end-sessions, undo?", choices)
        await pilot.pause()
        assert "3 sessions left after 60 s" in shown(pilot, "question")
        await pilot.press("u")
        assert run.choice == "undo"
        run.choice = None
        await pilot.press("s")
        assert run.choice is None


async def test_leaving_the_progress_screen_leaves_the_run_going_and_r_returns() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        run = session.start(session.plan("drain", "app2"), Confirmation())
        await pilot.press("R", "escape")
        assert isinstance(pilot.app.screen, Dashboard)
        assert run.outcome is None
        assert run.stopped_by is None
        await pilot.press("R")
        session.end(Outcome.DONE, "Drain app2: done")
        await run.finished()
        await pilot.pause()
        assert "DONE" in shown(pilot, "question")


async def test_quit_ends_the_console() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert pilot.app.return_code == 0


async def test_quit_asks_while_a_change_is_running_and_staying_is_the_default() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        run = session.start(session.plan("drain", "app2"), Confirmation())
        await pilot.press("q")
        assert isinstance(pilot.app.screen, Question)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, Dashboard)
        assert run.stopped_by is None
        await pilot.press("q", "tab", "enter")
        await pilot.pause()
        assert run.stopped_by == "quit"
        session.end(Outcome.PARTIAL, "stopped by quit after step 1 of 2; what was done stays")
        await pilot.pause(0.1)
        assert pilot.app.return_code == 0
