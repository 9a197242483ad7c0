"""A plan is confirmed by as much friction as its impact asks for, once, and never by accident."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from console.change.plan import Plan
from console.change.run import Confirmation
from console.cluster.snapshot import Admin, Health, Snapshot
from console.tui import plan
from console.tui.app import Console
from console.tui.dashboard import Dashboard
from console.tui.equivalent import change
from console.tui.plan import PlanScreen, Typed
from console.tui.progress import Progress
from tests.change.memory_session import memory_session
from tests.cluster.pictures import calm, with_pools, with_server
from tests.tui.fakes import FakeSession, opened, shown

ONE_IN_MAINT = with_pools(calm(), "app3", admin=Admin.MAINT)


@asynccontextmanager
async def planned(session: FakeSession, *, action: str = "drain", target: str = "app2") -> AsyncIterator[Pilot[int]]:
    async with opened(session) as pilot:
        assert isinstance(pilot.app, Console)
        pilot.app.open_plan(action, target)
        await pilot.pause()
        yield pilot


def started(session: FakeSession) -> list[tuple[Plan, Confirmation]]:
    return session.started


async def show(pilot: Pilot[int], session: FakeSession, snapshot: Snapshot) -> None:
    assert isinstance(pilot.app, Console)
    session.picture = snapshot
    pilot.app.feed.show(snapshot)
    await pilot.pause()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's fingers are faster than a person's."""
    monkeypatch.setattr(plan, "DELIBERATE_S", 0.0)


async def test_an_unsafe_plan_needs_the_name_of_the_cluster_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession(replace(calm(), replica_set=replace(calm().replica_set, majority=4)))
    monkeypatch.setattr(Plan, "refusals", ())
    async with planned(session, action="step-down", target="") as pilot:
        assert "give a reason and type the words" in shown(pilot, "state")
        field = pilot.app.screen.query_one(Typed)
        field.value = session.cluster
        field.focus()
        await pilot.press("enter")
        assert started(session) == []
        pilot.app.screen.query_one("#field-reason Input", Input).value = "the rack is on fire"
        field.focus()
        await pilot.press("enter")
        await pilot.pause()
        [(_, confirmation)] = started(session)
        assert (confirmation.reason, confirmation.words) == ("the rack is on fire", session.cluster)


async def test_a_tab_and_an_enter_that_come_at_once_are_a_paste_and_confirm_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plan, "DELIBERATE_S", 60.0)
    session = FakeSession(calm())
    async with planned(session) as pilot:
        await pilot.press("tab", "enter")
        assert started(session) == []
        monkeypatch.setattr(plan, "DELIBERATE_S", 0.0)
        await pilot.press("enter")
        assert len(started(session)) == 1


async def test_enter_alone_cancels_because_cancel_has_the_focus() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, Dashboard)
        assert started(session) == []


async def test_a_safe_plan_takes_one_deliberate_move_to_the_button() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        pilot.app.screen.query_one("#field-reason Input", Input).value = "kernel"
        await pilot.press("tab", "enter")
        await pilot.pause()
        [(made, confirmation)] = started(session)
        assert (made.action, made.target) == ("drain", "app2")
        assert confirmation == Confirmation(reason="kernel", words=None, plan_hash=made.hash)
        assert isinstance(pilot.app.screen, Progress)


async def test_a_double_enter_starts_one_run() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        await pilot.press("tab", "enter", "enter", "enter")
        await pilot.pause()
        assert len(started(session)) == 1


async def test_a_degraded_plan_is_confirmed_by_typing_its_target() -> None:
    session = FakeSession(ONE_IN_MAINT)
    async with planned(session) as pilot:
        pilot.app.screen.query_one(Typed).focus()
        await pilot.press("a", "p", "p", "1", "enter")
        assert started(session) == []
        await pilot.press("backspace", "2", "enter")
        await pilot.pause()
        [(_, confirmation)] = started(session)
        assert confirmation.words == "app2"


async def test_the_button_of_a_degraded_plan_does_nothing_without_the_words() -> None:
    session = FakeSession(ONE_IN_MAINT)
    async with planned(session) as pilot:
        pilot.app.screen.query_one("#go").focus()
        await pilot.press("enter")
        assert started(session) == []
        assert isinstance(pilot.app.focused, Typed)


async def test_pasting_the_words_does_not_confirm() -> None:
    session = FakeSession(ONE_IN_MAINT)
    async with planned(session) as pilot:
        field = pilot.app.screen.query_one(Typed)
        field.focus()
        await pilot.pause()
        pilot.app.post_message(events.Paste("app2\n"))
        await pilot.pause()
        assert field.value == ""
        await pilot.press("enter")
        assert started(session) == []


async def test_a_refused_plan_has_nothing_to_press_but_cancel() -> None:
    alone = with_pools(ONE_IN_MAINT, "app1", admin=Admin.DRAIN)
    session = FakeSession(alone)
    async with planned(session) as pilot:
        assert not pilot.app.screen.query_one("#go").display
        assert "refused, nothing can be sent" in shown(pilot, "state")
        await pilot.press("tab", "enter", "tab", "enter", "tab", "enter")
        assert started(session) == []


async def test_a_read_only_session_says_why_nothing_can_be_changed() -> None:
    session = FakeSession(calm(), problem="the journal is not writable")
    async with planned(session) as pilot:
        assert "nothing can be changed: the journal is not writable" in shown(pilot, "state")
        assert not pilot.app.screen.query_one("#go").display


async def test_a_cluster_that_moved_is_told_with_the_difference_and_must_be_read_again() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        await show(pilot, session, with_pools(calm(), "app2", "lb1", "web", check=Health.DOWN))
        assert "lb1: web/app2 was ready, check up, is ready, check down" in shown(pilot, "state")
        assert not pilot.app.screen.query_one("#go").display
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert pilot.app.screen.query_one("#go").display


async def test_an_impact_that_grew_while_reading_must_be_read_again() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        await show(pilot, session, ONE_IN_MAINT)
        assert "The impact is another now: degraded" in shown(pilot, "state")
        await pilot.press("tab", "enter")
        assert started(session) == []


async def test_checks_are_live_while_the_plan_is_read() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        assert "lb1 answers: up, seen 0.3 s ago" in shown(pilot, "text")
        older = calm().balancers[0]
        await show(pilot, session, _aged(calm(), older.name, 7.0))
        assert "lb1 answers: up, seen 7.0 s ago" in shown(pilot, "text")
        assert not pilot.app.screen.query_one("#go").display


async def test_a_plan_that_was_read_long_ago_must_be_read_again() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, PlanScreen)
        screen._expire()
        await pilot.press("tab", "enter")
        assert started(session) == []
        assert "more than 120 s ago" in shown(pilot, "state")


async def test_an_edited_parameter_is_in_the_plan_that_starts() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        field = pilot.app.screen.query_one("#field-deadline Input", Input)
        field.value = "x"
        await pilot.pause()
        assert "--deadline: expected float, got 'x'" in shown(pilot, "state")
        field.value = "5"
        await pilot.pause()
        assert "--deadline=5" in shown(pilot, "text")
        pilot.app.screen.query_one("#go").focus()
        await pilot.press("enter")
        assert started(session)[0][0].parameters["deadline"] == 5.0


async def test_below_the_least_size_enter_does_nothing() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        pilot.app.screen.query_one("#go").focus()
        await pilot.resize_terminal(20, 5)
        await pilot.press("enter", "tab", "enter")
        assert started(session) == []
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert isinstance(pilot.app.screen, PlanScreen)


async def test_a_server_that_went_away_leaves_a_sentence_not_a_crash() -> None:
    session = FakeSession(calm())
    async with planned(session) as pilot:
        await show(pilot, session, with_server(calm(), "app2", name="app9"))
        assert "no application server 'app2'" in shown(pilot, "state")
        assert not pilot.app.screen.query_one("#go").display


def _aged(snapshot: Snapshot, balancer: str, age_s: float) -> Snapshot:
    return replace(
        snapshot, balancers=tuple(replace(b, age_s=age_s) if b.name == balancer else b for b in snapshot.balancers)
    )


async def test_the_line_for_a_shell_says_only_what_is_otherwise_than_by_itself(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        drain, resize = session.plan("drain", "app2"), session.plan("resize", "db2", {"memory": "4GiB"})
        assert change(drain, "kernel update") == (
            f"watchkeeper run drain app2 --reason 'kernel update' --yes --plan {drain.hash}"
        )
        assert change(resize, "more memory").startswith(
            "watchkeeper run resize db2 --memory=4GiB --reason 'more memory' "
        )


async def test_the_page_turns_while_cancel_has_the_focus() -> None:
    async with planned(FakeSession(calm())) as pilot:
        await pilot.resize_terminal(80, 24)
        page = pilot.app.screen.query_one("#page")
        assert pilot.app.focused is pilot.app.screen.query_one("#cancel")
        await pilot.press("pagedown")
        assert page.scroll_y > 0
        await pilot.press("pageup")
        assert page.scroll_y == 0
