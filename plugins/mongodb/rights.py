"""What our users may do in a replica set, as `connectionStatus` tells it: nothing is tried."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pymongo.errors import PyMongoError

from console.ports.protocols import Right

from .lease import DATABASE
from .member import Client

CHANGES = frozenset({"replSetStateChange", "replSetConfigure"})
"""What clusterManager grants and plans need."""
WATCHES = frozenset({"replSetGetStatus", "serverStatus"})
"""What clusterMonitor grants and the watch needs."""
KEEPS = frozenset({"find", "insert", "update", "remove"})
"""What the lease needs in its database."""
NO_OPERATOR = "no [replica_set.operator]: this console only watches the set"

Privileges = list[Mapping[str, Any]]


async def first_answer(opened: Callable[[str], Client], addresses: Sequence[str]) -> Privileges | PyMongoError:
    """Of the user whom these clients are logged in as, by whichever member answers; else the last one's problem."""
    problem = PyMongoError("no member answers")
    for address in addresses:
        client = opened(address)
        try:
            status = await client.admin.command("connectionStatus", showPrivileges=True)
            return list(status["authInfo"].get("authenticatedUserPrivileges", ()))
        except PyMongoError as error:
            problem = error
        finally:
            await client.close()
    return problem


def may_change(granted: Privileges) -> bool:
    """Step down and reconfigure."""
    return _actions(granted) >= CHANGES


def watching(user: str, granted: Privileges | PyMongoError) -> Right:
    """Of the user who only looks."""
    return _right("watching", user, granted, lambda those: _actions(those) >= WATCHES, "clusterMonitor", "admin")


def changing(user: str, granted: Privileges | PyMongoError | None) -> tuple[Right, Right]:
    """Of the operator; None: there is none."""
    if granted is None:
        return (
            Right(what="changing", granted=None, says=NO_OPERATOR),
            Right(what="keeping the lease", granted=None, says=NO_OPERATOR),
        )
    return (
        _right("changing", user, granted, may_change, "clusterManager", "admin"),
        _right("keeping the lease", user, granted, lambda those: _in_lease(those) >= KEEPS, "readWrite", DATABASE),
    )


def _right(what: str, user: str, granted: Privileges | PyMongoError, holds: Any, role: str, database: str) -> Right:
    if isinstance(granted, PyMongoError):
        says = f"the user '{user}' could not be asked about: {str(granted).split(', full error')[0]}"
        return Right(what=what, granted=False, says=says, mend="see the rows of the members")
    if holds(granted):
        return Right(what=what, granted=True, says=f"the user '{user}' has what {role} on {database} grants")
    shown = f'db.getSiblingDB("admin").grantRolesToUser("{user}", [{{role: "{role}", db: "{database}"}}])'
    return Right(what=what, granted=False, says=f"the user '{user}' lacks the role {role} on {database}", mend=shown)


def _actions(granted: Privileges) -> set[str]:
    """Of all resources together: those that are asked about here mean the whole set."""
    return {action for privilege in granted for action in privilege["actions"]}


def _in_lease(granted: Privileges) -> set[str]:
    """Those that hold for the lease's database, or for any."""
    mine = [privilege for privilege in granted if privilege["resource"].get("db") in (DATABASE, "")]
    return {action for privilege in mine for action in privilege["actions"]}
