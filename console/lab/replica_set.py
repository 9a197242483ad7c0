"""Makes a replica set out of three empty mongod processes, and reads how it stands."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from console.lab.error import LabError
from console.lab.layout import Layout, Node, of_role

if TYPE_CHECKING:
    from pymongo import MongoClient

    Client = MongoClient[dict[str, object]]

MEMBERS = of_role("member")
ROLES: dict[str, list[tuple[str, str]]] = {
    "monitor": [("clusterMonitor", "admin"), ("read", "local")],
    "operator": [
        ("clusterMonitor", "admin"),
        ("clusterManager", "admin"),
        ("hostManager", "admin"),
        ("readWrite", "watchkeeper"),  # the lease of one change at a time lives in the set itself
    ],
    "app": [("readWrite", "app")],
}
# Elections and first heartbeats at these intervals take one second instead of ten.
START_SETTINGS = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 100}


def initiate(layout: Layout, alive: Callable[[], None], patience_s: float) -> None:
    """Initiate the set with all members at once, and create its users once it has a Primary.

    `alive` is called while waiting, and raises if a process has ended.

    Raises:
        LabError: a member or the election did not come in time.
    """
    deadline = time.monotonic() + patience_s
    members = [{"_id": number, "host": host} for number, host in enumerate(layout.members())]
    for node in MEMBERS:
        _until(deadline, alive, f"mongod of {node.name} answers", partial(_hello, layout, node))
    with _worded("initiate"), _member(layout, MEMBERS[0]) as first:
        config = {"_id": "rs0", "version": 1, "members": members, "settings": START_SETTINGS}
        first.admin.command("replSetInitiate", config)
    _until(deadline, alive, "the replica set elects a Primary", lambda: _primary(layout) is not None)
    with _worded("create the users of"):
        _create_users(layout, _primary(layout) or MEMBERS[0])


def settle(layout: Layout, alive: Callable[[], None], patience_s: float) -> str:
    """Wait until every member is Primary or Secondary, restore the server's default intervals; name the Primary.

    Raises:
        LabError: it did not come about in time.
    """
    deadline = time.monotonic() + patience_s
    with _worded("complete"), _connect(layout, "root") as client:
        _until(deadline, alive, "every member is PRIMARY or SECONDARY", lambda: is_whole(_states(client)))
        config = client.admin.command("replSetGetConfig")["config"]
        config["version"] += 1
        for setting in START_SETTINGS:
            del config["settings"][setting]
        client.admin.command("replSetReconfig", config, maxTimeMS=5000)
        host, _ = client.primary or ("", 0)
        client.admin.command("dropUser", "root", writeConcern={"w": "majority"})
    layout.path("root.password").unlink()
    return next((node.name for node in MEMBERS if layout.address(node) == host), "")


def states(layout: Layout) -> list[str]:
    """Return the state of every member as the Primary sees it; none if there is no Primary to ask."""
    with _connect(layout, "monitor", patience_ms=1000) as client:
        return _states(client)


def is_whole(states: list[str]) -> bool:
    """Return whether these are the states of a set with one Primary and otherwise Secondaries."""
    return sorted(states) == ["PRIMARY"] + ["SECONDARY"] * (len(states) - 1)


def missing(layout: Layout, entries: list[str]) -> list[str]:
    """Return which of these acknowledged writes are not in the database.

    Raises:
        LabError: there is no Primary to ask.
    """
    import pymongo
    from pymongo.read_concern import ReadConcern

    lost = []
    try:
        with _connect(layout, "app") as client:
            found = client.get_database("app", read_concern=ReadConcern("majority"))["entries"]
            for start in range(0, len(entries), 5000):
                part = entries[start : start + 5000]
                there = {entry["_id"] for entry in found.find({"_id": {"$in": part}}, {"_id": 1})}
                lost += [entry for entry in part if entry not in there]
    except pymongo.errors.PyMongoError as error:
        raise LabError(f"can't compare the ledger with the database: {error}; heal the members first") from error
    return lost


def _until(deadline: float, alive: Callable[[], None], what: str, met: Callable[[], object]) -> None:
    while not met():
        alive()
        if time.monotonic() > deadline:
            raise LabError(f"waited in vain until {what}; the machine may be too busy: try again")
        time.sleep(0.03)


@contextmanager
def _worded(verb: str) -> Iterator[None]:
    import pymongo

    try:
        yield
    except pymongo.errors.PyMongoError as error:
        raise LabError(f"could not {verb} the replica set: {error}; is the machine too busy? try again") from error


def _primary(layout: Layout) -> Node | None:
    return next((node for node in MEMBERS if _hello(layout, node).get("isWritablePrimary")), None)


def _states(client: "Client") -> list[str]:
    import pymongo

    try:
        status = client.admin.command("replSetGetStatus")
    except pymongo.errors.PyMongoError:
        return []
    return [str(member["stateStr"]) for member in status["members"]]


def _hello(layout: Layout, node: Node) -> dict[str, object]:
    import pymongo

    try:
        with _member(layout, node) as client:
            return dict(client.admin.command("hello"))
    except pymongo.errors.PyMongoError:
        return {}


def _member(layout: Layout, node: Node) -> "Client":
    import pymongo

    return pymongo.MongoClient(
        layout.real_address(node),
        layout.ports.mongodb,
        directConnection=True,
        serverSelectionTimeoutMS=150,
    )


def _connect(layout: Layout, user: str, patience_ms: int = 8000) -> "Client":
    import pymongo

    return pymongo.MongoClient(
        layout.uri(),
        username=user,
        password=layout.secret(f"{user}.password"),
        heartbeatFrequencyMS=500,
        serverSelectionTimeoutMS=patience_ms,
        timeoutMS=patience_ms + 2000,
    )


def _create_users(layout: Layout, primary: Node) -> None:
    # Without any user, a client from this machine may create the first one, and only that one.
    with _member(layout, primary) as client:
        client.admin.command(
            "createUser", "root", pwd=layout.secret("root.password"), roles=["root"], writeConcern={"w": 1}
        )
    with _connect(layout, "root") as client:
        for user, roles in ROLES.items():
            client.admin.command(
                "createUser",
                user,
                pwd=layout.secret(f"{user}.password"),
                roles=[{"role": role, "db": database} for role, database in roles],
                writeConcern={"w": 1},
            )
