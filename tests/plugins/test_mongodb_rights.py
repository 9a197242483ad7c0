"""What our users may do in a set, by what `connectionStatus` tells."""

from typing import Any

from pymongo.errors import OperationFailure

from plugins.mongodb.rights import changing, watching


def granted(db: str, *actions: str) -> dict[str, Any]:
    return {"resource": {"db": db, "collection": ""}, "actions": list(actions)}


MANAGER = {"resource": {"cluster": True}, "actions": ["replSetStateChange", "replSetConfigure"]}


def test_a_user_with_both_roles_may_change_the_set_and_keep_the_lease() -> None:
    rights = changing("operator", [MANAGER, granted("watchkeeper", "find", "insert", "update", "remove")])
    assert [right.granted for right in rights] == [True, True]


def test_a_lacking_role_is_told_with_the_command_that_grants_it() -> None:
    _, lease = changing("operator", [MANAGER, granted("passwork", "find", "insert", "update", "remove")])
    assert lease.granted is False
    assert lease.mend == (
        'db.getSiblingDB("admin").grantRolesToUser("operator", [{role: "readWrite", db: "watchkeeper"}])'
    )


def test_without_an_operator_nothing_is_known_and_nothing_failed() -> None:
    assert {right.granted for right in changing("", None)} == {None}


def test_who_cannot_be_asked_is_not_taken_for_one_who_may() -> None:
    right = watching("monitor", OperationFailure("Authentication failed."))
    assert right.granted is False
    assert "Authentication failed." in right.says
