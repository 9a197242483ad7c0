"""The ledger of acknowledged writes, and the gaps between them."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FILE = "ledger.tsv"
STATS_FILE = "traffic.json"
RESET_FILE = "gap_reset"
NOTABLE_S = 0.3


class Write(NamedTuple):
    """One acknowledged write: its id, and when it was acknowledged."""

    entry: str
    monotonic_s: float  # the system's monotonic clock, comparable between processes until a reboot
    at_s: float  # seconds since the epoch

    def line(self) -> str:
        """Return the ledger's line for this write."""
        return f"{self.entry}\t{self.monotonic_s:.6f}\t{self.at_s:.6f}\n"


def read(path: Path) -> Iterator[Write]:
    """Yield the writes of a ledger; an unfinished last line is left out."""
    if not path.exists():
        return
    with path.open() as lines:
        for line in lines:
            if line.endswith("\n"):
                entry, monotonic_s, at_s = line.split("\t")
                yield Write(entry, float(monotonic_s), float(at_s))


class Gaps:
    """The times in which no write was acknowledged."""

    def __init__(self, since_monotonic_s: float | None = None) -> None:
        self.longest_s = 0.0
        self.notable: deque[dict[str, float]] = deque(maxlen=50)
        self._last_s = since_monotonic_s

    def add(self, write: Write) -> None:
        """Take in the next acknowledged write."""
        if self._last_s is not None and (gap_s := write.monotonic_s - self._last_s) > 0:
            self.longest_s = max(self.longest_s, gap_s)
            if gap_s > NOTABLE_S:
                self.notable.append({"ended_at_s": round(write.at_s, 3), "gap_s": round(gap_s, 3)})
        self._last_s = write.monotonic_s

    def longest_until_s(self, now_monotonic_s: float) -> float:
        """Return the longest gap, the one that is still open counted."""
        open_s = 0.0 if self._last_s is None else now_monotonic_s - self._last_s
        return round(max(self.longest_s, open_s), 4)
