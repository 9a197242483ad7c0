"""Starts the lab's processes detached, knows them again by pid and start time, and ends them."""

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from console.cluster.snapshot import Size

MARK = "WATCHKEEPER_LAB_DIR"  # in the environment of every process of a lab, and of what those start
GRACE_S = 1.0  # a mongod that hands over first needs longer, but its data is about to be removed
KILL_PATIENCE_S = 10.0

Life = Literal["running", "paused", "dead"]


class Started(msgspec.Struct, frozen=True):
    """A process of the lab: pid and start time name it for good."""

    pid: int
    start_ticks: int  # after the boot, from /proc: setting the clock does not move it


class _Stat(NamedTuple):
    state: str
    threads: int
    start_ticks: int

    @property
    def ended(self) -> bool:
        """A zombie whose threads are gone too: until then its sockets may still be open."""
        return self.state in "ZX" and self.threads <= 1


def python(module: str, *arguments: str) -> list[str]:
    """Return the command line of a child process that is a module of this package."""
    return [sys.executable, "-P", "-m", f"console.lab.{module}", *arguments]


def start(argv: list[str], home: Path, log: str, size: Size | None = None) -> Started:
    """Start a process that outlives this one, within a size, its output going to `<home>/<log>.log`.

    Raises:
        OSError: the program can't be executed.
    """
    source = str(Path(__file__).parents[2])
    search = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    with (home / f"{log}.log").open("ab") as output, _affinity(size):
        child = subprocess.Popen(
            argv,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, MARK: str(home), "PYTHONPATH": search, "LC_ALL": "C"},
        )
    if size and size.memory_bytes:
        # RLIMIT_DATA, not RLIMIT_AS: mongod reserves 2.7 GB of address space and dies of a limit on that.
        with suppress(ProcessLookupError):
            resource.prlimit(child.pid, resource.RLIMIT_DATA, (size.memory_bytes, size.memory_bytes))
    stat = _stat(child.pid)
    # Waited for, so that a killed node is no zombie of a long-lived parent such as the console itself.
    threading.Thread(target=child.wait, daemon=True, name=f"wait-{log}").start()
    return Started(child.pid, stat.start_ticks if stat else 0)


@contextmanager
def _affinity(size: Size | None) -> Iterator[None]:
    """Hold this thread to the size's CPUs: a child that is forked meanwhile inherits that, in all its own threads."""
    before = os.sched_getaffinity(0)
    if size and size.cpus:
        chosen = random.sample(sorted(before), min(int(size.cpus), len(before)))  # not the first for every node
        os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def life(started: Started) -> Life:
    """Return whether a process still runs, is stopped by a signal, or is gone."""
    stat = _stat(started.pid)
    if stat is None or stat.start_ticks != started.start_ticks or stat.ended:
        return "dead"
    return "paused" if stat.state in "Tt" else "running"


def send(started: Started, number: signal.Signals) -> None:
    """Send a signal to a process if it is still the one that was started."""
    if life(started) != "dead":
        with suppress(ProcessLookupError):
            os.kill(started.pid, number)


def local_ports(pid: int) -> set[int]:
    """Return the local ports of a process's TCP sockets; none if it is gone."""
    import psutil

    try:
        return {connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp4")}
    except psutil.Error:
        return set()


def end_all(started: Iterable[Started], home: Path) -> None:
    """End these processes and every other one marked as belonging to this lab, and wait until they are gone."""
    ending = {process.pid: process for process in (*started, *_marked(home))}
    for number in (signal.SIGTERM, signal.SIGCONT):
        for process in ending.values():
            send(process, number)
    _wait(ending.values(), GRACE_S)
    ending.update({process.pid: process for process in _marked(home)})
    for process in ending.values():
        send(process, signal.SIGKILL)
    _wait(ending.values(), KILL_PATIENCE_S)


def _wait(ending: Iterable[Started], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while any(life(process) != "dead" for process in ending) and time.monotonic() < deadline:
        time.sleep(0.01)


def _marked(home: Path) -> Iterator[Started]:
    mark = f"{MARK}={home}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0") and (stat := _stat(int(entry.name))):
                    yield Started(int(entry.name), stat.start_ticks)


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return _Stat(fields[0], int(fields[17]), int(fields[19]))
