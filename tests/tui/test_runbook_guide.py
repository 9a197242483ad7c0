"""A runbook gone through in the console, on a cluster in memory: by its real engine, key by key."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.change.journal import Journal, JournalError
from console.change.runbook.asking import Answer
from console.change.runbook.progress import Progress, progress
from console.cluster.snapshot import Approval
from console.ports.plugins import bundled
from console.session import Session
from console.tui import plan
from console.tui.app import Console
from console.tui.dashboard import Dashboard
from console.tui.guided import GuidedScreen
from console.tui.parts import Words
from console.tui.plan import Typed
from console.tui.reading import ReadingScreen
from console.tui.runbooks import RunbooksScreen
from console.tui.sure import Sure
from console.tui.table import Table
from console.tui.texts import Question
from console.tui.themes import Shelf
from plugins.memory import World
from tests.change.memory_session import memory_session
from tests.tui.fakes import shown

TEXT = """
title = "Out and in again"
purpose = "a test"

[[parameters]]
name = "server"
type = "app server"

[[parameters]]
name = "weight"
type = "integer"
default = 0

[[stages]]
name = "out"
action = "set-weight"
on = "{server}"
with = { weight = "{weight}" }

[[stages]]
name = "look"
question = "Is {server} idle?"

[[stages]]
name = "all replicate"
check = "every member replicates"

[[stages]]
name = "in"
action = "set-weight"
on = "{server}"
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's fingers are faster than a person's."""
    monkeypatch.setattr(plan, "DELIBERATE_S", 0.0)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Pilot[int], Console, World]]:
    """The console on a cluster in memory, with the runbook of these tests beside the bundled ones."""
    (folder / "runbooks").mkdir()
    (folder / "runbooks" / "turns.toml").write_text(TEXT)
    async with memory_session(folder) as (session, world):

        @asynccontextmanager
        async def given() -> AsyncIterator[Session]:
            yield session

        shelf = Shelf.of([bundled("themes")])
        console = Console(session.cluster, given, folder, shelf, config_dir=folder, live=False)
        async with console.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: console.feed.connected and console.feed.noting)
            yield pilot, console, world


async def until(pilot: Pilot[int], holds: Callable[[], bool]) -> None:
    """Wait until that is so."""
    async with asyncio.timeout(20):
        while not holds():
            await pilot.pause(0.02)


async def read(pilot: Pilot[int], *, server: str = "app2", reason: str = "kernel") -> ReadingScreen:
    """The runbook of these tests, with its fields filled in."""
    await pilot.press("r")
    table = pilot.app.screen.query_one("#shelf", Table)
    table.cursor = [row.key for row in table._rows].index("turns")
    await pilot.press("enter")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, ReadingScreen)
    screen.query_one("#field-server Input", Input).value = server
    screen.query_one("#field-reason Input", Input).value = reason
    await pilot.pause()
    await until(pilot, lambda: not screen.reading)
    return screen


async def test_without_a_reason_nothing_begins_and_what_is_missing_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, _):
        screen = await read(pilot, reason="")
        screen.query_one("#go").focus()
        await pilot.press("enter")
        await until(pilot, lambda: "say why first" in shown(pilot, "says-reason"))
        assert console.screen is screen
        assert not console.guide.going
        await pilot.press(*"disk")
        await until(pilot, lambda: "why, for the journal" in shown(pilot, "says-reason"))


async def begin(pilot: Pilot[int], console: Console) -> GuidedScreen:
    """It is begun, and asks about the plan of its first stage."""
    screen = await read(pilot)
    screen.query_one("#go").focus()
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda: console.guide.asks is not None and isinstance(console.screen, GuidedScreen))
    await pilot.pause()
    assert isinstance(console.screen, GuidedScreen)
    return console.screen


async def yes(pilot: Pilot[int], console: Console) -> None:
    """What is asked is answered with yes, and the next thing is asked."""
    asked = console.guide.asks
    console.screen.query_one("#go").focus()
    await pilot.pause()
    await pilot.press("enter")
    await until(
        pilot, lambda: console.guide.asks is not asked and (console.guide.asks is not None or not console.guide.going)
    )
    await pilot.pause()


def kept(console: Console) -> Progress:
    """What the journal tells of the run."""
    journal = console.feed.session.journal
    assert journal is not None
    [found] = progress(journal.records())
    return found


async def test_a_runbook_is_read_begun_confirmed_answered_and_done(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        await begin(pilot, console)
        assert not world.commands
        await yes(pilot, console)
        assert "lb1: set server app/app2 weight 0" in world.commands
        assert "Is app2 idle?" in shown(pilot, "text")
        await yes(pilot, console)
        await yes(pilot, console)
        assert "● DONE" in shown(pilot, "state")
        found = kept(console)
        assert (found.outcome, found.reason, found.values) == ("done", "kernel", {"server": "app2", "weight": 0})


async def test_enter_alone_confirms_nothing_when_a_plan_is_asked_about(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        await begin(pilot, console)
        await pilot.press("enter", "enter")
        assert console.guide.asks is not None
        assert not world.commands


async def test_a_field_that_is_empty_says_at_once_what_it_may_name(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, _, _):
        await pilot.press("r")
        table = pilot.app.screen.query_one("#shelf", Table)
        table.cursor = [row.key for row in table._rows].index("turns")
        await pilot.press("enter")
        await pilot.pause()
        assert "it has to be given: app server (app1, app2, app3)" in shown(pilot, "says-server")
        assert "why, for the journal" in shown(pilot, "says-reason")


async def test_it_does_not_begin_without_a_reason_or_with_a_mistake_beside_its_field(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, _):
        screen = await read(pilot, server="ap2", reason="")
        assert "no app server 'ap2'; did you mean 'app2'?" in shown(pilot, "says-server")
        screen.query_one("#go").focus()
        await pilot.pause()
        await pilot.press("enter")
        assert console.screen is screen
        screen.query_one("#field-server Input", Input).value = "app2"
        await pilot.pause()
        screen.query_one("#go").focus()
        await pilot.pause()
        await pilot.press("enter")
        assert console.screen is screen
        assert console.focused is screen.query_one("#field-reason Input")
        assert not console.guide.going


async def test_a_degraded_plan_is_confirmed_by_typing_its_target(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        world.kill("app3")
        await console.feed.session.look()
        screen = await begin(pilot, console)
        assert "type app2 to confirm" in shown(pilot, "says-confirm")
        screen.query_one(Typed).focus()
        await pilot.press("a", "p", "p", "1", "enter")
        assert not world.commands
        await pilot.press("backspace", "2", "enter")
        await until(pilot, lambda: bool(world.commands))


async def test_a_problem_is_shown_with_its_ways_and_gone_through_again_when_it_is_mended(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        await begin(pilot, console)
        await yes(pilot, console)
        world.kill("db3")
        await yes(pilot, console)
        assert console.guide.asks is not None
        assert console.guide.asks.kind == "problem"
        assert "2 of 3, not db3" in shown(pilot, "text")
        assert "Look once more" in shown(pilot, "state")
        world.revive("db3")
        await pilot.press("r")
        await until(pilot, lambda: console.guide.asks is not None and console.guide.asks.kind == "plan")


async def test_a_stage_is_left_out_only_with_a_reason(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        await begin(pilot, console)
        await pilot.press("s")
        sure = console.screen
        assert isinstance(sure, Sure)
        sure.query_one("#go").focus()
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: console.focused is sure.query_one("#why"))
        assert console.screen is sure
        await until(pilot, lambda: not sure.query_one("#go").has_class("-active"))  # till then it takes no key again
        sure.query_one("#why", Input).value = "it is out already"
        sure.query_one("#go").focus()
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: kept(console).ended.get("1") == "skipped")
        assert not world.commands


async def test_leaving_the_screen_leaves_it_running_and_r_comes_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, _):
        await begin(pilot, console)
        await pilot.press("escape")
        assert isinstance(console.screen, Dashboard)
        assert "asks (r)  out" in shown(pilot, "header")
        await pilot.press("r")
        assert isinstance(console.screen, GuidedScreen)
        assert console.guide.going


async def test_a_pause_holds_before_the_next_stage_until_it_carries_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, _):
        await begin(pilot, console)
        await pilot.press("p")
        console.screen.query_one("#go").focus()
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "PAUSED" in shown(pilot, "state"))
        assert kept(console).reached == "1"
        await pilot.press("c")
        await until(pilot, lambda: console.guide.asks is not None)
        assert kept(console).reached == "2"


async def test_stop_asks_once_more_and_the_run_is_offered_to_go_on_with(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, _):
        await begin(pilot, console)
        await yes(pilot, console)
        await pilot.press("x")
        assert isinstance(console.screen, Question)
        await pilot.press("enter")
        assert console.guide.going, "staying has the focus"
        await pilot.press("x", "tab", "enter")
        await until(pilot, lambda: not console.guide.going)
        assert kept(console).outcome == "stopped"
        await pilot.press("escape", "r")
        assert isinstance(console.screen, RunbooksScreen)
        left = console.screen.query_one("#left", Table)
        await until(pilot, lambda: left.selected == kept(console).id)
        await pilot.press("shift+tab", "enter")
        await pilot.pause()
        console.screen.query_one("#go").focus()
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: console.guide.asks is not None)
        assert console.guide.asks is not None
        assert console.guide.asks.task.key == "2", "what was done is not asked again"


async def test_unwind_undoes_what_was_done_by_plans_that_are_confirmed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        await begin(pilot, console)
        await yes(pilot, console)
        await pilot.press("u", "tab", "enter")
        await until(pilot, lambda: console.guide.asks is not None and console.guide.asks.kind == "plan")
        await pilot.pause()
        assert "undo stage 1: app2" in shown(pilot, "stages")
        await yes(pilot, console)
        assert kept(console).outcome == "unwound"
        assert "UNWOUND" in shown(pilot, "state")
        assert world.commands[-1].endswith("weight 100")


async def test_a_plan_whose_cluster_moved_is_not_confirmed_before_it_is_made_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        screen = await begin(pilot, console)
        for balancer in world.balancers.values():
            balancer.weights |= {place: 7 for place in balancer.weights if place[1] == "app2"}
        console.feed.show(await console.feed.session.look())
        await until(pilot, lambda: "The cluster moved" in shown(pilot, "state"))
        assert not screen.query_one("#buttons").display
        asked = console.guide.asks
        await pilot.press("r")
        await until(pilot, lambda: console.guide.asks not in (asked, None))
        await yes(pilot, console)
        assert "lb1: set server app/app2 weight 0" in world.commands


async def test_quitting_while_it_asks_stops_it_and_it_can_be_gone_on_with(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        await begin(pilot, console)
        await pilot.press("q")
        assert isinstance(console.screen, Question)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: console.return_code == 0)
        assert kept(console).outcome == "stopped"
        assert not world.commands


async def test_another_operator_agrees_in_their_own_console_once_they_are_sure(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, world):
        says, since = "Remove db3", console.feed.session.snapshot.at
        asked = Approval(id="9c0d1e2f/5", owner="bob@bastion2", says=says, reason="rack c moves", since=since)
        world.kept.approvals[asked.id] = asked
        console.feed.show(await console.feed.session.look())
        await pilot.press("r")
        console.screen.query_one("#approvals").focus()
        await pilot.pause()
        assert "bob@bastion2 asks: Remove db3" in shown(pilot, "whole")
        await pilot.press("y", "enter")
        assert world.kept.approvals[asked.id].agreed is None, "to do nothing has the focus"
        await pilot.press("y", "tab", "enter")
        await until(pilot, lambda: world.kept.approvals[asked.id].agreed is True)
        journal = console.feed.session.journal
        assert journal is not None
        assert [record.kind for record in journal.records()][-1] == "approval.given"


async def test_an_answer_that_comes_too_late_is_none_to_the_next_question(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, console, _):
        await begin(pilot, console)
        first = console.guide.asks
        await yes(pilot, console)
        second = console.guide.asks
        console.guide.reply(first, Answer(way="stop"))
        await pilot.pause(0.1)
        assert console.guide.asks is second


async def test_a_journal_that_cannot_be_written_is_told_and_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as (pilot, console, _):

        async def full(*_: object, **__: object) -> None:
            raise JournalError("the journal cannot be written: disk full")

        await begin(pilot, console)
        monkeypatch.setattr(Journal, "append", full)
        console.screen.query_one("#go").focus()
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: not console.guide.going)
        await pilot.pause()
        assert "disk full" in shown(pilot, "state")
        assert console.screen.query_one("#cluster").query(Words)
