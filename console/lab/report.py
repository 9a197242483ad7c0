"""What the lab's traffic saw: failures, the longest write gap, and whether an acknowledged write was lost."""

import json
import time
from pathlib import Path

from console.lab import replica_set
from console.lab.error import LabError
from console.lab.ledger import FILE, RESET_FILE, STATS_FILE, Gaps, read
from console.lab.record import load, write_private

LOST_SHOWN = 10


def traffic_report(name: str, state_dir: Path) -> dict[str, object]:
    """Return the traffic's counts, the gaps since the last reset, and the acknowledged writes that are missing.

    Raises:
        LabError: there is no such lab, it has no traffic, or there is no Primary to ask.
    """
    layout = load(name, state_dir).layout
    try:
        counts: dict[str, object] = json.loads(layout.path(STATS_FILE).read_text())
    except FileNotFoundError:
        raise LabError(f"lab {name!r} was started without traffic: `watchkeeper lab down`, then `up`") from None
    writes = list(read(layout.path(FILE)))
    reset = layout.path(RESET_FILE)
    since_s = float(reset.read_text()) if reset.exists() else None
    gaps = Gaps(since_s)
    for write in writes:
        if since_s is None or write.monotonic_s > since_s:
            gaps.add(write)
    open_until_s = time.monotonic()
    lost = replica_set.missing(layout, [write.entry for write in writes])
    return {
        **counts,
        "acknowledged": len(writes),
        "write_gap_max_since_reset_s": gaps.longest_until_s(open_until_s),
        "write_gaps_since_reset": list(gaps.notable),
        "lost": len(lost),
        "lost_ids": lost[:LOST_SHOWN],
    }


def reset_gap(name: str, state_dir: Path) -> None:
    """Measure write gaps anew from now on.

    Raises:
        LabError: there is no such lab.
    """
    layout = load(name, state_dir).layout
    write_private(layout.path(RESET_FILE), f"{time.monotonic():.6f}".encode())
