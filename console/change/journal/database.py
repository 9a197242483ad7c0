"""The journal's file as SQLite sees it. journal_mode=DELETE, synchronous=EXTRA: with WAL, a write after somebody
unlinked the file succeeds silently, and some releases of SQLite still carry WAL's reset bug."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from console.change.journal.record import SCHEMA, JournalError

Row = tuple[int, bytes, bytes, bytes]
"""seq, prev, body, hash"""

BUSY_S = 5.0
"""How long another console's write is waited for."""
PAGE_ROWS = 500
"""Rows read at once: the lock is let go between pages, or a reader that pauses would stop every writer."""

TABLE = (
    "CREATE TABLE IF NOT EXISTS record"
    " (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL) STRICT"
)
# Whoever tampers need not keep to the types: a reader takes what is there as bytes.
ROWS = (
    "SELECT seq, ifnull(CAST(prev AS BLOB), x''), ifnull(CAST(body AS BLOB), x''), ifnull(CAST(hash AS BLOB), x'')"
    " FROM record WHERE seq > ? ORDER BY seq LIMIT ?"
)
HEAD = "SELECT seq, ifnull(CAST(hash AS BLOB), x'') FROM record ORDER BY seq DESC LIMIT 1"
BEFORE_ALL = -(2**63)


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """Open the file of a journal; a reader also opens it for writing: only so can it roll back what a kill cut off."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f"PRAGMA query_only={int(read_only)}")
        connection.execute("PRAGMA synchronous=EXTRA")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Make the table, and read the modes back. Raises JournalError when they are not what a power cut needs."""
    modes = [connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in ("journal_mode=DELETE", "synchronous")]
    if modes != ["delete", 3]:
        raise JournalError(f"SQLite offers journal_mode {modes[0]}, synchronous {modes[1]}; delete and 3 are needed")
    connection.execute(TABLE)
    if (schema := body_of(connection, "DESC").get("schema", SCHEMA)) != SCHEMA:
        raise JournalError(f"the journal has schema {schema}, newer than {SCHEMA}: update, or look only")


def body_of(connection: sqlite3.Connection, order: str) -> dict[str, Any]:
    """The body of the first (ASC) or the newest (DESC) record; empty when there is none that can be read."""
    row = connection.execute(f"SELECT body FROM record ORDER BY seq {order} LIMIT 1").fetchone()
    try:
        body = json.loads(row[0]) if row else {}
    except (ValueError, TypeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def count(path: Path, after: int) -> int:
    """How many rows follow a seq. Raises sqlite3.Error."""
    with closing(connect(path, read_only=True)) as connection:
        found: int = connection.execute("SELECT count(*) FROM record WHERE seq > ?", (after,)).fetchone()[0]
        return found


def last(path: Path) -> int:
    """The seq of the newest row; 0 when there is none. Raises sqlite3.Error."""
    with closing(connect(path, read_only=True)) as connection:
        row = connection.execute(HEAD).fetchone()
        return int(row[0]) if row else 0


def rows(path: Path, after: int = BEFORE_ALL) -> Iterator[Row]:
    """Every row after a seq, in the order of seq. Raises sqlite3.Error."""
    with closing(connect(path, read_only=True)) as connection:
        while page := connection.execute(ROWS, (after, PAGE_ROWS)).fetchall():
            for row in page:
                if row[0] <= after:  # a damaged tree; to go on from here could go round for ever
                    raise sqlite3.DatabaseError(f"record {row[0]} follows record {after}: the file is damaged")
                after = row[0]
                yield row
