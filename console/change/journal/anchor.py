"""The newest head, kept outside of the journal: it tells when the journal's tail was cut or its chain rewritten."""

import logging
import logging.handlers
from dataclasses import dataclass
from pathlib import Path

from console.change.journal.files import replace_text

FILE = "journal.anchor"
SYSLOG = Path("/dev/log")


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

    def write(self, folder: Path) -> None:
        """Keep it, unless a newer one is there: several consoles write one journal."""
        known = self.read(folder)
        if known is None or known.seq <= self.seq:
            replace_text(folder / FILE, f"{self.journal_id} {self.seq} {self.hash}\n")

    def tell_syslog(self) -> None:
        """One line to this machine's log, where there is one: out of the journal owner's reach."""
        if not SYSLOG.exists():
            return
        try:
            handler = logging.handlers.SysLogHandler(str(SYSLOG), logging.handlers.SysLogHandler.LOG_AUTH)
        except OSError:
            return
        handler.ident = "watchkeeper: "
        handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full log must not hinder
        words = f"journal {self.journal_id} seq {self.seq} hash {self.hash}"
        handler.emit(logging.LogRecord("watchkeeper", logging.INFO, "", 0, words, None, None))
        handler.close()
