"""What the console costs a slow line: bytes for what is done most, and how long a key waits for its echo."""

import time
from collections.abc import Iterator, Sequence

from tests.bench.terminal import Terminal

SETTLED_S = 1.5
DOWN, BURST = b"\x1b[B", 20
OPENS = {"topology": b"2", "findings": b"f", "help": b"?", "details": b"\r"}
ESC = b"\x1b"
BACK = {"topology": b"1"}
LINES_BYTES_S = (30_000, 3_000)


def bytes_of(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is done, and its bytes at 80x24."""
    terminal = Terminal(argv, (80, 24))
    try:
        terminal.until(b"serving")
        terminal.read(6)
        yield "until all is shown", f"{len(terminal.seen)} bytes"
        yield "one key down", f"{_after(terminal, DOWN)} bytes"
        yield f"{BURST} keys down", f"{_after(terminal, DOWN * BURST)} bytes"
        for name, key in OPENS.items():
            opened = _after(terminal, key)
            yield f"open {name}, and back", f"{opened} and {_after(terminal, BACK.get(name, ESC))} bytes"
    finally:
        terminal.close()


def echoes(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """How long it takes, over lines of some bytes a second, until the help is shown, and until it is gone."""
    for rate in LINES_BYTES_S:
        terminal = Terminal(argv, (80, 24))
        try:
            terminal.until(b"serving")
            terminal.read(6)
            there_s = _slowly(terminal, b"?", b"Help: every key", rate)
            whole_s = _slowly(terminal, b"", b"", rate)
        finally:
            terminal.close()
        yield f"help, {rate // 1000} kB/s", f"{1000 * there_s:.0f} ms, whole after {there_s + whole_s:.1f} s"


def _after(terminal: Terminal, keys: bytes) -> int:
    terminal.press(keys)
    return len(terminal.read(SETTLED_S))


def _slowly(terminal: Terminal, keys: bytes, until: bytes, rate: int) -> float:
    """Seconds until that came, or nothing more for a moment, where no more than `rate` bytes a second pass."""
    began_s = last_s = time.perf_counter()
    if keys:
        terminal.press(keys)
    came = b""
    while time.perf_counter() < last_s + SETTLED_S:
        chunk = terminal.read(0.02, most=rate // 50)
        came += chunk
        if len(chunk) == rate // 50:  # more waits there; the clock alone is less
            last_s = time.perf_counter()
        if until and until in came:
            return time.perf_counter() - began_s
        time.sleep(len(chunk) / rate)
    return last_s - began_s
