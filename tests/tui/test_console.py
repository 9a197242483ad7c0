"""Moving about by keyboard: tables, filter, menu, commands, palette, progress, journal, and leaving."""

from pathlib import Path
from typing import cast

from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from console.change.journal import Journal
from console.cluster.snapshot import Admin, Snapshot
from console.tui.app import Console
from console.tui.commands import COMMANDS
from console.tui.dashboard import Dashboard
from console.tui.detail import DetailScreen
from console.tui.journal import JournalScreen
from console.tui.keymap import AS_DECLARED
from console.tui.menu import Menu
from console.tui.palette import Palette
from console.tui.parts import KeyBar, Prompt
from console.tui.plan import PlanScreen
from console.tui.table import Table
from console.tui.texts import TooSmall, help_lines
from tests.cluster.pictures import calm, draining, large, primary_lost, with_pools
from tests.tui.fakes import FakeSession, console_on, opened, shown


def table(pilot: Pilot[int], id: str) -> Table:
    return pilot.app.screen.query_one(f"#{id}", Table)


async def test_before_there_is_a_session_the_console_says_that_it_connects() -> None:
    app = console_on(FakeSession(calm()))
    dashboard = Dashboard(app.feed, app.guide, "passwork-prod")
    assert dashboard._standing(80)[0].plain.strip() == "connecting…"


async def test_tab_goes_through_the_tiers_and_enter_shows_the_row() -> None:
    async with opened(FakeSession(primary_lost())) as pilot:
        order = [cast(Table, pilot.app.focused).id]
        for _ in range(3):
            await pilot.press("tab")
            order.append(cast(Table, pilot.app.focused).id)
        assert order == ["app", "balancer", "replica_set", "node"]
        await pilot.press("shift+tab", "enter")
        assert isinstance(pilot.app.screen, DetailScreen)
        await pilot.pause()
        assert "db2" in shown(pilot, "facts")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, Dashboard)


async def test_a_filter_keeps_the_rows_with_the_words_and_esc_shows_all_again() -> None:
    async with opened(FakeSession(large())) as pilot:
        await pilot.press("slash", "1", "9", "9", "enter")
        assert [row.key for row in table(pilot, "app")._rows] == ["app199"]
        assert pilot.app.focused is table(pilot, "app")
        await pilot.press("escape")
        assert len(table(pilot, "app")._rows) == 200


async def test_a_filter_with_a_mark_keeps_the_rows_without_the_words() -> None:
    async with opened(FakeSession(draining())) as pilot:
        await pilot.press("slash", "exclamation_mark", *"drain")
        assert [row.key for row in table(pilot, "app")._rows] == ["app1", "app3"]
        await pilot.press("escape")
        assert len(table(pilot, "app")._rows) == 3


async def test_the_menu_leads_to_a_plan_and_changes_nothing() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        await pilot.press("down", "a")
        assert isinstance(pilot.app.screen, Menu)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PlanScreen)
        assert "Drain app2" in shown(pilot, "title")
        assert session.started == []


async def test_an_action_that_cannot_run_shows_its_first_refusal() -> None:
    alone = with_pools(with_pools(calm(), "app1", admin=Admin.MAINT), "app3", admin=Admin.MAINT)
    async with opened(FakeSession(alone)) as pilot:
        await pilot.press("down", "a")
        says = " ".join(str(pilot.app.screen.query_one(OptionList).get_option("drain").prompt).split())
        assert "not now: another server serves in every pool without app2: 0 others serving" in says


async def test_no_bare_key_of_the_dashboard_changes_anything() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        for key in "abcdefghiklmnoprstuvwxyz":
            await pilot.press(key)
            if not isinstance(pilot.app.screen, Dashboard):
                await pilot.press("escape")
        assert session.started == []


async def test_a_typed_command_takes_options_and_as_much_of_a_verb_as_is_clear() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("colon", *"dra app2 --until 30m", "enter")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, PlanScreen)
        assert "Drain app2" in shown(pilot, "title")
        assert screen.query_one("#field-until Input", Input).value == "30m"
        await pilot.press("escape", "colon", *"step-down --to db2", "enter")
        await pilot.pause()
        assert "Step down db1" in shown(pilot, "title")
        await pilot.press("escape", "colon", *"drain app2 --untl 30m", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Dashboard)


async def test_a_typed_command_opens_the_plan_of_its_target() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("colon", *"drain", "space", *"app3", "enter")
        await pilot.pause()
        assert "Drain app3" in shown(pilot, "title")


async def test_the_command_line_completes() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("colon", *"theme", "space", "h")
        await pilot.pause(0.1)
        await pilot.press("tab")
        assert pilot.app.screen.query_one(Prompt).value == "theme high-contrast"
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.theme == "high-contrast"


async def test_a_wrong_command_is_told_with_the_nearest_right_one() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("colon", *"jurnal", "enter")
        await pilot.pause()
        [notice] = pilot.app._notifications
        assert "did you mean 'journal'?" in notice.message


async def test_the_palette_lists_every_command_of_the_dashboard_and_every_action() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        found = [entry[0] for entry in Palette(pilot.app.screen)._entries()]
        told = AS_DECLARED.told("dashboard", "view", "everywhere")
        assert {f"{command.title} ({keys})" for keys, command in told} <= set(found)
        assert {f"drain {name}" for name in ("app1", "app2", "app3")} <= set(found)
        assert "theme watchkeeper-light" in found
        await pilot.press("ctrl+p", *"drain", "space", *"app3")
        await pilot.pause(0.5)
        assert isinstance(pilot.app.screen, CommandPalette)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert isinstance(pilot.app.screen, PlanScreen)


async def test_help_names_every_command_that_is_bound() -> None:
    text = "\n".join(line.plain for line in help_lines(120, AS_DECLARED))
    told = " ".join(text.split())
    for command in COMMANDS:
        assert command.help in told


async def test_the_key_bar_keeps_help_and_quit_when_it_is_narrow() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        line = pilot.app.screen.query_one(KeyBar)._lines[0].plain
        assert "? help" in line
        assert "q quit" in line
        assert len(line) <= 60


async def test_the_journal_is_read_and_verified(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "passwork-prod")
    journal.append_now("plan.confirmed", run="a3f2", action="drain", target="app2", reason="kernel")
    async with opened(FakeSession(calm(), journal), tmp_path) as pilot:
        await pilot.press("j")
        assert isinstance(pilot.app.screen, JournalScreen)
        while table(pilot, "records").selected is None:
            await pilot.pause()
        assert "unfinished" in shown(pilot, "verdict")
        await pilot.press("v")
        while "verified" not in shown(pilot, "verdict"):
            await pilot.pause()
        await pilot.press("enter")
        assert '"event.reason": "kernel"' in shown(pilot, "text")
    journal.close()


async def test_a_terminal_that_is_too_small_says_so_and_recovers() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert isinstance(pilot.app.screen, TooSmall)
        assert shown(pilot, "too-small").split("\n")[1] == "20x5;"
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert isinstance(pilot.app.screen, Dashboard)


async def test_what_changed_is_in_the_event_strip_with_its_utc_time() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        assert isinstance(pilot.app, Console)
        pilot.app.feed.show(draining())
        await pilot.pause()
        assert "03:00:00 UTC  admin     app2 is in drain in app on lb1" in shown(pilot, "events")


async def test_only_rows_that_changed_are_painted_again() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        before: dict[int, object] = dict(table(pilot, "app")._strips)
        show(pilot, with_pools(calm(), "app2", admin=Admin.DRAIN))
        await pilot.pause()
        after = table(pilot, "app")._strips
        assert after[0] is before[0]
        assert after[2] is before[2]
        assert after[1] is not before[1]


def show(pilot: Pilot[int], snapshot: Snapshot) -> None:
    assert isinstance(pilot.app, Console)
    pilot.app.feed.show(snapshot)
