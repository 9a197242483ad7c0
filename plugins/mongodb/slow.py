"""What is asked of a member at a slow pace: its oplog, its data, its cache."""

from contextlib import suppress
from typing import TYPE_CHECKING

from pymongo.errors import OperationFailure

from .documents import Slow, oplog_full_s, oplog_window_s

if TYPE_CHECKING:
    from .member import Client

NATURAL, REVERSED = 1, -1
NOT_NEEDED = dict.fromkeys(
    ("metrics", "locks", "opLatencies", "repl", "tcmalloc", "network", "opcounters", "transactions", "globalLock"), 0
)


async def slowly(client: "Client") -> Slow:
    """One look; what its role may not read stays unknown. Raises PyMongoError, and KeyError for a strange answer."""
    local = client["local"]
    first, last = [
        await local["oplog.rs"].find_one({}, {"ts": 1}, sort=[("$natural", way)]) for way in (NATURAL, REVERSED)
    ]
    window_s = oplog_window_s(first, last)
    slow = Slow(oplog_window_s=window_s)
    with suppress(OperationFailure):
        stats = await local.command("collStats", "oplog.rs")
        told = await client.admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})
        status = await client.admin.command({"serverStatus": 1, **NOT_NEEDED})
        slow = Slow(
            oplog_window_s=window_s,
            oplog_full_s=oplog_full_s(window_s, stats),
            data_bytes=await _data_bytes(client),
            cache_bytes=int(status["wiredTiger"]["cache"]["maximum bytes configured"]),
            compatibility=str(told["featureCompatibilityVersion"]["version"]),
        )
    return slow


async def _data_bytes(client: "Client") -> int:
    """The data of every database that is replicated; its indexes are built anew and not copied."""
    listed = await client.admin.command("listDatabases", nameOnly=True)
    names = [str(database["name"]) for database in listed["databases"]]
    return sum([int((await client[name].command("dbStats"))["dataSize"]) for name in names if name != "local"])
