"""One console's hold on the journal: it appends records, reads them back, and says why it no longer can."""

import asyncio
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.change.journal.anchor import Anchor, say_to_syslog
from console.change.journal.body import encode, plain, redacted
from console.change.journal.database import HEAD, body_of, connect, last, prepare, rows
from console.change.journal.files import (
    RESERVE,
    RESERVE_BYTES,
    free_bytes,
    keep_reserve,
    make_file,
    make_folder,
    network_filesystem,
)
from console.change.journal.record import GENESIS, JournalError, Record, chain, decode, writer
from console.change.journal.unfinished import Unfinished, unfinished

FILE = "journal.sqlite3"
DEADLINE_S = 5.0
"""The longest that one record may take; after it, it counts as not written."""
CLOCK_STEP_S = 2.0
"""A wall clock that went back further than this is worth a record."""
TOLD_AFTERWARDS = (
    *("step.result", "step.verified", "step.undone", "step.reconciled"),
    *("plan.finished", "plan.abandoned", "session.lost"),
)
"""What tells of something that has happened: worth the reserve when the disk is full. An intent is refused instead."""


class Journal:
    """The journal of one state directory; several consoles may write one at the same time."""

    def __init__(self, folder: Path, cluster: str, connection: sqlite3.Connection, read_only_because: str) -> None:
        self.cluster = cluster
        self.journal_id = str(body_of(connection, "ASC").get("journal_id", "")) or uuid.uuid4().hex
        self.read_only_because = read_only_because
        """Why nothing more is written; empty while all is well."""
        self._folder = folder
        self._connection = connection
        self._alone = threading.Lock()
        self._secrets: list[str] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    @classmethod
    def open(cls, folder: Path, cluster: str, read_only: bool = False, *, allow_network_fs: bool = False) -> "Journal":
        """Open or begin the journal of a state directory. Raises JournalError with the mend."""
        path, fstype = folder / FILE, ""
        if not read_only:
            make_folder(folder)
            if (fstype := network_filesystem(folder)) and not allow_network_fs:
                raise JournalError(f"{folder} is on {fstype}: a journal needs a local disk; name one with --state-dir")
            keep_reserve(folder)
            make_file(path)
        try:
            connection = connect(path, read_only)
            try:
                if not read_only:
                    prepare(connection)
                journal = cls(folder, cluster, connection, f"journal {path} was opened to look only" * read_only)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise JournalError(
                f"journal {path} cannot be read: {error}; move it away to begin a new one, and its anchor with it"
            ) from None
        if fstype:
            journal.append_now("journal.network_fs_allowed", detail={"fstype": fstype})
        return journal

    @property
    def path(self) -> Path:
        """Its file."""
        return self._folder / FILE

    async def append(self, kind: str, **fields: Any) -> Record:
        """Commit one record, whatever becomes of the caller meanwhile; fields as `append_now`. Raises JournalError."""
        ends_s = time.monotonic() + DEADLINE_S
        loop = asyncio.get_running_loop()
        try:
            written = loop.run_in_executor(self._thread, lambda: self.append_now(kind, ends_s=ends_s, **fields))
        except RuntimeError:
            raise JournalError(f"journal {self.path} is closed") from None
        written.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to ask
        try:
            return await asyncio.wait_for(asyncio.shield(written), DEADLINE_S)
        except TimeoutError:
            raise JournalError(f"journal {self.path} did not take a record in {DEADLINE_S:g} s") from None

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
        ends_s: float | None = None,
    ) -> Record:
        """Commit one record; it is on disk when this returns. Raises JournalError when it is not.

        `ends_s` is the end of its deadline by the monotonic clock; it is not committed after that.
        """
        if self.read_only_because:
            raise JournalError(self.read_only_because)
        given = {
            "plan.id": run,
            "event.action": action,
            "target.name": target,
            "step.no": step,
            "event.outcome": outcome,
            "event.reason": reason,
            "plan.hash": plan_hash,
            "detail": detail or None,
        }
        fields = plain({name: value for name, value in given.items() if value is not None})
        fields = {"event.kind": kind, **redacted(fields, self._secrets)}
        try:
            return self._commit(fields, ends_s)
        except (sqlite3.Error, OSError, ValueError) as error:  # ValueError: no number is left after a forged seq
            if kind in TOLD_AFTERWARDS and self._is_full(error):
                return self._from_reserve(fields, error)
            raise self._unwritable(error) from None

    def records(self, after: int = 0) -> Iterator[Record]:
        """Every record after a seq; a corrupt one says so, and the rest is still there. Raises JournalError."""
        try:
            for row in rows(self.path, after):
                yield decode(*row)
        except sqlite3.Error as error:
            raise JournalError(f"journal {self.path} cannot be read: {error}; verify it") from None

    def newest(self, count: int) -> Iterator[Record]:
        """The last so many records, the oldest of them first; as `records` otherwise. Raises JournalError."""
        try:
            after = last(self.path) - count
        except sqlite3.Error as error:
            raise JournalError(f"journal {self.path} cannot be read: {error}; verify it") from None
        return self.records(after)

    def unfinished(self) -> list[Unfinished]:
        """Runs that began and did not end. Raises JournalError."""
        return unfinished(self.records())

    def redact(self, secret: str) -> None:
        """Never write this value: it becomes `***` wherever it stands."""
        if secret:
            self._secrets.append(secret)

    def close(self) -> None:
        """Finish what is being written and let go of the file."""
        self._thread.shutdown(wait=True)
        self._connection.close()

    def _commit(self, fields: Mapping[str, Any], ends_s: float | None = None) -> Record:
        with self._own_turn():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                # Another console may have begun the journal since this one was opened: its id counts.
                first, head = body_of(connection, "ASC"), body_of(connection, "DESC")
                self.journal_id = str(first.get("journal_id", "")) or self.journal_id
                now = datetime.now(UTC)
                if step := _clock_step(head, now):
                    self._insert(step, now)
                record, prev = self._insert(fields, now)
                if ends_s is not None and time.monotonic() > ends_s:
                    raise TimeoutError(f"no record in {DEADLINE_S:g} s")
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            anchor = Anchor(self.journal_id, record.seq, record.hash)
            with suppress(OSError, sqlite3.Error):  # the record is on disk; an anchor that lags behind is no break
                anchor.write(self._folder, lambda seq: prev if seq == record.seq - 1 else self._hash_at(seq))
        if record.kind == "plan.finished":
            anchor.tell_syslog()
        return record

    def _insert(self, fields: Mapping[str, Any], now: datetime) -> tuple[Record, str]:
        """The record as the next one of the chain, and the hash of the one before."""
        head = self._connection.execute(HEAD).fetchone()
        before, prev = head or (0, GENESIS)
        seq = before + 1
        clock = {"@timestamp": now.isoformat(), "mono_ns": str(time.monotonic_ns())}
        place = {"seq": seq, "cluster": self.cluster, "journal_id": self.journal_id}
        body = encode({**writer(), **fields, **clock, **place})
        digest = chain(prev, body)
        self._connection.execute("INSERT INTO record VALUES (?, ?, ?, ?)", (seq, body, prev, digest))
        return decode(seq, prev, body, digest), prev.hex()

    def _hash_at(self, seq: int) -> str:
        row = self._connection.execute("SELECT hash FROM record WHERE seq = ?", (seq,)).fetchone()
        return bytes(row[0]).hex() if row else ""

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        """One record at a time: at an exit, `append_now` may meet an `append` that is under way in its thread."""
        if not self._alone.acquire(timeout=DEADLINE_S):
            raise TimeoutError(f"another record is being written for {DEADLINE_S:g} s")
        try:
            yield
        finally:
            self._alone.release()

    def _is_full(self, error: Exception) -> bool:
        """SQLite says "full" of a page that found no room, but "disk I/O error" of a file that could not be made."""
        with suppress(OSError):
            return "full" in str(error) or free_bytes(self._folder) < RESERVE_BYTES
        return False

    def _from_reserve(self, fields: Mapping[str, Any], full: Exception) -> Record:
        """The disk is full and something has happened that must be told: use the reserve, then write no more."""
        (self._folder / RESERVE).unlink(missing_ok=True)
        try:
            record = self._commit(fields)
        except (sqlite3.Error, OSError) as error:
            raise self._unwritable(error) from None
        self.read_only_because = f"journal {self.path}: {full}; free some space and start again"
        return record

    def _unwritable(self, error: Exception) -> JournalError:
        says = f"journal {self.path} is not writable: {error}"
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_DBMOVED:
            says = f"{says}: it was moved or removed while open; put it back and start again"
            self.read_only_because = says
            say_to_syslog(says)
        return JournalError(says)


def _clock_step(head: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The fields of a record that says so, when the wall clock went back since the newest one: order is by seq."""
    try:
        back_s = (datetime.fromisoformat(head["@timestamp"]) - now).total_seconds()
    except (KeyError, TypeError, ValueError):
        return None
    return {"event.kind": "journal.clock_stepped", "detail": {"back_s": back_s}} if back_s > CLOCK_STEP_S else None
