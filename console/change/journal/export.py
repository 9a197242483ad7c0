"""The journal as JSON lines, for whoever keeps it elsewhere."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from console.change.journal.database import rows
from console.change.journal.record import JournalError, decode


def export(path: Path) -> Iterator[str]:
    """Every record as one JSON line, with its hash; a corrupt one says why. Raises JournalError."""
    try:
        for row in rows(path):
            record = decode(*row)
            known = {**record.body, "seq": record.seq, "hash": row[3].hex()}
            yield json.dumps({**known, "corrupt": record.corrupt} if record.corrupt else known, ensure_ascii=False)
    except sqlite3.Error as error:
        raise JournalError(f"journal {path} cannot be exported: {error}; `journal verify` says more") from None
