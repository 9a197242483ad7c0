"""The detail screens, as approved: a server, a balancer, a member, a node, at the sizes that terminals have."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.cluster.snapshot import Snapshot
from console.ports.logs import Log
from console.ports.protocols import RawDocument
from console.ports.raw import Raw
from console.tui.app import Console
from console.tui.parts import Wanted
from tests.cluster.pictures import AT, calm, draining, primary_lost, unknown
from tests.screens.approved import Gallery
from tests.tui.fakes import FakeSession, console_on, shown
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


SCREENS: dict[str, tuple[Snapshot, Steps]] = {
    "detail-server": (draining(), detail("app", "app2", calm())),
    "detail-balancer": (calm(), detail("balancer", "lb1")),
    "detail-member": (primary_lost(), detail("replica_set", "db2", calm())),
    "detail-node": (calm(), detail("node", "db1", count=40)),
    "detail-loading": (calm(), detail("app", "app1", count=0)),
    "detail-gone": (calm(), detail("app", "app9")),
    "detail-unreachable": (unknown(), detail("app", "app1", gap=LATELY)),
    "detail-unreachable-member": (unknown(), detail("replica_set", "db1", gap=LATELY)),
}


@pytest.mark.parametrize("name", SCREENS)
async def test_a_detail_screen_is_as_approved(name: str, as_approved: Gallery, tmp_path: Path) -> None:
    snapshot, steps = SCREENS[name]
    session = FakeSession(snapshot, journal())
    await as_approved(console_on(session, tmp_path), name, lambda pilot: steps(pilot, session))


STATUS = """{
  "set": "rs0",
  "date": {
    "$date": "2026-11-23T03:00:00Z"
  },
  "myState": 2,
  "term": 7,
  "syncSourceHost": "10.0.2.11:27017",
  "heartbeatIntervalMillis": 2000,
  "members": [
    {
      "_id": 0,
      "name": "10.0.2.11:27017",
      "stateStr": "PRIMARY"
    }
  ]
}"""
DOCUMENTS = (
    RawDocument(
        title="hello on 10.0.2.12:27017  in 2 ms", text='{\n  "secondary": true,\n  "me": "10.0.2.12:27017"\n}'
    ),
    RawDocument(title="replSetGetStatus on 10.0.2.12:27017  in 3 ms", text=STATUS),
    RawDocument(
        title="serverStatus on 10.0.2.12:27017",
        problem="the user 'watchkeeper' may not read the status: grant it the role clusterMonitor",
    ),
)
LOG = (
    "2026-11-23T02:59:41+0000 app1 php-fpm[4711]: NOTICE: fpm is running, pid 4711",
    "2026-11-23T02:59:52+0000 app1 php-fpm[4711]: WARNING: [pool www] server reached pm.max_children setting (16)",
    '2026-11-23T02:59:53+0000 app1 php-fpm[4711]: [error] "GET /api/v1/items" 504, upstream 10.0.2.11:27017 timed out '
    "after 10000 ms while it waited for the answer of the Primary",
    "2026-11-23T02:59:55+0000 app1 php-fpm[4711]: hostile \x1b[31mred\x1b[0m text is spelt out",
    "2026-11-23T02:59:58+0000 app1 php-fpm[4711]: NOTICE: child 4719 exited with code 0 after 12.3 seconds from start",
)
NO_RIGHT = (
    "app1: sudo does not let us run it without a password; give our user "
    "`NOPASSWD: journalctl --unit=php8.3-fpm.service --lines=200 --output=short-iso --utc --no-pager`; "
    "or add our user there to the group systemd-journal"
)


def telling(what: str, tier: str, name: str, *names: str, sought: str = "", until: str = "read 0") -> Steps:
    """Opened on one row, and then some keys."""

    async def open_it(pilot: Pilot[int], session: FakeSession) -> None:
        pilot.app.post_message(Wanted(what, tier, name))
        while not pilot.app.screen.query("#standing") or until not in shown(pilot, "standing"):
            await pilot.pause()
        await pilot.press(*names)
        if sought:
            await pilot.press("slash", *sought, "enter")
        await pilot.pause()

    return open_it


def raw(*documents: RawDocument) -> Raw:
    return Raw(node="db2", at=AT, took_s=0.01, documents=documents)


def log(*lines: str, problem: str = "") -> Log:
    return Log(node="app1", at=AT, command="journalctl", lines=lines, problem=problem)


SILENT = RawDocument(title="hello on 10.0.2.12:27017", problem="no answer within 1.5 s")
WAITS = "asked 0"
"""What is on screen while nothing has come yet."""
TOLD: dict[str, tuple[Raw | None, Log, Steps]] = {
    "raw": (raw(*DOCUMENTS), log(), telling("raw", "replica_set", "db2")),
    "raw-searched": (raw(*DOCUMENTS), log(), telling("raw", "replica_set", "db2", sought="10.0.2.11")),
    "raw-unreachable": (raw(SILENT), log(), telling("raw", "replica_set", "db2")),
    "raw-loading": (None, log(), telling("raw", "replica_set", "db2", until=WAITS)),
    "raw-refused": (None, log(), telling("raw", "replica_set", "db2", until="read ")),
    "logs-loading": (None, log(), telling("logs", "app", "app1", until=WAITS)),
    "logs": (None, log(*LOG), telling("logs", "app", "app1")),
    "logs-unwrapped": (None, log(*LOG), telling("logs", "app", "app1", "w")),
    "logs-refused": (None, log(problem=NO_RIGHT), telling("logs", "app", "app1")),
    "logs-empty": (None, log(), telling("logs", "app", "app1")),
}


@pytest.mark.parametrize("name", TOLD)
async def test_a_screen_of_a_vendors_own_words_is_as_approved(name: str, as_approved: Gallery, tmp_path: Path) -> None:
    told, written, steps = TOLD[name]
    session = FakeSession(calm(), journal())
    session.told, session.written = told, written
    session.waits = name.endswith("-loading")
    await as_approved(console_on(session, tmp_path), name, lambda pilot: steps(pilot, session))
