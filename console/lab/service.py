"""A lab node's service, driven through the node's own shell as the cluster file declares it.

`python -P -m console.lab.service DIR NODE state|start|stop|restart|size|resize [KEY=NUMBER ...]`
"""

import signal
import sys
import time
from pathlib import Path

import msgspec

from console.cluster.snapshot import Size
from console.lab import nodes, processes
from console.lab import size as sizes
from console.lab.error import LabError
from console.lab.record import load

STOP_PATIENCE_S = 30.0
VERBS = ("state", "start", "stop", "restart", "size", "resize")


def state(home: Path, name: str) -> str:
    """Return `running` or `stopped`; a paused process counts as running.

    Raises:
        LabError: there is no such lab or node.
    """
    record, node = load(home.name, home.parent.parent), nodes.find(name)
    return "stopped" if processes.life(record.processes[node.name]) == "dead" else "running"


def start(home: Path, name: str) -> None:
    """Start the node's service with its stored size, and wait until it listens.

    Raises:
        LabError: there is no such lab or node, or its process does not start.
    """
    with nodes.opened(home, name) as (record, node):
        if processes.life(record.processes[node.name]) == "dead":
            nodes.begin(record, node)
    nodes.await_listening(record, node)


def stop(home: Path, name: str) -> None:
    """Ask the node's service to end, and wait until it has.

    Raises:
        LabError: there is no such lab or node, or it did not end in time.
    """
    record, node = load(home.name, home.parent.parent), nodes.find(name)
    ending = record.processes[node.name]
    for number in (signal.SIGTERM, signal.SIGCONT):
        processes.send(ending, number)
    deadline = time.monotonic() + STOP_PATIENCE_S
    while processes.life(ending) != "dead":
        if time.monotonic() > deadline:
            log = record.layout.path(f"{name}.log")
            raise LabError(f"{name} did not end within {STOP_PATIENCE_S:.0f} s of SIGTERM; see {log}")
        time.sleep(0.02)


def size(home: Path, name: str) -> dict[str, int]:
    """Return the size of the running service; of a stopped one what is stored for its next start.

    Raises:
        LabError: there is no such lab or node, it has no size, or does not tell it.
    """
    record, node = load(home.name, home.parent.parent), nodes.find(name)
    stored = _stored(record.sizes, name)
    process = record.processes[node.name]
    if processes.life(process) != "dead":
        return sizes.running(record.layout, node, process.pid)
    return {key: int(value) for key, value in msgspec.to_builtins(stored).items() if value is not None}


def resize(home: Path, name: str, words: list[str]) -> None:
    """Store another size for the service's next start.

    Raises:
        LabError: there is no such lab or node, it has no size, or it can't have this one.
    """
    with nodes.opened(home, name) as (record, node):
        record.sizes[node.name] = sizes.changed(_stored(record.sizes, name), words)
        record.save()


def _stored(stored: dict[str, Size], name: str) -> Size:
    if name not in stored:
        raise LabError(f"{name} has no size: expected one of {', '.join(stored)}")
    return stored[name]


def answer(words: list[str]) -> str:
    """Do what the command line says, and return what it prints.

    Raises:
        LabError: it can't be done, or the words are not understood.
    """
    match words:
        case [home, node, "state"]:
            return state(Path(home), node)
        case [home, node, "start"]:
            start(Path(home), node)
        case [home, node, "stop"]:
            stop(Path(home), node)
        case [home, node, "restart"]:
            stop(Path(home), node)
            start(Path(home), node)
        case [home, node, "size"]:
            return "\n".join(f"{key}={value}" for key, value in size(Path(home), node).items())
        case [home, node, "resize", *values]:
            resize(Path(home), node, values)
        case _:
            raise LabError(f"{' '.join(words)!r}: expected DIR NODE and one of {', '.join(VERBS)}")
    return ""


if __name__ == "__main__":
    try:
        if says := answer(sys.argv[1:]):
            sys.stdout.write(f"{says}\n")
    except LabError as error:
        sys.exit(str(error))
