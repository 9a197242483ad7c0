"""The newest head, kept outside of the journal: it tells when the journal's tail was cut or its chain rewritten."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from console.change.journal.files import locked, replace_text

FILE = "journal.anchor"
SYSLOG = Path("/dev/log")
SYSLOG_DEADLINE_S = 0.5


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of a journal at one time."""

    journal_id: str
    seq: int
    hash: str

    @classmethod
    def read(cls, folder: Path) -> "Anchor | None":
        """The anchor of that state directory, or None where there is none that can be read."""
        try:
            journal_id, seq, digest = (folder / FILE).read_text("ascii").split()
            return cls(journal_id, int(seq), digest)
        except (OSError, ValueError):
            return None

    def write(self, folder: Path, hash_at: Callable[[int], str]) -> None:
        """Keep it, unless a newer one is there: several consoles write one journal. Raises OSError.

        An anchor that the chain does not lead up to (`hash_at` its seq differs) stays: it is the proof of a cut.
        """
        with locked(folder):
            known = self.read(folder)
            if known is None or (known.seq < self.seq and hash_at(known.seq) == known.hash):
                replace_text(folder / FILE, f"{self.journal_id} {self.seq} {self.hash}\n")

    def tell_syslog(self) -> None:
        """One line to this machine's log, where there is one: out of the journal owner's reach."""
        say_to_syslog(f"journal {self.journal_id} seq {self.seq} hash {self.hash}")


def say_to_syslog(words: str) -> None:
    """One line to this machine's log; without one, or when it does not take it, nothing happens."""
    if not SYSLOG.exists():
        return
    import logging
    from logging.handlers import SysLogHandler

    try:
        handler = SysLogHandler(str(SYSLOG), SysLogHandler.LOG_AUTH)
    except OSError:
        return
    handler.ident = "watchkeeper: "
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full log must not hinder
    handler.socket.settimeout(SYSLOG_DEADLINE_S)  # type: ignore[attr-defined]  # typeshed does not know it
    handler.emit(logging.LogRecord("watchkeeper", logging.INFO, "", 0, words, None, None))
    handler.close()
