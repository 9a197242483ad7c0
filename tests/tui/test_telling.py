from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.timer import Timer

from console.ports.logs import Log
from console.ports.protocols import RawDocument
from console.ports.raw import Raw
from console.tui.pager import Pager, folded, logged
from console.tui.parts import Wanted
from console.tui.telling import LogScreen, RawScreen
from tests.cluster.pictures import AT, calm
from tests.tui.fakes import FakeSession, opened, shown

TEXT = "\n".join(f"line {number} of the answer" for number in range(300))


def session(*lines: str, text: str = TEXT) -> FakeSession:
    made = FakeSession(calm())
    made.told = Raw(node="app1", at=AT, took_s=0.1, documents=(RawDocument(title="hello", text=text),))
    made.written = Log(node="app1", at=AT, lines=lines)
    return made


async def until_read(pilot: Pilot[int]) -> Pager:
    while not pilot.app.screen.query(Pager) or "read 0" not in shown(pilot, "standing"):
        await pilot.pause()
    await pilot.pause()
    return pilot.app.screen.query_one(Pager)


def rows(pager: Pager) -> list[str]:
    return [pager.render_line(y).text.rstrip() for y in range(pager.size.height)]


async def test_y_and_l_open_the_vendors_own_words_of_the_selected_row_and_esc_leads_back() -> None:
    async with opened(session("a line")) as pilot:
        for key, screen in (("y", RawScreen), ("l", LogScreen)):
            await pilot.press(key)
            await until_read(pilot)
            assert isinstance(pilot.app.screen, screen)
            assert "app1" in shown(pilot, "title")
            await pilot.press("escape")
            await pilot.pause()
            assert not isinstance(pilot.app.screen, screen)


async def test_the_detail_screen_leads_to_both() -> None:
    async with opened(session("a line")) as pilot:
        await pilot.press("enter", "y")
        await until_read(pilot)
        assert isinstance(pilot.app.screen, RawScreen)
        await pilot.press("escape", "l")
        await until_read(pilot)
        assert isinstance(pilot.app.screen, LogScreen)


async def test_a_search_goes_to_the_next_line_and_n_and_capital_n_go_on_and_back_and_around() -> None:
    async with opened(session()) as pilot:
        await pilot.press("y")
        pager = await until_read(pilot)
        await pilot.press("slash", *"LINE 25", "enter")
        await pilot.pause()
        assert "1 of 11" in shown(pilot, "standing")
        assert any("line 25 of" in row for row in rows(pager))
        await pilot.press("n")
        await pilot.pause()
        assert "2 of 11" in shown(pilot, "standing")
        assert any("line 250" in row for row in rows(pager))
        await pilot.press("N", "N")
        await pilot.pause()
        assert "11 of 11" in shown(pilot, "standing")


async def test_what_is_nowhere_is_said() -> None:
    async with opened(session()) as pilot:
        await pilot.press("y")
        await until_read(pilot)
        await pilot.press("n")
        assert "nothing is sought" in shown(pilot, "standing")
        await pilot.press("slash", *"zzz", "enter")
        await pilot.pause()
        assert "no line has 'zzz'" in shown(pilot, "standing")


async def test_a_document_that_was_not_read_says_why_and_how_many() -> None:
    made = session()
    assert made.told
    made.told = replace(made.told, documents=(RawDocument(title="hello", problem="no answer within 1.5 s"),))
    async with opened(made) as pilot:
        await pilot.press("y")
        pager = await until_read(pilot)
        assert "1 not read" in shown(pilot, "standing")
        assert any("? not read: no answer within 1.5 s" in row for row in rows(pager))


async def test_a_name_without_documents_is_said_on_the_screen() -> None:
    made = session()
    made.told = None
    async with opened(made) as pilot:
        pilot.app.post_message(Wanted("raw", "app", "app9"))
        while not pilot.app.screen.query(Pager) or "UTC" not in shown(pilot, "standing"):
            await pilot.pause()
        await pilot.pause()
        assert any("there is no 'app9'" in row for row in rows(pilot.app.screen.query_one(Pager)))


async def test_the_age_of_what_was_read_grows_and_ctrl_r_reads_again() -> None:
    made = session("one")
    async with opened(made) as pilot:
        await pilot.press("l")
        await until_read(pilot)
        made.picture = replace(calm(), at=AT + timedelta(seconds=30))
        pilot.app.feed.tick()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "30 s ago" in shown(pilot, "standing")
        made.written = Log(node="app1", at=AT + timedelta(seconds=30), lines=("one", "two"))
        await pilot.press("ctrl+r")
        while "2 lines" not in shown(pilot, "standing"):
            await pilot.pause()
        assert " 0 s ago" in shown(pilot, "standing")


async def test_following_reads_again_and_again_until_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.tui.telling.FOLLOW_EVERY_S", 0.01)
    made = session("one")
    async with opened(made) as pilot:
        await pilot.press("l")
        await until_read(pilot)
        await pilot.press("f")
        while made.logs_read < 4:
            await pilot.pause()
        assert "following" in shown(pilot, "standing")
        await pilot.press("f")
        await pilot.pause()
        assert "following" not in shown(pilot, "standing")


async def test_a_log_that_is_followed_and_read_by_hand_too_is_read_no_oftener(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[Timer] = []
    set_timer = LogScreen.set_timer

    def kept(self: LogScreen, *given: Any, **more: Any) -> Timer:
        timers.append(set_timer(self, *given, **more))
        return timers[-1]

    monkeypatch.setattr(LogScreen, "set_timer", kept)
    made = session("one")
    async with opened(made) as pilot:
        await pilot.press("l")
        await until_read(pilot)
        for keys in ("f", "ctrl+r", "ctrl+r", "f", "f"):
            await pilot.press(keys)
            await pilot.pause()
        while made.logs_read < 5 or not timers:
            await pilot.pause()
        await pilot.pause()
        assert len([timer for timer in timers if timer._task is not None]) == 1


async def test_a_log_begins_at_its_end_and_a_read_that_fails_later_keeps_the_lines() -> None:
    made = session(*(f"entry {number}" for number in range(300)))
    async with opened(made) as pilot:
        await pilot.press("l")
        pager = await until_read(pilot)
        while not any("entry 299" in row for row in rows(pager)):
            await pilot.pause()
        made.written = Log(node="app1", at=AT, problem="the connection was lost")
        await pilot.press("ctrl+r")
        while "the connection was lost" not in shown(pilot, "problem"):
            await pilot.pause()
        assert any("entry 29" in row for row in rows(pager))
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert any("entry 29" in row for row in rows(pager))


async def test_w_wraps_long_lines_or_leaves_them() -> None:
    async with opened(session("word " * 100)) as pilot:
        await pilot.press("l")
        pager = await until_read(pilot)
        assert pager.virtual_size.height > 1
        await pilot.press("w")
        await pilot.pause()
        assert pager.virtual_size.height == 1


async def test_all_of_it_is_what_is_copied() -> None:
    async with opened(session("one", "two")) as pilot:
        await pilot.press("l")
        await until_read(pilot)
        await pilot.press("c")
        assert pilot.app.clipboard == "one\ntwo"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ERROR: x", "error"),
        ("2026 [error] upstream", "error"),
        ('{"s":"E",  "c":"REPL"}', "error"),
        ("level=error x", "error"),
        ("WARNING: pool", "warn"),
        ('{"s":"W"}', "warn"),
        ("0 errors found", ""),
        ("NOTICE: up", ""),
    ],
)
def test_the_level_of_a_line_is_a_word_beside_it(text: str, word: str) -> None:
    assert logged(text).word == word


def test_hostile_text_is_spelt_out() -> None:
    assert "\x1b" not in logged("a\x1b[2Jb\tc").text


def test_a_long_line_is_parted_between_words_and_nothing_is_lost() -> None:
    text = "some words that are too long for the room " + "x" * 50
    parts = folded(text, 20)
    assert "".join(parts) == text
    assert all(len(part) <= 20 for part in parts)
    assert folded("", 20) == [""]
    wide = "漢字" * 20
    assert "".join(folded(wide, 20)) == wide
