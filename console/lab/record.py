"""`lab.json`: what is written down about a lab, and the lock under which it is changed."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from console.cluster.snapshot import Size
from console.lab.error import LabError
from console.lab.layout import Layout, directory
from console.lab.processes import Started

FILE = "lab.json"
LOCK_PATIENCE_S = 15.0


class Record(msgspec.Struct):
    """One lab as written down: its layout, programs, processes by node or job, and sizes for a node's next start."""

    layout: Layout
    mongod: str
    haproxy: str
    sizes: dict[str, Size] = {}
    processes: dict[str, Started] = {}
    ready: bool = False  # its start finished

    def save(self) -> None:
        """Write the record in one motion, readable by its owner only."""
        write_private(self.layout.path(FILE), msgspec.json.format(msgspec.json.encode(self)))


def load(name: str, state_dir: Path) -> Record:
    """Return the record of a lab.

    Raises:
        LabError: there is no such lab, or its record can't be read.
    """
    path = directory(name, state_dir) / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except FileNotFoundError:
        others = sorted(record.parent.name for record in path.parent.parent.glob(f"*/{FILE}"))
        known = f"; there is {', '.join(others)}" if others else ""
        raise LabError(f"no lab {name!r} in {state_dir}{known}: start it with `watchkeeper lab up`") from None
    except (msgspec.DecodeError, OSError) as error:
        raise LabError(f"{path}: {error}; `watchkeeper lab down` removes it") from error


def load_layout(home: Path) -> Layout:
    """Return the layout of the lab in this directory, for its child processes."""
    return msgspec.json.decode((home / FILE).read_bytes(), type=Record).layout


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)


@contextmanager
def locked(home: Path, patience_s: float = LOCK_PATIENCE_S) -> Iterator[None]:
    """Hold the lab's directory against other commands on the same lab; nothing is left in it.

    Raises:
        LabError: another command removed it, or held it longer than the patience.
    """
    gone = f"the lab in {home} was removed meanwhile: start it with `watchkeeper lab up`"
    try:
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        raise LabError(gone) from None
    try:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LabError(
                        f"another command is at work on the lab in {home}; wait for it, then try again"
                    ) from None
                time.sleep(0.05)
        if not home.exists() or os.fstat(descriptor).st_ino != home.stat().st_ino:
            raise LabError(gone)
        yield
    finally:
        os.close(descriptor)
