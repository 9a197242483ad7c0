"""The connection test, as approved: while it runs, with failures, without one, and of a file that is gone."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.ports.connections import Row, Verdict
from console.tui.connections import ConnectionsScreen
from tests.cluster.pictures import calm
from tests.screens.approved import Gallery
from tests.tui.fakes import FakeSession, console_on

FILE = "/home/ann/.config/watchkeeper/clusters/passwork-prod.toml"
TRUST = "not known yet: ssh-ed25519 SHA256:uNiVztksCsDhcc0u9e8BrrJXVyPJXhzc3T6kGhQjZ0s"


def ok(subject: str, what: str, says: str, took_s: float = 0.004) -> Row:
    return Row(subject=subject, what=what, verdict=Verdict.OK, says=says, took_s=took_s)


def failed(subject: str, what: str, says: str, mend: str, took_s: float = 0.006) -> Row:
    return Row(subject=subject, what=what, verdict=Verdict.FAILED, says=says, mend=mend, took_s=took_s)


def skipped(subject: str, what: str, says: str) -> Row:
    return Row(subject=subject, what=what, verdict=Verdict.SKIPPED, says=says)


def trying(subject: str, what: str) -> Row:
    return Row(subject=subject, what=what, verdict=Verdict.TRYING, says="")


def host(name: str, address: str) -> tuple[Row, ...]:
    return (
        ok(name, "way", f"ann@{address}:22 through bastion"),
        ok(name, "host key", "known: ssh-ed25519 SHA256:6vO9LkqXhWfQ3Zr0G1TzDkqYfVwI2bq3mZ8pQxN5s1E", 0.041),
        ok(name, "login", "answers in 18 ms", 0.212),
        ok(name, "clock", "within 3 s of ours", 0.019),
        skipped(name, "rights", "the cluster file tells no service and no size of it"),
    )


BEGUN = (
    ok("cluster file", "valid", f"{FILE} is valid"),
    ok("journal", "directory", "/home/ann/.local/state/watchkeeper can be written", 0.001),
    ok("$.replica_set.password", "secret", "is there, and not shown", 0.001),
    ok("cluster file", "plugins", "every plugin takes its settings", 0.12),
    *host("app1", "10.0.1.11"),
    ok("app1", "health", "says that it is well, in 12 ms", 0.013),
    ok("app2", "health", "says that it is well, in 9 ms", 0.011),
)
BALANCER = (
    ok("lb1", "answers", "version 2.8.16", 0.021),
    ok("lb1", "backends", "passwork", 0.0),
    ok("lb1", "servers", "each is a node; in no pool here: app3", 0.0),
)
SET = (
    ok("replica set", "majority", "3 of 3 members answer; a majority is 2", 0.031),
    ok("db1", "status", "it tells its status: PRIMARY", 0.0),
    ok("db1", "set name", "rs0", 0.0),
)
FAILURES = (
    failed("app2", "host key", TRUST, "watchkeeper hosts trust app2", 0.038),
    failed("app3", "port", "port 22 of 10.0.1.13: connection refused", "start the service there, or correct address "
           "and port in the cluster file", 0.003),
    failed("lb1", "changes", "its socket is not of level admin: put `level admin` on its stats socket line",
           "put `level admin` on its stats socket line", 0.0),
    failed("db2", "login", "no answer within 10 s",
           "look at the firewalls between here and there, and at its load", 10.0),
    failed(
        "db3",
        "rights",
        "sudo does not let this user run 'systemctl stop mongod.service' without a password; sudo does not let this "
        "user run 'systemctl start mongod.service' without a password; sudo does not let this user run 'systemctl "
        "show mongod.service' without a password; sudo does not let this user run 'journalctl --unit mongod.service' "
        "without a password",
        "allow exactly that in the sudoers of this user there",
        0.09,
    ),
)  # fmt: skip
GONE = failed(
    "cluster file",
    "valid",
    f"cluster file {FILE} cannot be read: No such file or directory",
    f"put {FILE} back, and let this user read it; or take another file with --cluster",
)
WELL = (*BEGUN, *BALANCER, *SET)

SCREENS: dict[str, tuple[tuple[Row, ...], bool, tuple[str, ...]]] = {
    "connections": ((*WELL, *FAILURES), False, ("end", "home", "down", "down", "down", "down")),
    "connections-row": (FAILURES[-1:], False, ("enter",)),
    "connections-trying": ((*BEGUN, trying("lb1", "answers"), trying("db2", "login"), *FAILURES[1:2]), True, ()),
    "connections-begun": ((trying("cluster file", "valid"),), True, ()),
    "connections-well": (WELL, False, ()),
    "connections-unreadable": ((GONE, BEGUN[1]), False, ()),
}


@pytest.mark.parametrize("name", SCREENS)
async def test_the_connection_test_is_as_approved(name: str, as_approved: Gallery, tmp_path: Path) -> None:
    session = FakeSession(calm())
    session.tries, session.waits, keys = SCREENS[name]

    async def before(pilot: Pilot[int]) -> None:
        await pilot.press("0")
        while not isinstance(screen := pilot.app.screen, ConnectionsScreen):
            await pilot.pause()
        while len(screen.query_one("#records")._sheet.rows) < len(session.tries):  # type: ignore[attr-defined]
            await pilot.pause(0.02)
        while screen.testing is not session.waits:
            await pilot.pause(0.02)
        await pilot.press(*keys)

    await as_approved(console_on(session, tmp_path), name, before)
