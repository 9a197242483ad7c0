"""One change at a time among the consoles of one state directory: a lock that ends with its process.

What is written in the locked file tells the others who has the turn, and the next one which runs died having it.
"""

import fcntl
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.change.journal.record import JournalError, writer


class Taken(Exception):
    """Another console has the turn; the message names run and action."""


@dataclass(slots=True)
class Turn:
    """The turn on this machine, ours until it is given back."""

    run: str
    dead: tuple[str, ...]
    """Runs that had it and whose process has died: whatever they held elsewhere is nobody's."""
    _handle: int

    @classmethod
    def take(cls, folder: Path, cluster: str, run: str, says: str) -> "Turn":
        """Take it unless another console has it; of two that ask at once, one gets it. Raises Taken or JournalError."""
        path = folder / f"turn-{hashlib.sha256(cluster.encode()).hexdigest()[:12]}.lock"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                turn = cls(run, tuple(one for one in _read(handle).get("runs", ()) if one != run), handle)
                turn._write([*turn.dead, run], says)
            except BlockingIOError:
                who = _read(handle)
                os.close(handle)
                raise Taken(f"{who.get('says', 'it')} in another console on this machine") from None
            except OSError:
                os.close(handle)
                raise
        except OSError as error:
            raise JournalError(f"journal directory {folder} cannot be locked: {error.strerror}") from None
        return turn

    def give_back(self, *, settled: bool) -> None:
        """End it; unless `settled`, the next one is still told of the dead."""
        with suppress(OSError):  # the lock ends with the handle, whatever stands in the file
            self._write([] if settled else list(self.dead), "")
        os.close(self._handle)

    def _write(self, runs: list[str], says: str) -> None:
        whose = f"{says} (run {self.run}, by {writer()['user.name']})"
        text = json.dumps({"runs": runs, "says": whose}).encode() if runs else b""
        os.pwrite(self._handle, text, 0)
        os.ftruncate(self._handle, len(text))
        os.fsync(self._handle)


def _read(handle: int) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads(os.pread(handle, 65536, 0))
        return found if isinstance(found, dict) else {}
    return {}
