"""A configuration document as lines and back, and what MongoDB's refusals mean."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson.int64 import Int64
from pymongo.errors import AutoReconnect, ExecutionTimeout, NetworkTimeout, NotPrimaryError, OperationFailure

from console.cluster.views import MemberConfig
from console.ports.protocols import Refused, Unclear
from plugins.mongodb.configuration import changed, edits, lines
from plugins.mongodb.documents import clock_ahead_s, oplog_full_s
from plugins.mongodb.errors import freeze_problem, reconfigure_problem


def member(number: int, **more: Any) -> dict[str, Any]:
    """As MongoDB 6.0 tells it."""
    return {
        "_id": number,
        "host": f"db{number}:27017",
        "arbiterOnly": False,
        "buildIndexes": True,
        "hidden": False,
        "priority": 1.0,
        "tags": {},
        "secondaryDelaySecs": Int64(0),
        "votes": 1,
        **more,
    }


CONFIG: dict[str, Any] = {
    "_id": "rs0",
    "version": 7,
    "term": 3,
    "members": [member(0), member(1, tags={"dc": "east", "use": "backup"}), member(4, newlyAdded=True)],
    "protocolVersion": Int64(1),
    "settings": {"electionTimeoutMillis": 10000, "replicaSetId": "x", "somethingNew": 1},
    "somethingElse": {"kept": True},
}
LINES = lines(CONFIG)
NEW = MemberConfig(address="db9:27017", votes=0, priority=0.0)


def test_what_is_the_default_is_no_option_and_tags_are_one_each() -> None:
    assert [line.options for line in LINES] == [
        ("_id=0",),
        ("_id=1", 'tags.dc="east"', 'tags.use="backup"'),
        ("_id=4",),
    ]
    assert LINES[2].newly_added


def test_a_change_keeps_every_field_that_no_line_tells() -> None:
    made = changed(CONFIG, (replace(LINES[0], priority=2.0), *LINES[1:]))
    assert made["version"] == 8
    assert {key: value for key, value in made.items() if key not in ("version", "members")} == {
        key: value for key, value in CONFIG.items() if key not in ("version", "members")
    }
    assert made["members"] == [member(0, priority=2.0), *CONFIG["members"][1:]]


def test_a_new_member_has_a_number_of_its_own() -> None:
    assert changed(CONFIG, (*LINES, NEW))["members"][-1] == {
        "_id": 5,
        "host": "db9:27017",
        "votes": 0,
        "priority": 0.0,
    }


def test_a_member_that_was_removed_is_added_again_as_it_was() -> None:
    without = changed(CONFIG, (LINES[0], LINES[2]))
    assert [m["_id"] for m in without["members"]] == [0, 4]
    again = changed(without, LINES)["members"][1]
    assert again == {
        "_id": 1,
        "host": "db1:27017",
        "tags": {"dc": "east", "use": "backup"},
        "votes": 1,
        "priority": 1.0,
    }
    assert lines(changed(without, LINES))[1] == LINES[1]


def test_its_old_number_may_be_taken_by_then() -> None:
    taken = {**CONFIG, "members": [member(0), member(4) | {"_id": 1}]}
    assert [
        m["_id"] for m in changed(taken, (LINES[0], LINES[1], replace(LINES[2], options=("_id=1",))))["members"]
    ] == [
        0,
        2,
        1,
    ]


def test_a_hidden_delayed_member_is_restored_with_all_that() -> None:
    [line] = lines({"members": [member(3, hidden=True, priority=0, secondaryDelaySecs=Int64(3600))]})
    assert (line.hidden, line.delay_s) == (True, 3600)
    [made] = changed({"version": 1, "members": []}, [line])["members"]
    assert (made["hidden"], made["secondaryDelaySecs"], made["_id"]) == (True, 3600, 3)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ((*LINES, NEW), ['config.members.push({"_id": 5, "host": "db9:27017", "votes": 0, "priority": 0.0})']),
        (LINES[:2], ['config.members = config.members.filter(m => m.host != "db4:27017")']),
        (
            (replace(LINES[0], priority=2.0), *LINES[1:]),
            ['Object.assign(config.members.find(m => m.host == "db0:27017"), {"votes": 1, "priority": 2.0})'],
        ),
        (LINES, []),
    ],
)
def test_what_is_done_is_told_as_it_would_be_typed(after: Sequence[MemberConfig], words: list[str]) -> None:
    assert list(edits(LINES, after)) == words


def test_a_hostile_address_stays_text_in_the_words() -> None:
    [word] = edits((), (MemberConfig(address='x"); db.dropDatabase(); ("'),))
    assert '"x\\"); db.dropDatabase(); (\\""' in word


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            OperationFailure("version", 103),
            Refused,
            "changed by somebody else at that moment, or MongoDB does not allow",
        ),
        (OperationFailure("busy", 109), Refused, "another reconfiguration is going on"),
        (OperationFailure("none", 74), Refused, "no majority of the new configuration answered the Primary"),
        (OperationFailure("not yet", 308), Refused, "a majority does not hold the current configuration yet"),
        (OperationFailure("votes", 93), Refused, "MongoDB refused the configuration: votes"),
        (OperationFailure("self", 104), Refused, "the Primary could not be Primary in this configuration"),
        (OperationFailure("no", 13), Refused, "refused the operator's credentials"),
        (NotPrimaryError("no", {"code": 10107}), Refused, "db1 is not Primary any more"),
        (NotPrimaryError("killed", {"code": 11602}), Unclear, "db1 did not finish the reconfiguration"),
        (ExecutionTimeout("late", 50), Unclear, "db1 did not finish the reconfiguration"),
        (OperationFailure("strange", 8), Unclear, "strange"),
        (AutoReconnect("closed"), Unclear, "was lost after the reconfiguration was sent"),
        (NetworkTimeout("late"), Unclear, "was lost after the reconfiguration was sent"),
    ],
)
def test_a_reconfiguration_is_refused_only_where_nothing_is_known_to_have_changed(
    error: Exception, kind: type, words: str
) -> None:
    problem = reconfigure_problem(error, "db1")
    assert isinstance(problem, kind)
    assert words in str(problem)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OperationFailure("primary", 95), Refused),
        (OperationFailure("no", 13), Refused),
        (AutoReconnect("closed"), Unclear),
        (OperationFailure("strange", 8), Unclear),
    ],
)
def test_a_freeze_is_refused_by_primaries_and_unclear_when_its_answer_is_lost(error: Exception, kind: type) -> None:
    assert isinstance(freeze_problem(error, "db1"), kind)


def test_an_oplog_that_is_not_full_will_reach_back_further() -> None:
    assert oplog_full_s(100.0, {"size": 10, "maxSize": 50}) == 500.0
    assert oplog_full_s(100.0, {"size": 60, "maxSize": 50}) == 100.0
    assert oplog_full_s(100.0, {}) == 100.0
    assert oplog_full_s(None, {"size": 10, "maxSize": 50}) is None


def test_a_clock_is_compared_with_the_middle_of_the_question() -> None:
    at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert clock_ahead_s({"localTime": (at + timedelta(seconds=90)).replace(tzinfo=None)}, at) == 90.0
    assert clock_ahead_s({}, at) is None
