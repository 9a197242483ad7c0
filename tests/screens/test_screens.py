"""Every screen is as approved, at the sizes that terminals have."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from console.change.events import Event, EventKind, Outcome
from console.change.journal import Journal, Problem, Verdict
from console.change.run import Confirmation
from console.cluster.snapshot import Admin, Snapshot
from console.tui.app import Console
from console.tui.menu import Menu
from console.tui.reading import ReadingScreen
from console.tui.table import Table
from console.tui.tour import Tour
from tests.cluster.pictures import (
    AT,
    begun,
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
from tests.screens.approved import SIZES, Gallery
from tests.tui.fakes import FakeSession, console_on, never_connected
from tests.tui.records import FixedJournal, SlowJournal, UnreadableJournal, interrupted, journal

OTHER_THEMES = ("watchkeeper-light", "high-contrast", "colour-blind-safe")
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


State = tuple[Snapshot, Steps]
Told = tuple[EventKind, int | None, str, tuple[str, ...]]


def progress(*events: Told, end: tuple[Outcome, str] | None = None) -> Steps:
    async def run_it(pilot: Pilot[int], session: FakeSession) -> None:
        run = session.start(session.plan("drain", "app2"), Confirmation("kernel update"))
        for second, (kind, step, says, choices) in enumerate(events, 5):
            at = AT.replace(second=second)
            run.events.append(Event(at=at, run=run.id, kind=kind, step=step, says=says, choices=choices))
        if end is not None:
            run.outcome = end[0]
            last = Event(at=AT.replace(minute=1), run=run.id, kind=EventKind(str(end[0])), step=None, says=end[1])
            run.events.append(last)
        await pilot.press("R")
        await pilot.pause()

    return run_it


def events(before: Snapshot) -> Steps:
    """The picture was another one first."""

    async def change(pilot: Pilot[int], session: FakeSession) -> None:
        assert isinstance(pilot.app, Console)
        after = session.picture
        pilot.app.feed.noting = False
        pilot.app.feed.show(before)
        pilot.app.feed.noting = True
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


async def a_record(pilot: Pilot[int], session: FakeSession) -> None:
    await read_journal(pilot, session)
    await pilot.press("enter")


async def paused(pilot: Pilot[int], session: FakeSession) -> None:
    """What is on screen is 12 s old, and the Primary is lost since."""
    await pilot.press("p")
    assert isinstance(pilot.app, Console)
    pilot.app.feed.show(replace(primary_lost(), at=session.picture.at + timedelta(seconds=12)))
    await pilot.pause()


async def marked_menu(pilot: Pilot[int], _: FakeSession) -> None:
    """What can be done to two, once that is known."""
    await pilot.press("space", "space", "a")
    menu = pilot.app.screen
    assert isinstance(menu, Menu)
    while not menu.weighed:
        await pilot.pause(0.02)
    await pilot.pause()


async def together(pilot: Pilot[int], session: FakeSession) -> None:
    """Two servers are marked, and what draining both would do is read."""
    await pilot.press("space", "space", "a", "enter")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, ReadingScreen)
    screen.query_one("#field-reason Input", Input).value = "kernel update"
    while screen.reading:
        await pilot.pause(0.02)
    screen.query_one("#page", VerticalScroll).scroll_to(y=4, animate=False)


async def palette(pilot: Pilot[int], _: FakeSession) -> None:
    await pilot.press("ctrl+p", *"drain")
    while not pilot.app.screen.query_one("CommandList", OptionList).option_count:
        await pilot.pause(0.02)
    await pilot.pause(0.3)


def moved(then: Snapshot, steps: Steps) -> Steps:
    """The cluster is another one after these steps."""

    async def move(pilot: Pilot[int], session: FakeSession) -> None:
        await steps(pilot, session)
        assert isinstance(pilot.app, Console)
        session.picture = then
        pilot.app.feed.show(then)

    return move


async def a_tour(pilot: Pilot[int], _: FakeSession) -> None:
    """The second stop of the demo's tour."""
    assert isinstance(pilot.app, Console)
    pilot.app.tour = Tour({})
    pilot.app.tour.at = 1
    pilot.app.redraw_keys()


async def leave_while_running(pilot: Pilot[int], session: FakeSession) -> None:
    await progress(*DRAINED)(pilot, session)
    await pilot.press("escape", "q")


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
GONE: Told = (EventKind.PROVED, 2, "no session left on lb1 and lb2", ())
FAILED = "3 sessions left on app2; undone, it is as it was"
LOST = "lb1 was asked and its answer is lost; look at app2 before anything else"
UNDONE: tuple[Told, ...] = (
    (EventKind.FAILED, 2, "not seen within 60 s: 3 sessions left on app2", ()),
    (EventKind.UNDOING, 1, "undo: drain app2 on every balancer", ()),
    (EventKind.UNDONE, 1, "ready on lb1 and lb2, 4 of 4 places", ()),
)
DASHBOARD_SIZES = (*SIZES, "160x45")
DASHBOARDS: dict[str, State] = {
    "calm": (calm(), keys()),
    "primary-lost": (primary_lost(), events(calm())),
    "draining": (draining(), events(calm())),
    "unknown": (unknown(), keys()),
    "empty": (empty(), keys()),
    "large": (large(), keys()),
}
STATES: dict[str, State] = {
    "dashboard-spares": (with_spares(draining()), keys()),
    "dashboard-read-only": (calm(), keys()),
    "dashboard-filter": (large(), keys("slash", "1", "9", "enter")),
    "dashboard-no-pattern": (large(), keys("slash", "left_square_bracket")),
    "dashboard-command": (calm(), keys("colon", "d", "r")),
    "dashboard-begun": (begun(), keys()),
    "dashboard-sorted": (draining(), keys("S", "S")),
    "dashboard-faults": (primary_lost(), keys("exclamation_mark")),
    "dashboard-paused": (draining(), paused),
    "dashboard-marked": (calm(), keys("space", "space")),
    "detail-held": (with_spares(draining()), keys("down", "enter")),
    "detail-spare": (with_spares(draining()), keys("tab", "tab", "end", "enter")),
    "plan-safe": (calm(), plan("drain", "app2")),
    "plan-degraded": (ONE_IN_MAINT, plan("drain", "app2")),
    "plan-moved": (calm(), moved(ONE_IN_MAINT, plan("drain", "app2"))),
    "plan-read-only": (calm(), plan("drain", "app2")),
    "plan-refused": (ALONE, plan("drain", "app2")),
    "plan-step-down": (calm(), plan("step-down", "db1")),
    "plan-add-server": (with_spare_server(calm()), plan("add-server", "app4")),
    "plan-add-secondary": (with_spare(calm()), plan("add-secondary", "db4")),
    "plan-resize": (calm(), plan("resize", "db2", memory="8GiB")),
    "plan-resize-primary": (calm(), plan("resize", "db1", memory="8GiB")),
    "menu": (calm(), keys("down", "a")),
    "menu-refused": (ALONE, keys("down", "a")),
    "menu-read-only": (calm(), keys("down", "a")),
    "menu-marked": (calm(), marked_menu),
    "menu-balancer": (calm(), keys("tab", "a")),
    "marked-together": (calm(), together),
    "findings": (primary_lost(), keys("f")),
    "findings-mended": (ALONE, keys("f")),
    "findings-filter": (unknown(), keys("f", "slash", *"db3", "enter")),
    "findings-none": (calm(), keys("f")),
    "findings-unknown": (unknown(), keys("f")),
    "headroom": (calm(), keys("h")),
    "headroom-unknown": (unknown(), keys("h")),
    "headroom-begun": (begun(), keys("h")),
    "headroom-empty": (empty(), keys("h")),
    "progress": (calm(), progress(*DRAINED)),
    "progress-question": (calm(), progress(*DRAINED, ASKED)),
    "progress-done": (calm(), progress(*DRAINED, GONE, end=(Outcome.DONE, "Drain app2: done"))),
    "progress-undone": (calm(), progress(*DRAINED, ASKED, *UNDONE, end=(Outcome.FAILED, FAILED))),
    "progress-result-unknown": (calm(), progress(*DRAINED[:1], end=(Outcome.UNKNOWN, LOST))),
    "journal": (calm(), read_journal),
    "journal-record": (calm(), a_record),
    "journal-filter": (calm(), keys("j", "slash", *"intent", "enter")),
    "journal-empty": (calm(), keys("j")),
    "journal-loading": (calm(), keys("j")),
    "journal-unreadable": (calm(), keys("j")),
    "unfinished": (calm(), keys("u")),
    "unfinished-undone": (calm(), keys("u", "down")),
    "unfinished-sure": (calm(), keys("u", "u")),
    "unfinished-unreadable": (calm(), keys("u")),
    "unfinished-none": (calm(), keys("u")),
    "help": (calm(), keys("question_mark")),
    "themes": (calm(), keys("T")),
    "palette": (calm(), palette),
    "quit-while-running": (calm(), leave_while_running),
}
SCREENS: dict[str, tuple[State, Sequence[str]]] = {
    **{f"dashboard-{name}": (how, DASHBOARD_SIZES) for name, how in DASHBOARDS.items()},
    **{name: (how, SIZES) for name, how in STATES.items()},
    **{f"dashboard-{name}": ((primary_lost(), theme(name)), ("120x40",)) for name in OTHER_THEMES},
    "dashboard-tour": ((calm(), a_tour), SIZES[1:]),
    "too-small": ((calm(), keys()), ("20x5",)),
}


def _kept(name: str, snapshot: Snapshot) -> Journal:
    """The journal that a state needs."""
    if name.endswith("-unreadable"):
        return UnreadableJournal()
    if name.endswith("-loading"):
        return SlowJournal()
    if name in ("journal-empty", "unfinished-none"):
        return FixedJournal()
    return interrupted(snapshot.cluster) if name.startswith("unfinished") else journal()


@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_is_as_approved(
    name: str, as_approved: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snapshot, steps), sizes = SCREENS[name]
    kept = _kept(name, snapshot)
    session = FakeSession(snapshot, kept, READ_ONLY if name.endswith("read-only") else "")
    monkeypatch.setattr("console.tui.journal.verify", lambda _: Verdict(9, "5be2f00d00112233", (CHANGED,)))
    try:
        await as_approved(console_on(session, tmp_path), name, lambda pilot: steps(pilot, session), sizes)
    finally:
        if isinstance(kept, SlowJournal):
            kept.may_answer.set()


@pytest.mark.parametrize("opens", ["dashboard", "topology"])
async def test_a_screen_before_the_first_picture_is_as_approved(
    opens: str, as_approved: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is awaited."""
    monkeypatch.setattr("console.tui.dashboard.WAIT_EVERY_S", 3600.0)
    app = never_connected("passwork-prod")
    app.opens = opens
    await as_approved(app, f"{opens}-connecting", None)
