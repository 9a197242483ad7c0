"""Tables: filters, orders, and marks; as values, and by their keys."""

import asyncio
import base64
import threading
from dataclasses import replace

import pytest
from textual import events
from textual.keys import _character_to_key

from console.change.runbook.several import several
from console.cluster.matching import matches, problem
from console.tui.menu import Menu, refusal
from console.tui.ordering import Order, ordered
from console.tui.parts import Prompt
from console.tui.reading import ReadingScreen
from console.tui.sheet import Row
from console.tui.table import HEAD, Table
from console.tui.terminal import clipboard
from console.tui.words import Cell
from tests.cluster.pictures import calm, large, primary_lost
from tests.tui.fakes import FakeSession, connected, console_on, opened, shown


@pytest.mark.parametrize(
    ("words", "text", "is_shown"),
    [
        ("app1", "app1 ● up", True),
        ("APP", "app1 ● up", False),
        ("app", "APP1", True),
        ("^app[12] ", "app2 up", True),
        ("^app[12] ", "app3 up", False),
        ("!up", "app1 down", True),
        ("!up", "app1 up", False),
        ("! down|drain", "app1 drain", False),
        ("-f ap3", "app-server-3", True),
        ("-f 3pa", "app-server-3", False),
        ("[", "a [ b", True),
        ("[", "a b", False),
    ],
)
def test_a_filter_is_a_pattern_its_opposite_or_letters_in_order(words: str, text: str, is_shown: bool) -> None:
    assert matches(words)(text) is is_shown


def test_what_is_no_pattern_says_why() -> None:
    assert problem("[") == "no pattern: unterminated character set"
    assert problem("! (") != ""
    assert problem("-f [") == ""
    assert problem("app1") == ""


@pytest.mark.parametrize(
    ("least_first", "down"),
    [
        (["app2", "app9", "app10", "-"], ["app10", "app9", "app2", "-"]),
        (["3 s", "50 s", "3 min", "2 h", "1 d", "-"], ["1 d", "2 h", "3 min", "50 s", "3 s", "-"]),
        (["9 % of 8 GiB", "12 % of 4 GiB"], ["12 % of 4 GiB", "9 % of 8 GiB"]),
        (["0.5", "2.25", "10.0"], ["10.0", "2.25", "0.5"]),
        (["10.0.1.9", "10.0.1.11"], ["10.0.1.11", "10.0.1.9"]),
    ],
)
def test_numbers_are_ordered_as_numbers_and_what_is_not_known_is_last(least_first: list[str], down: list[str]) -> None:
    rows = [Row(text, (Cell(text),)) for text in sorted(least_first)]
    assert [row.key for row in ordered(rows, Order(0, down=False))] == least_first
    assert [row.key for row in ordered(rows, Order(0, down=True))] == down


async def test_a_letter_sorts_by_its_column_then_the_other_way_then_as_it_was() -> None:
    async with opened(FakeSession(calm())) as pilot:
        table = pilot.app.screen.query_one("#app", Table)
        before = [row.key for row in table._rows]
        await pilot.press("S")
        assert [row.key for row in table._rows] == ["app1", "app2", "app3"]
        assert "sessions▲" in table.render_line(1).text
        await pilot.press("S")
        assert [row.key for row in table._rows] == ["app3", "app2", "app1"]
        assert table.selected == "app1"
        await pilot.press("S")
        assert [row.key for row in table._rows] == before
        assert table.order is None


async def test_an_order_stays_while_the_cluster_moves() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        table = pilot.app.screen.query_one("#app", Table)
        await pilot.press("N", "N")
        servers = session.picture.app_servers
        session.picture = replace(session.picture, app_servers=(*servers, replace(servers[0], name="app4")))
        pilot.app.feed.show(session.picture)  # type: ignore[attr-defined]
        await pilot.pause()
        assert [row.key for row in table._rows] == ["app4", "app3", "app2", "app1"]


async def test_marked_rows_are_acted_on_together_with_the_impact_of_the_set() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("space", "space")
        table = pilot.app.screen.query_one("#app", Table)
        assert table.marked == ("app1", "app2")
        assert "* 2 marked" in table.render_line(0).text
        await pilot.press("a")
        assert isinstance(pilot.app.screen, Menu)
        assert "2 marked: app1, app2" in shown(pilot, "asks")
        assert "watchkeeper runbook run drain app1 app2 --dry-run" in shown(pilot, "script")
        await pilot.press("enter")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, ReadingScreen)
        while screen.reading:
            await pilot.pause(0.02)
        text = " ".join(shown(pilot, "text").split())
        assert "Drain app1: 2 of 3 application servers keep serving" in text
        assert "Drain app2: 1 of 3 application servers keep serving; no more may be lost" in text
        assert "watchkeeper runbook run drain app1 app2 --reason" in text


async def test_what_many_targets_would_do_is_planned_beside_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, may_go = threading.Event(), threading.Event()

    def slowly(*_: object) -> str:
        asked.set()
        assert may_go.wait(60)
        return ""

    monkeypatch.setattr("console.tui.menu.refusal", slowly)
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("space", "space", "a")
        menu = pilot.app.screen
        assert isinstance(menu, Menu)
        assert await asyncio.to_thread(asked.wait, 60)
        await pilot.press("down", "up")
        assert "watchkeeper runbook run drain app1 app2 --dry-run" in shown(pilot, "script")
        assert not menu.weighed
        may_go.set()
        while not menu.weighed:
            await pilot.pause(0.02)


async def test_the_last_of_a_set_is_refused_when_nobody_would_serve_after_it() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        await pilot.press("space", "space", "space", "a")
        menu = pilot.app.screen
        assert isinstance(menu, Menu)
        while not menu.weighed:
            await pilot.pause(0.02)
        assert "not now: drain app3: another server serves in every pool without app3: 0 others" in " ".join(
            str(pilot.app.screen.query_one("OptionList").get_option("drain").prompt).split()  # type: ignore[attr-defined]
        )
    assert refusal(session, "drain", ("app1", "app2")) == ""


async def test_esc_takes_filter_and_marks_away_and_a_row_that_is_gone_loses_its_mark() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        table = pilot.app.screen.query_one("#app", Table)
        await pilot.press("space", "space")
        session.picture = replace(session.picture, app_servers=session.picture.app_servers[1:])
        pilot.app.feed.show(session.picture)  # type: ignore[attr-defined]
        await pilot.pause()
        assert table.marked == ("app2",)
        await pilot.press("escape")
        assert not table.marks


async def test_faults_alone_are_shown_and_everything_again() -> None:
    async with opened(FakeSession(primary_lost())) as pilot:
        members, servers = (pilot.app.screen.query_one(f"#{id}", Table) for id in ("replica_set", "app"))
        await pilot.press("exclamation_mark")
        assert [row.key for row in members._rows] == ["db1"]
        assert "! faults" in members.render_line(0).text
        assert "nothing is wrong here" in servers.render_line(2).text
        await pilot.press("escape")
        assert len(members._rows) == len(servers._rows) == 3


async def test_what_has_changed_is_marked_for_a_moment() -> None:
    session = FakeSession(calm())
    async with opened(session) as pilot:
        members = pilot.app.screen.query_one("#replica_set", Table)
        assert not members._changed
        pilot.app.feed.show(primary_lost())  # type: ignore[attr-defined]
        await pilot.pause()
        marked = [members.render_line(line).text[0] for line in (2, 3, 4)]
        assert marked == ["~", " ", " "]
        members._settle("db1")
        await pilot.pause()
        assert members.render_line(2).text[0] == " "


def test_one_action_for_several_is_a_runbook_that_can_be_read_again_from_its_text() -> None:
    runbook = several(calm(), "resize", ("db2", "db3", "db2"))
    again = type(runbook).decode(runbook.name, runbook.text, runbook.path)
    assert [stage.on for stage in again.table.stages] == ["db2", "db3"]
    assert {parameter.name for parameter in again.table.parameters} >= {"memory", "cache"}
    assert "workers" not in {parameter.name for parameter in again.table.parameters}


def test_a_target_that_an_action_cannot_have_is_told_with_those_that_it_can() -> None:
    with pytest.raises(Exception, match="drain: db1 cannot be its target; app1, app2, app3 can"):
        several(calm(), "drain", ("app1", "db1"))


async def test_c_copies_the_selected_name_to_the_terminal_s_clipboard() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("down", "c")
        assert pilot.app.clipboard == "app2"
        await pilot.press("a", "escape", "f", "c")
        assert pilot.app.clipboard == "app2"
        assert any("nothing to copy" in notice.message for notice in pilot.app._notifications)


def test_what_is_copied_goes_through_tmux_and_screen() -> None:
    plain = f"\x1b]52;c;{base64.b64encode('Größe'.encode()).decode()}\a"
    assert clipboard("Größe", {}) == plain
    assert clipboard("Größe", {"TMUX": "/tmp/tmux-0/default,1,0"}) == f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"
    pieces = clipboard("x" * 3000, {"STY": "1.pts"}).split("\x1b\\")
    assert all(piece.startswith("\x1bP") and len(piece) <= 260 for piece in pieces[:-1])
    assert "".join(piece[2:] for piece in pieces[:-1]) == clipboard("x" * 3000, {})


async def test_views_are_gone_through_by_number_and_back_by_brackets() -> None:
    app = console_on(FakeSession(large()))
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        seen = []
        for key in ("4", "6", "left_square_bracket", "left_square_bracket", "right_square_bracket", "7", "1"):
            await pilot.press(key)
            seen.append(getattr(app.screen, "where", ""))
        assert seen == ["findings", "journal", "findings", "dashboard", "findings", "text", "dashboard"]
        assert len(app.screen_stack) == 1


async def test_what_is_typed_in_one_go_over_a_slow_line_is_all_of_it_the_command() -> None:
    async with opened(FakeSession(calm())) as pilot:
        for key in (":", *"drain app2"):
            pilot.app.post_message(events.Key(_character_to_key(key), key))
        await pilot.pause()
        assert pilot.app.screen.query_one(Prompt).value == "drain app2"
        await pilot.press("slash", "colon")
        assert pilot.app.screen.query_one(Prompt).value == "drain app2/:"
        pilot.app.post_message(events.Key("enter", None))
        await pilot.pause()
        assert any("cannot be its target" in n.message or "app2/:" in n.message for n in pilot.app._notifications)


async def test_the_first_letters_of_a_command_are_enough_where_no_other_begins_so() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("colon", *"find", "enter")
        await pilot.pause()
        assert pilot.app.screen.where == "findings"  # type: ignore[attr-defined]
        await pilot.press("colon", *"drain app2", "enter")
        await pilot.pause()
        assert pilot.app.screen.where == "plan"  # type: ignore[attr-defined]


async def test_in_less_room_the_row_of_the_cursor_is_still_seen() -> None:
    async with opened(FakeSession(large())) as pilot:
        table = pilot.app.screen.query_one("#app", Table)
        await pilot.press("end")
        await pilot.resize_terminal(80, 24)
        while table.size.width > 80:
            await pilot.pause()
        seen = table.size.height - HEAD
        assert table.scroll_offset.y <= table.cursor < table.scroll_offset.y + seen
