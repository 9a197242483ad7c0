"""What a terminal program costs, measured through a pty: time to first paint, idle CPU, bytes a second, exit."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

import psutil


class Terminal:
    """A program in a pty of its own; ended by `close`."""

    def __init__(self, argv: Sequence[str], size: tuple[int, int] = (120, 40), **environment: str) -> None:
        self._master, slave = pty.openpty()
        self._size(size)
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment}
        for name in ("COLUMNS", "LINES"):  # a program would take them for the size of this terminal
            env.pop(name, None)
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # without compiled files a start takes four times as long
        self.began_s = time.perf_counter()
        self.process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env=env, close_fds=True, start_new_session=True
        )
        os.close(slave)
        self.seen = b""

    def read(self, seconds: float, until: bytes | None = None, most: int | None = None) -> bytes:
        """What came within that time, or up to and with `until`, or the first of it, at `most` bytes."""
        came, ends_s = b"", time.perf_counter() + seconds
        while (left_s := ends_s - time.perf_counter()) > 0:
            ready, _, _ = select.select([self._master], [], [], left_s)
            if not ready:
                break
            try:
                chunk = os.read(self._master, most or 65536)
            except OSError:
                break
            came += chunk
            if not chunk or most or (until is not None and until in came):
                break
        self.seen += came
        return came

    def until(self, needle: bytes, seconds: float = 30) -> float:
        """Seconds from the start of the program until `needle` was on its terminal."""
        if needle not in self.seen and needle not in self.read(seconds, needle):
            raise TimeoutError(f"{needle!r} did not appear; the last bytes were {self.seen[-400:]!r}")
        return time.perf_counter() - self.began_s

    def idle(self, seconds: float) -> tuple[float, float]:
        """(percent of one core, bytes a second) over that time."""
        process = psutil.Process(self.process.pid)
        before = process.cpu_times()
        count = len(self.read(seconds))
        after = process.cpu_times()
        used_s = after.user + after.system - before.user - before.system
        return 100 * used_s / seconds, count / seconds

    def resize(self, size: tuple[int, int]) -> None:
        """Give it that many columns and lines, and tell it."""
        self._size(size)
        self.process.send_signal(signal.SIGWINCH)  # it does not come by itself: this is no controlling terminal

    def _size(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def close(self) -> None:
        """Hang up, and end what has not left by itself in five seconds."""
        os.close(self._master)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
