"""Every screen of a runbook is as approved: read, gone through, asked about, paused, stopped and gone on with."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.change.events import Event, EventKind
from console.change.plan import Plan
from console.change.runbook.asking import YES, Asks, Moment, Task, Way
from console.change.runbook.format import StageTable
from console.change.runbook.running import RunbookRun
from console.cluster.snapshot import Approval, Snapshot
from console.tui.app import Console
from console.tui.guided import GuidedScreen
from console.tui.reading import ReadingScreen
from console.tui.table import Table
from tests.cluster.pictures import calm, draining, primary_lost
from tests.screens.approved import Gallery
from tests.screens.test_screens import ONE_IN_MAINT, Steps, keys
from tests.tui.fakes import FakeSession, console_on
from tests.tui.records import UnreadableJournal
from tests.tui.scripted import (
    AT,
    Clock,
    ScriptedRun,
    Told,
    at,
    earlier_runs,
    gone_through,
    progress,
    stopped_clock,
    task,
)

MISTAKEN = """title = "Restart of the site"
purpose = "a test"

[[stages]]
name = "drain"
acton = "drain"
on = "each app server"
"""
WAITED_FOR = replace(
    calm(),
    approvals=(
        Approval(
            id="9c0d1e2f/5", owner="bob@bastion2", says="Decommission db3: Remove db3", reason="rack c moves", since=AT
        ),
    ),
)
FIRST = ("1", "2", "3", "4/app1/1", "4/app1/2")
TARGETS = {"4": ("app1", "app2", "app3")}
EVERY_WAY: tuple[Way, ...] = ("again", *YES, "unwind")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return stopped_clock(monkeypatch)


def runs(told: Callable[[FakeSession], dict[str, Any]], moved: Snapshot | None = None) -> Callable[[Clock], Steps]:
    """The console goes through a runbook, and that is what is told, and asked; then the cluster is another."""

    def with_clock(clock: Clock) -> Steps:
        async def follow(pilot: Pilot[int], session: FakeSession) -> None:
            assert isinstance(pilot.app, Console)
            run = ScriptedRun(pilot.app.guide, clock, **told(session))
            pilot.app.guide.drive(cast(RunbookRun, run))
            await pilot.app.push_screen(GuidedScreen(pilot.app.feed, pilot.app.guide))
            await pilot.pause()
            if moved is not None:
                session.picture = moved
                pilot.app.feed.show(moved)
                await pilot.pause()

        return follow

    return with_clock


def drained(app: str, session: FakeSession) -> Plan:
    """What a stage carries out, made while the server was still ready."""
    return FakeSession(calm()).plan("drain", app)


def then(steps: Callable[[Clock], Steps], *names: str) -> Callable[[Clock], Steps]:
    """The same, and then these keys."""

    def with_clock(clock: Clock) -> Steps:
        async def press(pilot: Pilot[int], session: FakeSession) -> None:
            await steps(clock)(pilot, session)
            await pilot.press(*names)
            await pilot.pause()

        return press

    return with_clock


def running(session: FakeSession) -> dict[str, Any]:
    run = progress(targets=TARGETS)
    plan = drained("app2", session)
    told: list[Told] = [
        *gone_through(run, *FIRST),
        (0.0, at(run, "4/app2/1", "stage")),
        (0.0, Moment(kind="plan", task=task(run, "4/app2/1"), plan=plan, says=plan.title)),
    ]
    for second, (kind, step, says) in enumerate(
        (
            (EventKind.DOING, 1, "drain app2 on every balancer"),
            (EventKind.PROVED, 1, "drain on lb1 and lb2, 4 of 4 places"),
            (EventKind.DOING, 2, "8 sessions left on app2"),
        ),
        21,
    ):
        event = Event(at=AT.replace(second=second), run="0123abcd", kind=kind, step=step, says=says)
        told.append((1.0, Moment(kind="event", task=task(run, "4/app2/1"), event=event)))
    return {"progress": run, "told": told}


def asked(session: FakeSession) -> dict[str, Any]:
    run = progress(targets=TARGETS)
    plan = session.plan("drain", "app2")
    here = task(run, "4/app2/1")
    told = [*gone_through(run, *FIRST), (0.0, at(run, "4/app2/1", "stage"))]
    return {
        "progress": run,
        "told": told,
        "asks": Asks(kind="plan", task=here, says=plan.title, plan=plan, ways=EVERY_WAY),
    }


def unwinding(session: FakeSession) -> dict[str, Any]:
    run = progress(targets=TARGETS, unwinding=True, ended=dict.fromkeys((*FIRST, "back/5/db2/1/db2"), "done"))
    stage = StageTable(name="back: ready", action="ready", on="app1")
    here = Task(key="back/4/app1/1/app1", stage=stage, target="app1", values={})
    plan = session.plan("ready", "app1")
    says = "what was done is undone, the newest first"
    told: list[Told] = [
        (0.0, Moment(kind="unwinding", says=says)),
        (4.0, Moment(kind="stage", task=here)),
    ]
    return {"progress": run, "told": told, "asks": Asks(kind="plan", task=here, says=plan.title, plan=plan, ways=YES)}


def question(session: FakeSession) -> dict[str, Any]:
    run = progress("failover-drill")
    here = task(run, "3")
    asks = Asks(kind="question", task=here, says=here.stage.question, ways=(*YES, "unwind"))
    return {"progress": run, "told": [*gone_through(run, "1", "2"), (0.0, at(run, "3", "stage"))], "asks": asks}


def paused(session: FakeSession) -> dict[str, Any]:
    run = progress(targets=TARGETS)
    told = [*gone_through(run, *FIRST), (0.0, at(run, "4/app2/1", "paused", "paused before restart: app2"))]
    return {"progress": run, "told": told, "paused": True}


def problem(session: FakeSession) -> dict[str, Any]:
    run = progress(targets=TARGETS)
    here = task(run, "4/app2/1")
    differs = ("db1 was: PRIMARY, is: DOWN",)
    says = f"{here.title}: the cluster is otherwise than the stage before left it: {differs[0]}"
    told = [*gone_through(run, *FIRST), (10.0, at(run, "4/app2/1", "problem", says))]
    asks = Asks(kind="problem", task=here, says=says, differences=differs, ways=EVERY_WAY)
    return {"progress": run, "told": told, "asks": asks}


def resumed(session: FakeSession) -> dict[str, Any]:
    run = progress(targets=TARGETS, ended=dict.fromkeys(FIRST, "done"), reached="4/app2/1")
    again = "Restart app1 (stage 4/app1/1) does not hold any more: app1 is in drain; it is gone through again"
    del run.ended["4/app1/1"]
    told: list[Told] = [(0.0, Moment(kind="check", says=again)), (0.0, at(run, "4/app1/1", "stage"))]
    return {"progress": run, "told": told}


def finished(session: FakeSession) -> dict[str, Any]:
    run = progress("failover-drill", outcome="done")
    told = [
        *gone_through(run, "1", "2", "3", "4", "5", "6"),
        (0.0, Moment(kind="finished", says="Planned failover drill: done")),
    ]
    return {"progress": run, "told": told, "ends": True}


def stopped(session: FakeSession) -> dict[str, Any]:
    run = progress(targets=TARGETS, outcome="stopped")
    says = "stopped by its operator before restart: app2; `watchkeeper runbook resume 4f3a9c21` goes on"
    told: list[Told] = [*gone_through(run, *FIRST), (0.0, Moment(kind="stopped", says=says))]
    return {"progress": run, "told": told, "ends": True}


def read(name: str, **fields: str) -> Callable[[Clock], Steps]:
    async def open_it(pilot: Pilot[int], _: FakeSession) -> None:
        await pilot.press("r")
        table = pilot.app.screen.query_one("#shelf", Table)
        table.cursor = [row.key for row in table._rows].index(name)
        await pilot.press("enter")
        await pilot.pause()
        for field, value in fields.items():
            pilot.app.screen.query_one(f"#field-{field} Input", Input).value = value
        screen = pilot.app.screen
        assert isinstance(screen, ReadingScreen)
        while screen.reading:
            await pilot.pause()

    return lambda _: open_it


SCREENS: dict[str, tuple[Snapshot, Callable[[Clock], Steps]]] = {
    "list": (calm(), lambda _: keys("r", "end", "up", "up")),
    "list-mistake": (calm(), lambda _: keys("r")),
    "list-unfinished": (calm(), lambda _: keys("r", "shift+tab")),
    "list-approval": (WAITED_FOR, lambda _: keys("r", "shift+tab", "shift+tab")),
    "list-agree": (WAITED_FOR, lambda _: keys("r", "shift+tab", "shift+tab", "y")),
    "list-unreadable": (calm(), lambda _: keys("r")),
    "reading-left": (calm(), lambda _: keys("r", "shift+tab", "enter")),
    "running": (draining(), runs(running)),
    "asked": (calm(), runs(asked)),
    "asked-skip": (calm(), then(runs(asked), "s")),
    "asked-stop": (calm(), then(runs(asked), "x")),
    "asked-degraded": (ONE_IN_MAINT, runs(asked)),
    "dashboard-asks": (calm(), then(runs(asked), "escape")),
    "dashboard-runs": (draining(), then(runs(running), "escape")),
    "asked-moved": (calm(), runs(asked, moved=draining())),
    "unwinding": (draining("app1"), runs(unwinding)),
    "question": (calm(), runs(question)),
    "paused": (calm(), runs(paused)),
    "problem": (primary_lost(), runs(problem)),
    "resumed": (draining("app1"), runs(resumed)),
    "finished": (calm(), runs(finished)),
    "stopped": (calm(), runs(stopped)),
    "reading": (calm(), read("rolling-patch", reason="kernel 6.1.115")),
    "reading-refused": (primary_lost(), read("rolling-patch", reason="kernel 6.1.115")),
    "reading-mistake": (calm(), read("rolling-patch", reason="kernel 6.1.115", deadline="soon")),
}


def _own_runbooks() -> Path:
    own = Path("watchkeeper", "runbooks")
    own.mkdir(parents=True)
    (own / "a-site-restart.toml").write_text(MISTAKEN)
    return own


@pytest.mark.parametrize("which", SCREENS)
async def test_a_screen_of_a_runbook_is_as_approved(
    which: str, as_approved: Gallery, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, steps = SCREENS[which]
    kept = UnreadableJournal() if which.endswith("unreadable") else earlier_runs(snapshot.cluster)
    session = FakeSession(snapshot, kept)
    monkeypatch.chdir(tmp_path)  # a mistake tells the path of its file
    own = _own_runbooks()
    follow = steps(clock)
    await as_approved(console_on(session, own.parent), f"runbook-{which}", lambda pilot: follow(pilot, session))
