"""The detail screens, as approved: a server, a balancer, a member, a node, at the sizes that terminals have."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.cluster.snapshot import Snapshot
from console.tui.app import Console
from console.tui.chart import Marks
from console.tui.parts import Wanted
from tests.cluster.pictures import calm, draining, primary_lost, unknown
from tests.tui.fakes import FakeSession, connected, console_on, shown
from tests.tui.records import journal
from tests.tui.samples import samples

GAP, LATELY = range(70, 85), range(165, 180)
Steps = Callable[[Pilot[int], FakeSession], Awaitable[None]]


def detail(tier: str, name: str, before: Snapshot | None = None, count: int = 180, gap: range = GAP) -> Steps:
    """Opened on one row, after the cluster was otherwise."""

    async def open_it(pilot: Pilot[int], session: FakeSession) -> None:
        assert isinstance(pilot.app, Console)
        session.samples = samples(session.picture, count, gap)
        if before is not None:
            pilot.app.feed.noting = False
            pilot.app.feed.show(before)
            pilot.app.feed.noting = True
            pilot.app.feed.show(session.picture)
        pilot.app.post_message(Wanted("detail", tier, name))
        while not pilot.app.screen.query("#done") or "reading" in shown(pilot, "done"):
            await pilot.pause()

    return open_it


SERVER = (draining(), detail("app", "app2", calm()))
SCREENS: dict[str, tuple[Snapshot, Steps]] = {
    "detail-server-60x20": SERVER,
    "detail-server-80x24": SERVER,
    "detail-server-120x40": SERVER,
    "detail-balancer-120x40": (calm(), detail("balancer", "lb1")),
    "detail-member-80x24": (primary_lost(), detail("replica_set", "db2", calm())),
    "detail-member-120x40": (primary_lost(), detail("replica_set", "db2", calm())),
    "detail-node-120x40": (calm(), detail("node", "db1", count=40)),
    "detail-loading-120x40": (calm(), detail("app", "app1", count=0)),
    "detail-unreachable-80x24": (unknown(), detail("app", "app1", gap=LATELY)),
    "detail-unreachable-120x40": (unknown(), detail("replica_set", "db1", gap=LATELY)),
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_detail_screen_is_as_approved(
    name: str, snap_compare: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.tui.detail.terminal_marks", lambda _: Marks(dots=True))
    snapshot, steps = SCREENS[name]
    width, height = map(int, name.rpartition("-")[2].split("x"))
    session = FakeSession(snapshot, journal())

    async def run_before(pilot: Pilot[int]) -> None:
        await connected(pilot)
        await steps(pilot, session)
        await pilot.pause()

    assert snap_compare(console_on(session, tmp_path), terminal_size=(width, height), run_before=run_before)
