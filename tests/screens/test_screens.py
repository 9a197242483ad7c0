"""Every screen is as approved, at the sizes that terminals have."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.change.events import Event, EventKind, Outcome
from console.change.journal import Problem, Verdict
from console.change.run import Confirmation
from console.cluster.snapshot import Admin, Snapshot
from console.tui.app import Console
from console.tui.table import Table
from tests.cluster.pictures import (
    AT,
    calm,
    draining,
    empty,
    large,
    primary_lost,
    unknown,
    with_pools,
    with_spare,
    with_spare_server,
    with_spares,
)
from tests.tui.fakes import FakeSession, connected, console_on
from tests.tui.records import interrupted, journal

Steps = Callable[[Pilot[int], FakeSession], Awaitable[None]]


def keys(*names: str) -> Steps:
    async def press(pilot: Pilot[int], _: FakeSession) -> None:
        await pilot.press(*names)
        await pilot.pause()

    return press


def plan(action: str, target: str, **given: str) -> Steps:
    async def open_it(pilot: Pilot[int], _: FakeSession) -> None:
        assert isinstance(pilot.app, Console)
        pilot.app.open_plan(action, target, given)
        await pilot.pause()
        if pilot.app.screen.query("#field-reason").first().display:
            pilot.app.screen.query_one("#field-reason Input", Input).value = "kernel update"
        await pilot.pause()

    return open_it


Told = tuple[EventKind, int | None, str, tuple[str, ...]]


def progress(*events: Told, end: tuple[Outcome, str] | None = None) -> Steps:
    async def run_it(pilot: Pilot[int], session: FakeSession) -> None:
        run = session.start(session.plan("drain", "app2"), Confirmation("kernel update"))
        for second, (kind, step, says, choices) in enumerate(events, 5):
            at = AT.replace(second=second)
            run.events.append(Event(at=at, run=run.id, kind=kind, step=step, says=says, choices=choices))
        if end is not None:
            run.outcome = end[0]
            run.events.append(Event(at=AT.replace(minute=1), run=run.id, kind=EventKind.FAILED, step=None, says=end[1]))
        await pilot.press("R")
        await pilot.pause()

    return run_it


def events(before: Snapshot) -> Steps:
    """The picture was another one first."""

    async def change(pilot: Pilot[int], session: FakeSession) -> None:
        assert isinstance(pilot.app, Console)
        after = session.picture
        pilot.app.feed.snapshot = before
        pilot.app.feed.show(after)
        await pilot.pause()

    return change


def theme(name: str) -> Steps:
    async def choose(pilot: Pilot[int], _: FakeSession) -> None:
        pilot.app.theme = name
        await pilot.pause()

    return choose


async def read_journal(pilot: Pilot[int], _: FakeSession) -> None:
    await pilot.press("j")
    while pilot.app.screen.query_one(Table).selected is None:
        await pilot.pause()
    await pilot.press("v")
    await pilot.pause(0.1)


READ_ONLY = "journal /var/lib/watchkeeper/journal.sqlite3 cannot be written: disk full"
CHANGED = Problem(7, "changed", "record 7 was changed: its bytes do not match its hash")
ONE_IN_MAINT = with_pools(calm(), "app3", admin=Admin.MAINT, sessions=0)
ALONE = with_pools(ONE_IN_MAINT, "app1", admin=Admin.DRAIN, sessions=3)
DRAINED: tuple[Told, ...] = (
    (EventKind.DOING, 1, "drain app2 on every balancer", ()),
    (EventKind.PROVED, 1, "drain on lb1 and lb2, 4 of 4 places", ()),
    (EventKind.DOING, 2, "wait until no session is left on app2", ()),
    (EventKind.DOING, 2, "8 sessions left on app2", ()),
)
ASKED: Told = (
    EventKind.DOING,
    2,
    "3 sessions left on app2 after 60 s: wait, extend, end-sessions, undo?",
    ("wait", "extend", "end-sessions", "undo"),
)
UNDONE: tuple[Told, ...] = (
    (EventKind.FAILED, 2, "not seen within 60 s: 3 sessions left on app2", ()),
    (EventKind.UNDOING, 1, "undo: drain app2 on every balancer", ()),
    (EventKind.UNDONE, 1, "ready on lb1 and lb2, 4 of 4 places", ()),
)
SIZES = ("80x24", "120x40", "160x45")
DASHBOARDS: dict[str, tuple[Snapshot, Steps]] = {
    "calm": (calm(), keys()),
    "primary-lost": (primary_lost(), events(calm())),
    "draining": (draining(), events(calm())),
    "unknown": (unknown(), keys()),
    "empty": (empty(), keys()),
    "large": (large(), keys()),
}
SCREENS: dict[str, tuple[Snapshot, Steps]] = {
    **{f"dashboard-{name}-{size}": how for name, how in DASHBOARDS.items() for size in SIZES},
    "dashboard-light-120x40": (primary_lost(), theme("watchkeeper-light")),
    "dashboard-high-contrast-120x40": (primary_lost(), theme("high-contrast")),
    "dashboard-colour-blind-safe-120x40": (primary_lost(), theme("colour-blind-safe")),
    "dashboard-spares-80x24": (with_spares(draining()), keys()),
    "dashboard-spares-120x40": (with_spares(draining()), keys()),
    "details-held-120x40": (with_spares(draining()), keys("down", "enter")),
    "details-spare-120x40": (with_spares(draining()), keys("tab", "tab", "end", "enter")),
    "read-only-120x40": (calm(), keys()),
    "plan-safe-120x40": (calm(), plan("drain", "app2")),
    "plan-degraded-120x40": (ONE_IN_MAINT, plan("drain", "app2")),
    "plan-degraded-80x24": (ONE_IN_MAINT, plan("drain", "app2")),
    "plan-refused-80x24": (ALONE, plan("drain", "app2")),
    "plan-step-down-120x40": (calm(), plan("step-down", "db1")),
    "action-menu-120x40": (ALONE, keys("down", "a")),
    "details-120x40": (primary_lost(), keys("tab", "tab", "enter")),
    "findings-120x40": (primary_lost(), keys("f")),
    "findings-80x24": (primary_lost(), keys("f")),
    "headroom-120x40": (calm(), keys("h")),
    "plan-add-server-120x40": (with_spare_server(calm()), plan("add-server", "app4")),
    "plan-add-secondary-120x40": (with_spare(calm()), plan("add-secondary", "db4")),
    "plan-resize-80x24": (calm(), plan("resize", "db2", memory="8GiB")),
    "plan-resize-120x40": (calm(), plan("resize", "db1", memory="8GiB")),
    "progress-120x40": (calm(), progress(*DRAINED)),
    "progress-question-80x24": (calm(), progress(*DRAINED, ASKED)),
    "progress-undone-120x40": (
        calm(),
        progress(*DRAINED, ASKED, *UNDONE, end=(Outcome.FAILED, "3 sessions left on app2; undone, it is as it was")),
    ),
    "journal-120x40": (calm(), read_journal),
    "unfinished-80x24": (calm(), keys("u", "down")),
    "unfinished-120x40": (calm(), keys("u")),
    "unfinished-sure-120x40": (calm(), keys("u", "u")),
    "help-120x40": (calm(), keys("question_mark")),
    "too-small-20x5": (calm(), keys()),
    "filter-120x40": (large(), keys("slash", "1", "9", "enter")),
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_as_approved(
    name: str, snap_compare: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, steps = SCREENS[name]
    width, height = map(int, name.rpartition("-")[2].split("x"))
    kept = interrupted(snapshot.cluster) if name.startswith("unfinished") else journal()
    session = FakeSession(snapshot, kept, READ_ONLY if name.startswith("read-only") else "")
    monkeypatch.setattr("console.tui.journal.verify", lambda _: Verdict(9, "5be2f00d00112233", (CHANGED,)))

    async def run_before(pilot: Pilot[int]) -> None:
        await connected(pilot)
        await steps(pilot, session)
        await pilot.pause()

    assert snap_compare(console_on(session, tmp_path), terminal_size=(width, height), run_before=run_before)
