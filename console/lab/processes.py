"""Starts the lab's processes detached, knows them again by pid and start time, and ends them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import psutil  # type: ignore[import-untyped]

MARK = "WATCHKEEPER_LAB_DIR"  # in the environment of every process of a lab, and of what those start
GRACE_S = 1.0  # a mongod that hands over first needs longer, but its data is about to be removed

Life = Literal["running", "paused", "dead"]


class Started(msgspec.Struct, frozen=True):
    """A process of the lab: pid and start time name it for good, the arguments start it anew."""

    pid: int
    created_s: float  # seconds since the epoch, as psutil reports it
    argv: list[str]


def python(module: str, *arguments: str) -> list[str]:
    """Return the command line of a child process that is a module of this package."""
    return [sys.executable, "-P", "-m", f"console.lab.{module}", *arguments]


def start(argv: list[str], home: Path, log: str) -> Started:
    """Start a process that outlives this one, its output going to `<home>/<log>.log`.

    Raises:
        OSError: the program can't be executed.
    """
    import psutil

    source = str(Path(__file__).parents[2])
    search = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    with (home / f"{log}.log").open("ab") as output:
        child = subprocess.Popen(
            argv,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, MARK: str(home), "PYTHONPATH": search, "PYTHONUNBUFFERED": "1"},
        )
    created_s = psutil.Process(child.pid).create_time()
    # Waited for, so that a killed node is no zombie of a long-lived parent such as the console itself.
    threading.Thread(target=child.wait, daemon=True, name=f"wait-{log}").start()
    return Started(child.pid, created_s, argv)


def life(started: Started) -> Life:
    """Return whether a process still runs, is stopped by a signal, or is gone."""
    import psutil

    process = _process(started)
    if process is None:
        return "dead"
    with suppress(psutil.NoSuchProcess):
        return "paused" if process.status() == psutil.STATUS_STOPPED else "running"
    return "dead"


def send(started: Started, number: signal.Signals) -> None:
    """Send a signal to a process if it is still the one that was started."""
    if process := _process(started):
        import psutil

        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def local_ports(pid: int) -> set[int]:
    """Return the local ports of a process's TCP sockets; none if it is gone."""
    import psutil

    try:
        return {connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp4")}
    except psutil.Error:
        return set()


def end_all(started: Iterable[Started], home: Path) -> None:
    """End these processes and every other one marked as belonging to this lab, and wait until they are gone."""
    import psutil

    found = {process.pid: process for process in map(_process, started) if process}
    found.update({process.pid: process for process in _marked(home) if process.pid not in found})
    for process in found.values():
        for number in (signal.SIGTERM, signal.SIGCONT):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
    _, alive = psutil.wait_procs(list(found.values()), timeout=GRACE_S)
    rest = {process.pid: process for process in [*alive, *_marked(home)]}
    for process in rest.values():
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(list(rest.values()), timeout=10)


def _process(started: Started) -> "psutil.Process | None":
    import psutil

    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(started.pid)
        if process.create_time() == started.created_s and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _marked(home: Path) -> Iterator["psutil.Process"]:
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(home):
                yield process
