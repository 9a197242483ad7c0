"""The lease of one change at a time, and the holds, kept in the set itself: majority writes by the server's clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import NotPrimaryError, OperationFailure, PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from console.cluster.snapshot import Approval, Health, Hold
from console.cluster.views import LeaseView
from console.ports.protocols import Claim, LeaseState, Refused, Unclear

from .errors import AUTHENTICATION_FAILED, UNAUTHORIZED
from .lease_documents import APPROVAL_FIELDS, HOLDER_FIELDS, approval_of, bar_of, hold_of, lease_of, state_of
from .member import Client

DATABASE = "watchkeeper"
ONLY = {"_id": "cluster"}
NOT_PRIMARY = (10107, 13435)
DEADLINE_S = 4.0
"""A majority's acknowledgement on a busy machine takes its time, and nobody's screen waits for it."""
READ_BACK_S = 3.0
"""How long a lost answer is looked for: an election that was handed over takes about one second."""
ASK_AGAIN_S = 0.1

Document = dict[str, Any]
Collection = AsyncCollection[Document]

NOBODY = {"$eq": [{"$ifNull": ["$owner", None]}, None]}
HOLDER = {name: f"${name}" for name in HOLDER_FIELDS}


class MongoLease:
    """One document for the lease, one a server for the holds; `leading` names the Primary, `opened` its client."""

    def __init__(
        self, leading: Callable[[], Awaitable[str | None]], opened: Callable[[str], Client], user: str
    ) -> None:
        self._leading = leading
        self._opened = opened
        self._user = user
        self._client: tuple[str, Client] | None = None
        self._looking: asyncio.Task[LeaseView] | None = None
        self._own_rid = ""
        """Of the newest request that was granted to us."""

    async def look(self) -> LeaseView:
        """Everything by one majority read a collection; what cannot be read says why.

        Whoever waits may be cancelled, the call may not: PyMongo turns a cancellation into an error of its own.
        """
        self._looking = asyncio.get_running_loop().create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> LeaseView:
        try:
            async with self._collection("lease") as leases:
                document = await _read(leases)
            async with self._collection("holds") as holds, self._collection("bars") as bars:
                held = tuple([hold_of(one) async for one in holds.find({}, sort=[("_id", 1)])])
                barred = tuple([bar_of(one) async for one in bars.find({}, sort=[("_id", 1)])])
            async with self._collection("approvals") as approvals:
                asked = tuple([approval_of(one) async for one in approvals.find({}, sort=[("_id", 1)])])
        except (Refused, Unclear) as problem:
            return LeaseView(health=Health.UNKNOWN, reason=str(problem))
        state = state_of(document)
        return LeaseView(
            health=Health.UP,
            lease=lease_of(state, self._own_rid),
            holds=held,
            bars=barred,
            approvals=asked,
            set_change=state.set_change,
        )

    async def acquire(self, claim: Claim) -> LeaseState:
        """Granted when nobody has it, its time is over, or its run is known to be dead."""
        free = {"$or": [NOBODY, {"$lte": ["$expires", "$$NOW"]}, {"$in": ["$run", _as_is(list(claim.takes_over))]}]}
        granted = {
            "fence": {"$add": [{"$ifNull": ["$fence", 0]}, 1]},
            "before": {"$cond": [NOBODY, None, HOLDER]},
            **{name: _as_is(getattr(claim, name)) for name in ("owner", "run", "rid", "says", "reason")},
            "since": "$$NOW",
            "expires": _from_now(claim.ttl_s),
        }
        state = await self._asked(
            ONLY,
            [
                {"$set": {"free": free}},
                {"$replaceWith": {"$cond": ["$free", {"$mergeObjects": ["$$ROOT", granted]}, "$$ROOT"]}},
                {"$set": {"at": "$$NOW"}},
                {"$unset": "free"},
            ],
            upsert=True,
        )
        if state.rid == claim.rid:
            self._own_rid = claim.rid
        elif state.holder is None:
            raise Unclear("it was asked for, the answer was lost, and nobody has it")
        return state

    async def renew(self, rid: str, *, ttl_s: float, says: str, changes_set: str = "") -> LeaseState:
        """Only while the rid is ours: nobody was granted it since, even if its time was over."""
        fields: Document = {"expires": _from_now(ttl_s), "says": _as_is(says), "at": "$$NOW"}
        if changes_set:
            change = {"what": _as_is(changes_set), "by": "$owner", "run": "$run", "at": "$$NOW", "finished": False}
            fields["set_change"] = change
        return await self._asked({**ONLY, "rid": rid}, [{"$set": fields}])

    async def release(self, rid: str) -> None:
        """A rid that is not ours any more releases nothing."""
        finished = {"$mergeObjects": ["$set_change", {"finished": True, "at": "$$NOW"}]}
        own = {"$eq": ["$set_change.run", "$run"]}
        fields = {
            "last": HOLDER,
            "set_change": {"$cond": [own, finished, "$set_change"]},
            **{"owner": None, "rid": None, "expires": "$$NOW", "at": "$$NOW"},
        }
        async with self._collection("lease") as leases:
            await leases.update_one({**ONLY, "rid": rid}, [{"$set": fields}])

    async def hold(self, hold: Hold) -> None:
        """One document a server; a newer one replaces it."""
        fields = {"admin": str(hold.admin), "owner": hold.owner, "reason": hold.reason}
        async with self._collection("holds") as holds:
            await holds.replace_one(
                {"_id": hold.target}, {**fields, "since": hold.since, "until": hold.until}, upsert=True
            )

    async def bar(self, address: str, until: datetime | None) -> None:
        """One document a member."""
        async with self._collection("bars") as bars:
            if until is None:
                await bars.delete_one({"_id": address})
            else:
                await bars.replace_one({"_id": address}, {"until": until}, upsert=True)

    async def ask(self, approval: Approval) -> None:
        """One document a question."""
        fields = {name: getattr(approval, name) for name in APPROVAL_FIELDS}
        async with self._collection("approvals") as approvals:
            await approvals.replace_one({"_id": approval.id}, fields, upsert=True)

    async def agree(self, id: str, by: str, *, agreed: bool) -> None:
        """Only what is asked."""
        async with self._collection("approvals") as approvals:
            await approvals.update_one({"_id": id}, {"$set": {"by": by, "agreed": agreed}})

    async def forget(self, id: str) -> None:
        """Nothing to forget is no mistake."""
        async with self._collection("approvals") as approvals:
            await approvals.delete_one({"_id": id})

    async def let_go(self, target: str) -> None:
        """Nothing to forget is no mistake."""
        async with self._collection("holds") as holds:
            await holds.delete_one({"_id": target})

    async def close(self) -> None:
        """Let the look that is going on end, then the client of the Primary."""
        if self._looking:
            await asyncio.wait([self._looking])
        if self._client:
            await self._client[1].close()

    async def _asked(self, where: Document, update: list[Document], *, upsert: bool = False) -> LeaseState:
        """Send it once; a lost answer is read back, never sent again."""
        try:
            async with self._collection("lease") as leases:
                found = await leases.find_one_and_update(
                    where, update, upsert=upsert, return_document=ReturnDocument.AFTER
                )
                return state_of(found if found else await _read(leases))
        except Unclear as lost:
            return await self._read_back(lost)

    async def _read_back(self, lost: Unclear) -> LeaseState:
        ends_s = time.monotonic() + READ_BACK_S
        while True:
            try:
                async with self._collection("lease") as leases:
                    return state_of(await _read(leases))
            except (Refused, Unclear):
                if time.monotonic() > ends_s:
                    raise lost from None
            await asyncio.sleep(ASK_AGAIN_S)

    @asynccontextmanager
    async def _collection(self, name: str) -> AsyncIterator[Collection]:
        """A collection on the Primary, for one call. Raises Refused or Unclear."""
        address = await self._leading()
        if address is None:
            raise Refused("no member takes writes")
        if self._client is None or self._client[0] != address:
            if self._client:
                await self._client[1].close()
            self._client = (address, self._opened(address))
        try:
            yield self._client[1].get_database(
                DATABASE,
                codec_options=CodecOptions(tz_aware=True),
                read_concern=ReadConcern("majority"),
                write_concern=WriteConcern("majority"),
            )[name]
        except (PyMongoError, RuntimeError) as error:  # the latter: its pool waited in vain, the machine is too busy
            raise self._problem(error, address) from None

    def _problem(self, error: PyMongoError | RuntimeError, address: str) -> Refused | Unclear:
        code = error.code if isinstance(error, OperationFailure) else None
        if code == AUTHENTICATION_FAILED:
            return Refused(f"MongoDB refused the user '{self._user}': wrong password, or no such user")
        if code == UNAUTHORIZED:
            grant = (
                f"db.getSiblingDB('admin').grantRolesToUser('{self._user}', [{{role: 'readWrite', db: '{DATABASE}'}}])"
            )
            return Refused(f"the user '{self._user}' may not keep it; on the Primary, as an administrator: {grant}")
        if isinstance(error, NotPrimaryError) and isinstance(error.details, dict):
            code = error.details.get("code")
        if code in NOT_PRIMARY:
            return Refused(f"{address} is not Primary any more")
        if isinstance(error, ServerSelectionTimeoutError):
            return Refused(f"{address} cannot be reached")
        return Unclear(f"{address} did not acknowledge it: {str(error).split(', full error')[0]}")


async def _read(leases: Collection) -> Mapping[str, Any]:
    """The document as a majority has it, with the server's time; empty when there never was one."""
    cursor = await leases.aggregate([{"$match": ONLY}, {"$set": {"at": "$$NOW"}}])
    return next(iter(await cursor.to_list()), {})


def _as_is(value: object) -> Document:
    """A value that the server does not read as a field's name, whatever it begins with."""
    return {"$literal": value}


def _from_now(seconds: float) -> Document:
    return {"$add": ["$$NOW", int(seconds * 1000)]}
