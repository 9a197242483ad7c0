"""`make bench`: the figures of the console, side by side in one run, each a median."""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from console import lab
from tests.bench.detection import killed_primary, listening, paused_secondary
from tests.bench.line import bytes_of, echoes
from tests.bench.terminal import Terminal

RUNS = 5
NAME = "bench"
BARE = [sys.executable, "-m", "tests.bench.bare"]


def main() -> None:
    """Start a lab, measure, end it."""
    with tempfile.TemporaryDirectory(prefix="wk") as folder:
        state_dir = Path(folder)
        status = lab.up(NAME, state_dir, lambda words: print(words, file=sys.stderr)).to_json()
        try:
            _terminal(str(status["cluster_file"]), state_dir)
            _detection(status, state_dir)
        finally:
            lab.down(NAME, state_dir)


def _terminal(cluster_file: str, state_dir: Path) -> None:
    console = [sys.executable, "-m", "console", "--cluster", cluster_file, "--state-dir", str(state_dir)]
    paints: dict[str, list[float]] = {"bare": [], "console": []}
    for _ in range(RUNS):  # in turn, so that a noisy minute hits both
        paints["bare"].append(_first_paint(BARE))
        paints["console"].append(_first_paint(console))
    bare, ours = statistics.median(paints["bare"]), statistics.median(paints["console"])
    _row("first paint", "bare Textual app", f"{1000 * bare:.0f} ms")
    _row("first paint", "console", f"{1000 * ours:.0f} ms ({ours / bare:.2f} times)")
    for name, argv in (("bare Textual app", BARE), ("console on the lab, traffic running", console)):
        terminal = Terminal(argv)
        try:
            terminal.until(b"Watchkeeper")
            terminal.read(6)
            cpu_percent, bytes_s = terminal.idle(15)
        finally:
            terminal.close()
        _row("idle", name, f"{cpu_percent:.1f} % of a core, {bytes_s:.0f} bytes/s")
    for what, figure in (*bytes_of(console), *echoes(console)):
        _row("slow line", what, figure)


def _first_paint(argv: list[str]) -> float:
    terminal = Terminal(argv)
    try:
        return terminal.until(b"Watchkeeper")
    finally:
        terminal.close()


def _detection(status: dict[str, Any], state_dir: Path) -> None:
    figures: dict[str, list[float]] = {}
    with listening(status["cluster_file"]) as listener:
        for _ in range(3):
            for measured in (
                killed_primary(listener, NAME, state_dir, status),
                paused_secondary(listener, NAME, state_dir, status),
            ):
                for name, value in measured.items():
                    figures.setdefault(name, []).append(value)
    says = {
        "down_ms": "Primary killed, told down",
        "new_primary_ms": "new term began, new Primary told",
        "paused_ms": "member paused, told unknown or down",
    }
    for name, values in figures.items():
        each = ", ".join(f"{value:.0f}" for value in values)
        _row("detection", says[name], f"{statistics.median(values):.0f} ms ({each})")


def _row(group: str, what: str, figure: str) -> None:
    print(f"{group:<12} {what:<40} {figure}")


if __name__ == "__main__":
    main()
