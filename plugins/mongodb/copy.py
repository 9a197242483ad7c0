"""A copy of the journal in a collection: insert only, acknowledged by a majority, its `_id` the record's own."""

from collections.abc import Sequence
from typing import Any

import msgspec
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from console.ports.plugins import Context
from console.ports.protocols import CopiedRecord, Forked, NotKept
from console.ports.secrets import Secret

from .errors import AUTHENTICATION_FAILED, UNAUTHORIZED, connection_problem, is_connection_problem

Document = dict[str, Any]


class MongoCopy:
    """One collection; its user needs `find` and `insert` there and nothing else."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """One `[[journal]]` table; better of another deployment than the one that is changed from here."""

        uri: str
        username: str = ""
        password: Secret | None = None
        auth_source: str = "admin"
        database: str = "watchkeeper"
        collection: str = "journal"
        deadline_s: float = 4.0

        def __post_init__(self) -> None:
            """Raises ValueError for a URI that is none, or that holds a password."""
            if not self.uri.startswith(("mongodb://", "mongodb+srv://")):
                raise ValueError("uri: expected mongodb://host:port,…")
            if "@" in self.uri:
                raise ValueError('uri: no user and password in it; give `username` and `password = { env = "…" }`')

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._made: AsyncMongoClient[Document] | None = None

    async def keep(self, records: Sequence[CopiedRecord]) -> None:
        """In their order; one that is there already is compared. Raises NotKept or Forked."""
        where = self._collection
        try:
            for record in records:
                try:
                    await where.insert_one(_document(record))
                except DuplicateKeyError:
                    there = await where.find_one({"_id": record.id}) or {}
                    if there.get("hash") != record.hash:
                        raise Forked(f"record {record.id} has another hash in {where.full_name}") from None
        except (PyMongoError, OSError, TimeoutError) as error:
            raise NotKept(_problem(error, self._settings)) from None

    async def head(self, journal_id: str) -> tuple[int, str] | None:
        """By its seq. Raises NotKept."""
        of_it = {"_id": {"$gte": f"{journal_id}:", "$lt": f"{journal_id};"}}  # `;` is what follows `:`
        try:
            found = await self._collection.find_one(of_it, sort=[("seq", -1)])
        except (PyMongoError, OSError, TimeoutError) as error:
            raise NotKept(_problem(error, self._settings)) from None
        return (int(found["seq"]), str(found["hash"])) if found else None

    async def close(self) -> None:
        """Let go of the client."""
        if self._made:
            await self._made.close()

    @property
    def _collection(self) -> AsyncCollection[Document]:
        acknowledged = WriteConcern("majority", wtimeout=int(self._settings.deadline_s * 1000))
        database = self._client[self._settings.database]
        return database.get_collection(self._settings.collection, write_concern=acknowledged)

    @property
    def _client(self) -> "AsyncMongoClient[Document]":
        if self._made is None:
            settings = self._settings
            login: dict[str, Any] = {}
            if settings.username:
                login = {"username": settings.username, "authSource": settings.auth_source}
            if settings.password:
                login["password"] = settings.password.reveal()
            deadline_ms = int(settings.deadline_s * 1000)
            self._made = AsyncMongoClient(
                settings.uri,
                appname="watchkeeper",
                serverSelectionTimeoutMS=deadline_ms,
                connectTimeoutMS=deadline_ms,
                timeoutMS=deadline_ms,
                **login,
            )
        return self._made


def _document(record: CopiedRecord) -> Document:
    return {
        "_id": record.id,
        "seq": record.seq,
        "at": record.at,
        "kind": record.kind,
        "cluster": record.cluster,
        "target": record.target,
        "hash": record.hash,
        "prev": record.prev,
        "body": record.body,
    }


def _problem(error: BaseException, settings: MongoCopy.Settings) -> str:
    code = error.code if isinstance(error, OperationFailure) else None
    if code == AUTHENTICATION_FAILED:
        return f"MongoDB refused the user '{settings.username}': wrong password, or no such user"
    if code == UNAUTHORIZED:
        return (
            f"the user '{settings.username}' may not write there: "
            f"grant it find and insert on {settings.database}.{settings.collection}"
        )
    if is_connection_problem(error):
        return connection_problem(error, settings.deadline_s)[1]
    return str(error).split(", full error")[0]
