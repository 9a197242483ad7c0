"""Every screen is as approved, at the sizes that terminals have."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.change.events import Event, EventKind, Outcome
from console.change.run import Run
from console.cluster.snapshot import Health
from console.tui.app import Console
from console.tui.plan import PlanScreen
from console.tui.table import Table
from tests.cluster import pictures
from tests.tui.fakes import FakeSession, console, console_on, session_of
from tests.tui.records import journal

Steps = Callable[[Pilot[int]], Awaitable[None]]
AT = pictures.AT


async def connected(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, Console)
    while not app.feed.connected:
        await pilot.pause()
    await pilot.pause()


def keys(*names: str) -> Steps:
    async def press(pilot: Pilot[int]) -> None:
        await connected(pilot)
        await pilot.press(*names)
        await pilot.pause()

    return press


def plan(action: str, target: str) -> Steps:
    async def open_it(pilot: Pilot[int]) -> None:
        await connected(pilot)
        assert isinstance(pilot.app, Console)
        pilot.app.open_plan(action, target)
        await pilot.pause()
        if pilot.app.screen.query("#field-reason").first().display:
            pilot.app.screen.query_one("#field-reason Input", Input).value = "kernel update"
        await pilot.pause()

    return open_it


def progress(*events: tuple[EventKind, int | None, str, tuple[str, ...]], end: tuple[Outcome, str] | None = None) -> Steps:
    async def run_it(pilot: Pilot[int]) -> None:
        await connected(pilot)
        assert isinstance(pilot.app, Console)
        session = session_of(pilot.app)
        run = session.start(session.plan("drain", "app2"), Confirmation("kernel update"))
        for second, (kind, step, says, choices) in enumerate(events, 5):
            at = AT.replace(second=second)
            run.events.append(Event(at=at, run=run.id, kind=kind, step=step, says=says, choices=choices))
        if end is not None:
            run.outcome = end[0]
            run.events.append(Event(at=AT.replace(minute=1), run=run.id, kind=EventKind.FAILED, step=None, says=end[1]))
        await pilot.press("R")
        await pilot.pause()
        run.outcome = run.outcome or None

    return run_it
