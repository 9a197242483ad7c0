"""The journal's file. journal_mode=DELETE, synchronous=EXTRA: with WAL, a write after somebody unlinked the file
succeeds silently, and some releases of SQLite still carry WAL's reset bug."""

import asyncio
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.change.journal.anchor import Anchor
from console.change.journal.files import check_filesystem, make_file, make_folder
from console.change.journal.record import GENESIS, SCHEMA, JournalError, Record, chain, decode, encode, writer
from console.change.journal.unfinished import Unfinished, unfinished

FILE = "journal.sqlite3"
RESERVE = "journal.reserve"
RESERVE_BYTES = 64 * 1024
"""Freed when the disk is full between an op and its result."""
DEADLINE_S = 5.0
"""The longest that one record may take; after it, it counts as not written."""
CLOCK_STEP_S = 2.0
"""A wall clock that went back further than this is worth a record."""

TABLE = (
    "CREATE TABLE IF NOT EXISTS record"
    " (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL) STRICT"
)
ROWS = "SELECT seq, prev, body, hash FROM record WHERE seq > ? ORDER BY seq"


class Journal:
    """The journal of one state directory; several consoles may write one at the same time."""

    def __init__(self, folder: Path, cluster: str, connection: sqlite3.Connection, journal_id: str) -> None:
        self.cluster = cluster
        self.journal_id = journal_id
        self.read_only_because = ""
        """Why nothing more is written; empty while all is well."""
        self._folder = folder
        self._connection = connection
        self._secrets: list[str] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    @classmethod
    def open(cls, folder: Path, cluster: str, read_only: bool = False) -> "Journal":
        """Open or begin the journal of a state directory. Raises JournalError with the mend."""
        path = folder / FILE
        if not read_only:
            make_folder(folder)
            check_filesystem(folder)
            make_file(path)
        try:
            connection = connect(path, read_only)
            try:
                journal_id = _identity(connection, read_only)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise JournalError(f"journal {path} cannot be read: {error}; move it away to begin a new one") from None
        if not read_only:
            _reserve(folder)
        return cls(folder, cluster, connection, journal_id)

    async def append(self, kind: str, **fields: Any) -> Record:
        """Commit one record, whatever becomes of the caller meanwhile; fields as `append_now`. Raises JournalError."""
        loop = asyncio.get_running_loop()
        written = loop.run_in_executor(self._thread, lambda: self.append_now(kind, **fields))
        try:
            return await asyncio.wait_for(asyncio.shield(written), DEADLINE_S)
        except TimeoutError:
            raise JournalError(f"journal {self._folder / FILE} did not take a record in {DEADLINE_S:g} s") from None

    def append_now(
        self,
        kind: str,
        *,
        run: str | None = None,
        action: str | None = None,
        target: str | None = None,
        step: int | None = None,
        outcome: str | None = None,
        reason: str | None = None,
        plan_hash: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Record:
        """Commit one record; it is on disk when this returns. Raises JournalError when it is not."""
        if self.read_only_because:
            raise JournalError(self.read_only_because)
        given = {
            "event.kind": kind,
            "plan.id": run,
            "event.action": action,
            "target.name": target,
            "step.no": step,
            "event.outcome": outcome,
            "event.reason": reason,
            "plan.hash": plan_hash,
            "detail": dict(detail) if detail else None,
        }
        fields = self._redacted({name: value for name, value in given.items() if value is not None})
        try:
            return self._commit(fields)
        except sqlite3.OperationalError as error:
            if "full" not in str(error) or kind in ("plan.confirmed", "step.intent"):
                raise self._unwritable(error) from None
            return self._from_reserve(fields, error)
        except (sqlite3.Error, OSError) as error:
            raise self._unwritable(error) from None

    def records(self, after: int = 0) -> Iterator[Record]:
        """Every record after a seq; a corrupt one says so, and the rest is still there."""
        with closing(connect(self._folder / FILE, read_only=True)) as connection:
            for seq, prev, body, digest in connection.execute(ROWS, (after,)):
                yield decode(seq, bytes(prev), bytes(body), bytes(digest))

    def unfinished(self) -> list[Unfinished]:
        """Runs that began and did not end."""
        return unfinished(self.records())

    def redact(self, secret: str) -> None:
        """Never write this value: it becomes `***` wherever it stands."""
        if secret:
            self._secrets.append(secret)

    def close(self) -> None:
        """Finish what is being written and let go of the file."""
        self._thread.shutdown(wait=True)
        self._connection.close()

    def _commit(self, fields: Mapping[str, Any]) -> Record:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            seq, prev = connection.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone() or (
                0,
                GENESIS,
            )
            seq += 1
            now = datetime.now(UTC)
            body = encode(
                {
                    **writer(),
                    **fields,
                    **self._clock(seq, now),
                    "seq": seq,
                    "cluster": self.cluster,
                    "journal_id": self.journal_id,
                }
            )
            digest = chain(prev, body)
            connection.execute("INSERT INTO record VALUES (?, ?, ?, ?)", (seq, body, prev, digest))
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        anchor = Anchor(self.journal_id, seq, digest.hex())
        with suppress(OSError):  # the record is on disk; an anchor that lags behind is no break
            anchor.write(self._folder)
        if fields["event.kind"] == "plan.finished":
            anchor.tell_syslog()
        return decode(seq, prev, body, digest)

    def _clock(self, seq: int, now: datetime) -> dict[str, str]:
        """Wall and monotonic time; order is by seq, and a clock that went back is said."""
        fields = {"@timestamp": now.isoformat(), "mono_ns": str(time.monotonic_ns())}
        row = self._connection.execute("SELECT body FROM record WHERE seq = ?", (seq - 1,)).fetchone()
        with suppress(ValueError, KeyError, TypeError):
            back_s = (datetime.fromisoformat(json.loads(row[0])["@timestamp"]) - now).total_seconds()
            if back_s > CLOCK_STEP_S:
                fields["clock_stepped"] = f"the wall clock went back {back_s:.1f} s"
        return fields

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, "***")
            return value
        if isinstance(value, Mapping):
            return {key: self._redacted(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._redacted(item) for item in value]
        return value

    def _from_reserve(self, fields: Mapping[str, Any], full: sqlite3.Error) -> Record:
        """The disk is full and something has happened that must be told: use the reserve, then write no more."""
        (self._folder / RESERVE).unlink(missing_ok=True)
        try:
            record = self._commit(fields)
        except (sqlite3.Error, OSError) as error:
            raise self._unwritable(error) from None
        self.read_only_because = f"journal {self._folder / FILE}: {full}; free some space and start again"
        return record

    def _unwritable(self, error: Exception) -> JournalError:
        return JournalError(f"journal {self._folder / FILE} is not writable: {error}")


def export(path: Path) -> Iterator[str]:
    """Every record as one JSON line, with its hash."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            for seq, _, body, digest in connection.execute(ROWS, (0,)):
                line = json.loads(bytes(body))
                yield json.dumps({**line, "seq": seq, "hash": bytes(digest).hex()}, ensure_ascii=False)
    except (sqlite3.Error, ValueError) as error:
        raise JournalError(f"journal {path} cannot be exported: {error}; `journal verify` says more") from None


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """Open the file of a journal; a reader also opens it for writing: only so can it roll back what a kill cut off."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA query_only={int(read_only)}")
    connection.execute("PRAGMA synchronous=EXTRA")
    return connection


def _identity(connection: sqlite3.Connection, read_only: bool) -> str:
    """Make or check the schema and the modes; the journal's own id."""
    if not read_only:
        modes = [
            connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in ("journal_mode=DELETE", "synchronous")
        ]
        if modes != ["delete", 3]:
            raise JournalError(
                f"SQLite offers journal_mode {modes[0]}, synchronous {modes[1]}; delete and 3 are needed"
            )
        connection.execute(TABLE)
    row = connection.execute("SELECT body FROM record ORDER BY seq LIMIT 1").fetchone()
    if row is None:
        return uuid.uuid4().hex
    first: dict[str, Any] = json.loads(bytes(row[0])) if _is_json(bytes(row[0])) else {}
    if int(first.get("schema", SCHEMA)) > SCHEMA and not read_only:
        raise JournalError(f"the journal has schema {first['schema']}, newer than {SCHEMA}: update, or look only")
    return str(first.get("journal_id", ""))


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _reserve(folder: Path) -> None:
    """Keep some room for the result of an op that is under way when the disk fills."""
    path = folder / RESERVE
    if path.exists() and path.stat().st_size >= RESERVE_BYTES:
        return
    with suppress(OSError):
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, RESERVE_BYTES)
        finally:
            os.close(handle)
