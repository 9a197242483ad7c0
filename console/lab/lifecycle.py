"""Starts a lab until all is green, and ends it without a trace."""

import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from console.lab import processes, programs
from console.lab import status as lab_status
from console.lab.error import LabError
from console.lab.layout import choose, directory
from console.lab.record import FILE, Record, load, locked
from console.lab.start import Say, start
from console.lab.status import LabStatus


def up(name: str, state_dir: Path, say: Say, traffic: bool = True) -> LabStatus:
    """Start a lab and wait until all is green; one that is up already is left as it is.

    Raises:
        LabError: it could not be started; nothing is left of the attempt.
    """
    home = directory(name, state_dir)
    binaries = programs.mongod(), programs.haproxy()
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # the journal stands there too, and wants it for us alone
    home.parent.mkdir(mode=0o700, exist_ok=True)
    home.mkdir(mode=0o700, exist_ok=True)
    with locked(home):
        with suppress(LabError):
            record = load(name, state_dir)
            if record.ready and processes.life(record.processes["hosts"]) == "running":
                say(f"lab {name} is up already")
                return lab_status.of(record)
        with _interruptible():
            try:
                _remove(home, keep=True)
                record = Record(choose(name, home), *binaries)
                start(record, say=say, traffic=traffic)
                return lab_status.of(record)
            except BaseException:
                _remove(home)
                raise


def down(name: str, state_dir: Path) -> bool:
    """End every process of a lab and remove its files; return whether there was one.

    Raises:
        LabError: another command is at work on it.
    """
    home = directory(name, state_dir)
    if not home.exists():
        return False
    with locked(home):
        _remove(home)
    return True


def _remove(home: Path, keep: bool = False) -> None:
    """End the lab's processes and remove its files; keep the empty directory for a start in it."""
    record = None
    with suppress(LabError):
        record = load(home.name, home.parent.parent)
    processes.end_all(record.processes.values() if record else (), home)
    if record and record.layout.sockets != str(home):
        shutil.rmtree(record.layout.sockets, ignore_errors=True)
    for entry in sorted(home.iterdir(), key=lambda entry: entry.name == FILE):  # the record last
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if not keep:
        home.rmdir()
        with suppress(OSError):
            home.parent.rmdir()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into an exception, and let the clean-up after it finish."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    stopping = False

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
