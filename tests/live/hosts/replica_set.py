"""Makes the replica set out of three empty members, and its users."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from console.lab.replica_set import ROLES, is_whole
from tests.live.hosts.layout import MEMBERS, MONGODB_PORT, Host, Layout

SET = "rs0"


def uri(layout: Layout) -> str:
    """The connection string of the set, without credentials."""
    hosts = ",".join(f"{layout.service(host)}:{MONGODB_PORT}" for host in MEMBERS)
    return f"mongodb://{hosts}/?replicaSet={SET}"


def initiate(layout: Layout, patience_s: float) -> None:
    """Initiate the set, create its users, wait until every member is up. Raises RuntimeError."""
    ends_s = time.monotonic() + patience_s
    members = [{"_id": number, "host": f"{layout.service(host)}:{MONGODB_PORT}"} for number, host in enumerate(MEMBERS)]
    config = {"_id": SET, "version": 1, "members": members}
    with client(layout, layout.service(MEMBERS[0])) as first:
        for host in MEMBERS:
            _until(ends_s, f"{host.name} answers", partial(_answers, layout, host))
        first.admin.command("replSetInitiate", config)
    with client(layout, uri(layout)) as whole:
        _until(ends_s, "the set is whole", lambda: is_whole(states(whole)))
        for user, roles in ROLES.items():
            whole.admin.command(
                "createUser",
                user,
                pwd=layout.secret(f"{user}.password"),
                roles=[{"role": role, "db": database} for role, database in roles],
            )


def states(whole: "pymongo.MongoClient[dict[str, Any]]") -> list[str]:
    """The state of every member."""
    return [str(member["stateStr"]) for member in whole.admin.command("replSetGetStatus")["members"]]


def client(layout: Layout, where: str) -> "pymongo.MongoClient[dict[str, Any]]":
    """A client that may do everything: whoever has the members' common key is one of them."""
    return pymongo.MongoClient(
        where,
        username="__system",
        password=layout.secret("keyfile"),
        authSource="local",
        authMechanism="SCRAM-SHA-256",
        directConnection="://" not in where,
        serverSelectionTimeoutMS=3000,
        timeoutMS=5000,
    )


def _answers(layout: Layout, host: Host) -> bool:
    with client(layout, layout.service(host)) as member:
        return bool(member.admin.command("hello"))


def _until(ends_s: float, what: str, met: Callable[[], bool]) -> None:
    while True:
        because: object = "it is not so"
        try:
            if met():
                return
        except PyMongoError as error:
            because = error
        if time.monotonic() > ends_s:
            raise RuntimeError(f"waited in vain until {what}: {because}")
        time.sleep(0.2)
