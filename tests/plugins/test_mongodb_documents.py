"""A mongod's documents as values."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId, Timestamp
from pymongo.errors import AutoReconnect, NotPrimaryError, OperationFailure, ServerSelectionTimeoutError

from console.cluster.snapshot import Health, MemberState
from console.ports.protocols import Refused, Unclear
from plugins.mongodb.documents import Facts, member_view, oplog_window_s, peers, term
from plugins.mongodb.errors import command_problem, connection_problem, step_down_problem

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def line(name: str, state: int, word: str, behind_s: float = 0.0, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "health": 1.0,
        "state": state,
        "stateStr": word,
        "optimeDate": NOW - timedelta(seconds=behind_s),
        **more,
    }


def status(*members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"term": 7, "date": NOW, "members": list(members), **more}


def test_lag_is_between_two_optimes_of_one_document_and_never_the_clock() -> None:
    idle = status(line("a", 1, "PRIMARY", 10_000), line("b", 2, "SECONDARY", 10_048))
    assert [peer.lag_s for peer in peers(idle)] == [0.0, 48.0]


def test_a_member_that_looks_ahead_of_the_primary_has_no_negative_lag() -> None:
    assert [p.lag_s for p in peers(status(line("a", 1, "PRIMARY", 2), line("b", 2, "SECONDARY", 0)))] == [0.0, 0.0]


def test_without_a_primary_lag_is_behind_the_freshest_healthy_member() -> None:
    assert [p.lag_s for p in peers(status(line("a", 2, "SECONDARY", 5), line("b", 2, "SECONDARY", 1)))] == [4.0, 0.0]


def test_the_lag_of_a_member_that_cannot_be_reached_is_unknown_not_56_years() -> None:
    dead = {**line("b", 8, "(not reachable/healthy)"), "health": 0.0, "optimeDate": EPOCH, "lastHeartbeatMessage": "no"}
    _, peer = peers(status(line("a", 1, "PRIMARY"), dead))
    assert (peer.state, peer.health, peer.lag_s, peer.says) == (MemberState.DOWN, Health.DOWN, None, "no")


def test_the_age_of_a_heartbeat_is_by_the_members_own_clock() -> None:
    heard = line("b", 2, "SECONDARY", lastHeartbeatRecv=NOW - timedelta(seconds=6))
    assert peers(status(line("a", 1, "PRIMARY"), heard))[1].heartbeat_age_s == 6.0


def test_the_term_of_a_primary_is_in_its_election_id() -> None:
    assert term({"electionId": ObjectId("7fffffff0000000000000010")}) == 16
    assert term({}) is None


@pytest.mark.parametrize(
    ("hello", "word", "state"),
    [
        ({"isWritablePrimary": True, "setName": "rs0"}, "SECONDARY", MemberState.PRIMARY),
        ({"secondary": True, "setName": "rs0"}, "PRIMARY", MemberState.SECONDARY),
        ({"arbiterOnly": True, "setName": "rs0"}, "", MemberState.ARBITER),
        ({"setName": "rs0"}, "RECOVERING", MemberState.RECOVERING),
        ({"setName": "rs0"}, "STARTUP2", MemberState.STARTUP2),
        ({"setName": "rs0"}, "PRIMARY", MemberState.UNKNOWN),
        ({"info": "Does not have a valid replica set config"}, "", MemberState.REMOVED),
    ],
)
def test_what_was_pushed_is_newer_than_what_was_polled(hello: dict[str, Any], word: str, state: MemberState) -> None:
    own = line("a", 0, word, self=True)
    assert member_view(Facts(address="a", hello=hello, status=status(own))).itself.state is state


def test_a_view_holds_configuration_progress_and_election() -> None:
    view = member_view(
        Facts(
            address="a:1",
            hello={"setName": "rs0", "secondary": True, "me": "a:1", "primary": "b:1", "setVersion": 3},
            status=status(
                line("a:1", 5, "STARTUP2", self=True, syncSourceHost="b:1"),
                initialSyncStatus={"approxTotalBytesCopied": 5, "approxTotalDataSize": 10},
                electionCandidateMetrics={"newTermStartDate": NOW.replace(tzinfo=None)},
            ),
            config={
                "version": 3,
                "members": [{"host": "a:1", "votes": 1, "priority": 0, "newlyAdded": True}],
                "settings": {"heartbeatIntervalMillis": 500, "electionTimeoutMillis": 5000},
            },
        )
    )
    assert view.config[0].newly_added
    assert (view.config_version, view.heartbeat_s, view.election_timeout_s) == (3, 0.5, 5.0)
    assert view.itself.progress is not None
    assert (view.itself.progress.copied_bytes, view.itself.progress.total_bytes) == (5, 10)
    assert view.itself.election_at == NOW
    assert (view.itself.sync_source, view.itself.believes_primary) == ("b:1", "b:1")


def test_the_oplog_window_is_in_seconds() -> None:
    assert oplog_window_s({"ts": Timestamp(100, 1)}, {"ts": Timestamp(4100, 1)}) == 4000.0
    assert oplog_window_s(None, {"ts": Timestamp(1, 1)}) is None


TIMEOUTS = "(configured timeouts: socketTimeoutMS: 1500.0ms, connectTimeoutMS: 1500.0ms)"


def caused(cause: BaseException) -> AutoReconnect:
    error = AutoReconnect(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "health", "reason"),
    [
        (caused(ConnectionRefusedError(111, "Connection refused")), Health.DOWN, "connection refused"),
        (caused(OSError("connection closed")), Health.DOWN, "connection closed"),
        (caused(ConnectionResetError(104, "reset")), Health.DOWN, "connection closed"),
        (AutoReconnect(f"a:1: [Errno 104] Connection reset by peer {TIMEOUTS}"), Health.DOWN, "connection closed"),
        (AutoReconnect(f"a:1: [Errno 104] Connect call failed {TIMEOUTS}"), Health.DOWN, "connection closed"),
        (AutoReconnect(f"a:1: [Errno 111] Connection refused {TIMEOUTS}"), Health.DOWN, "connection refused"),
        (
            ServerSelectionTimeoutError(f"a:1: [Errno 111] Connect call failed ('a', 1) {TIMEOUTS}, Timeout: 1.4s"),
            Health.DOWN,
            "connection refused",
        ),
        (AutoReconnect(f"a:1: timed out {TIMEOUTS}"), Health.UNKNOWN, "no answer within 1.5 s"),
        (ServerSelectionTimeoutError("timed out"), Health.UNKNOWN, "no answer within 1.5 s"),
        (TimeoutError(), Health.UNKNOWN, "no answer within 1.5 s"),
    ],
)
def test_dead_and_unseen_are_different_words(error: BaseException, health: Health, reason: str) -> None:
    assert connection_problem(error, 1.5) == (health, reason)


def test_wrong_credentials_are_said_with_the_mend() -> None:
    assert "wrong password" in command_problem(OperationFailure("x", 18), "monitor")
    assert "clusterMonitor" in command_problem(OperationFailure("x", 13), "monitor")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotPrimaryError("not primary so can't step down"), Refused),
        (OperationFailure("No electable secondaries caught up", 262), Refused),
        (OperationFailure("not authorized", 13), Refused),
        (OperationFailure("already", 117), Unclear),
        (AutoReconnect("connection closed"), Unclear),
        (TimeoutError(), Unclear),
    ],
)
def test_a_lost_answer_to_a_step_down_is_never_a_failure(error: BaseException, kind: type) -> None:
    assert isinstance(step_down_problem(error, "db1"), kind)
