"""The connection screen: rows as they come, one test at a time, and none that goes on when nobody looks."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from console.ports.connections import Row, Verdict
from console.tui.connections import ConnectionsScreen
from console.tui.dashboard import Dashboard
from console.tui.table import Table
from console.tui.texts import TextScreen
from tests.cluster.pictures import calm
from tests.tui.fakes import FakeSession, opened, shown

MEND = "compare its key with the host's own, then: watchkeeper hosts trust app2"


def row(subject: str, verdict: Verdict, mend: str = "") -> Row:
    return Row(subject=subject, what="answers", verdict=verdict, says=f"{subject} says so", mend=mend)


class Trying(FakeSession):
    """Counts the tests that are going on."""

    begun = going = most = 0

    async def connections(self, state_dir: Path) -> AsyncGenerator[Row]:
        self.begun += 1
        self.going += 1
        self.most = max(self.most, self.going)
        try:
            async for told in super().connections(state_dir):
                yield told
        finally:
            await asyncio.sleep(0)  # what is closed takes its time
            self.going -= 1


async def until(pilot: Pilot[int], so: Callable[[], bool]) -> None:
    while not so():
        await pilot.pause(0.02)


async def on_screen(pilot: Pilot[int], rows: int) -> Table:
    await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionsScreen))
    table = pilot.app.screen.query_one(Table)
    await until(pilot, lambda: len(table._rows) == rows)
    return table


async def test_a_row_that_is_tried_becomes_the_row_that_tells_how_it_ended() -> None:
    session = Trying(calm())
    session.tries = row("lb1", Verdict.TRYING), row("db1", Verdict.TRYING), row("lb1", Verdict.OK)
    session.waits = True
    async with opened(session) as pilot:
        await pilot.press("0")
        table = await on_screen(pilot, 2)
        assert [one.cells[0].text for one in table._rows] == ["◎ trying", "● ok"]
        assert shown(pilot, "standing").strip().startswith("trying")


async def test_what_failed_stands_first_and_its_command_is_what_is_copied() -> None:
    session = Trying(calm())
    session.tries = row("lb1", Verdict.OK), row("app2", Verdict.FAILED, MEND)
    async with opened(session) as pilot:
        await pilot.press("0")
        table = await on_screen(pilot, 2)
        assert table._rows[0].cells[1].text == "app2"
        assert MEND in shown(pilot, "whole")
        await pilot.press("c")
        assert pilot.app.clipboard == "watchkeeper hosts trust app2"


async def test_to_try_again_ends_the_test_before_it_first() -> None:
    session = Trying(calm())
    session.tries, session.waits = (row("db1", Verdict.TRYING),), True
    async with opened(session) as pilot:
        await pilot.press("0")
        await on_screen(pilot, 1)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: session.begun == 2)
        assert session.most == 1


async def test_leaving_the_screen_ends_its_test() -> None:
    session = Trying(calm())
    session.tries, session.waits = (row("db1", Verdict.TRYING),), True
    async with opened(session) as pilot:
        await pilot.press("0")
        await on_screen(pilot, 1)
        assert session.going == 1
        await pilot.press("escape")
        await until(pilot, lambda: not session.going)
        assert isinstance(pilot.app.screen, Dashboard)


async def test_two_things_of_one_name_are_two_rows() -> None:
    session = Trying(calm())
    ended = row("db1", Verdict.FAILED, MEND), row("db1", Verdict.OK)
    session.tries = row("db1", Verdict.TRYING), row("db1", Verdict.TRYING), *ended
    async with opened(session) as pilot:
        await pilot.press("0")
        table = await on_screen(pilot, 2)
        assert [one.cells[0].text for one in table._rows] == ["■ failed", "● ok"]


async def test_enter_opens_all_that_a_row_says() -> None:
    session = Trying(calm())
    says = " ".join(f"rule{number}" for number in range(120))
    session.tries = (replace(row("db1", Verdict.FAILED, MEND), says=says),)
    async with opened(session) as pilot:
        await pilot.press("0")
        await on_screen(pilot, 1)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextScreen))
        assert "rule119" in shown(pilot, "text")


async def test_a_typed_command_opens_it() -> None:
    session = Trying(calm())
    session.tries = (row("lb1", Verdict.OK),)
    async with opened(session) as pilot:
        await pilot.press("colon", *"connections", "enter")
        await on_screen(pilot, 1)
        await until(pilot, lambda: shown(pilot, "standing").strip().startswith("tried"))
