"""Incidents: what came close together, what it came to, and for how long writes stood."""

from datetime import UTC, datetime, timedelta
from typing import Any

from console.cluster.timeline import APART_S, Entry, incidents

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def entry(
    seconds: float, kind: str, subject: str, after: str | None = None, tier: str = "replica_set", **more: Any
) -> Entry:
    return Entry(
        at=AT + timedelta(seconds=seconds),
        kind=kind,
        tier=tier,
        subject=subject,
        says=f"{subject} {kind} {after}",
        after=after,
        **more,
    )


def test_what_comes_close_together_is_one_incident_and_the_newest_comes_first() -> None:
    found = incidents(
        [entry(0, "health", "db1", "down"), entry(2, "state", "db2"), entry(2 + APART_S + 1, "health", "app1")]
    )
    assert [len(one.entries) for one in found] == [1, 2]
    assert found[1].lasted_s == 2.0


def test_a_run_belongs_to_the_incident_that_it_began_in_however_long_it_takes() -> None:
    found = incidents(
        [
            entry(0, "action", "app2", "begun", "action", run="a1", who="ann", title="drain app2"),
            entry(200, "action", "app2", "done", "action", run="a1", who="ann", title="drain app2"),
        ]
    )
    assert len(found) == 1
    assert found[0].milestones == ("t+0.0 s drain app2 begun", "t+200.0 s drain app2 done")


def test_an_election_tells_who_was_lost_who_leads_and_when_the_set_was_whole_again() -> None:
    [found] = incidents(
        [
            entry(0, "state", "db1", "DOWN"),
            entry(0, "primary", "rs0", None),
            entry(2.1, "primary", "rs0", "db2", gap_s=2.3),
            entry(9, "state", "db1", "SECONDARY"),
        ]
    )
    assert found.milestones == (
        "t+0.0 s db1 lost",
        "t+0.0 s no Primary",
        "t+2.1 s db2 is Primary",
        "t+9.0 s replica set whole again",
    )
    assert found.writes == "writes stood for 2.3 s (from the last word of the old Primary to the first of the new)"


def test_without_a_measured_gap_the_time_between_two_pictures_is_told_as_what_it_is() -> None:
    [found] = incidents([entry(1, "primary", "rs0", None), entry(4, "primary", "rs0", "db3")])
    assert found.writes == "writes stood for about 3.0 s (between the two pictures that this console saw)"


def test_an_outage_without_an_end_has_none_made_up() -> None:
    [found] = incidents([entry(0, "health", "db1", "down"), entry(1, "primary", "rs0", None)])
    assert found.writes == "writes stood from t+1.0 s on, with no end seen"


def test_nothing_gives_no_incident() -> None:
    assert incidents([]) == ()


def test_an_incident_that_is_not_over_tells_what_is_not_back() -> None:
    lost = [entry(0, "health", "db1", "down"), entry(1, "check", "lb1/passwork/app2", "down", "balancer")]
    [found] = incidents([*lost, entry(9, "health", "db1", "up")])
    assert found.not_back == "not back: app2"
    assert "; not back: app2" in found.says
    [over] = incidents(
        [*lost, entry(9, "health", "db1", "up"), entry(9, "check", "lb1/passwork/app2", "up", "balancer")]
    )
    assert over.not_back == ""
