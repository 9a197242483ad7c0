"""One node of the lab and its service: found by name, started within its size, awaited."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.cluster.text import meant
from console.lab import processes
from console.lab.error import LabError
from console.lab.layout import NODES, Node
from console.lab.record import Record, load, locked

LISTEN_PATIENCE_S = 30.0
QUIESCE_MS = 1000  # after SIGTERM a member of a set waits this long for its clients to leave; 15 s by default


@contextmanager
def opened(home: Path, name: str) -> Iterator[tuple[Record, Node]]:
    """Hold a lab against other commands; give its record and the node of this name.

    Raises:
        LabError: there is no such lab or node.
    """
    load(home.name, home.parent.parent)
    with locked(home):
        yield load(home.name, home.parent.parent), find(name)


def find(name: str) -> Node:
    """Return the node of this name.

    Raises:
        LabError: there is none; the text names the nearest and all.
    """
    names = {node.name: node for node in NODES}
    if name not in names:
        raise LabError(f"no node '{name}' in the lab; {meant(name, names)}the nodes are {', '.join(names)}")
    return names[name]


def begin(record: Record, node: Node) -> None:
    """Start the node's service within its size, and write it down; `await_listening` says when it serves.

    Raises:
        LabError: its program can't be executed.
    """
    argv = _command(record, node)
    try:
        size = record.sizes.get(node.name)
        record.processes[node.name] = processes.start(argv, record.layout.path(), node.name, size)
    except OSError as error:
        raise LabError(f"{argv[0]} can't be started: {error.strerror}") from error
    record.save()


def await_listening(record: Record, node: Node) -> None:
    """Wait until the node's own process accepts connections.

    Raises:
        LabError: it ended, or did not listen in time.
    """
    deadline = time.monotonic() + LISTEN_PATIENCE_S
    while not listens(record, node):
        log = record.layout.path(f"{node.name}.log")
        if processes.life(record.processes[node.name]) == "dead":
            raise LabError(f"{node.name} ended as soon as it was started; see {log}")
        if time.monotonic() > deadline:
            raise LabError(f"{node.name} did not listen within {LISTEN_PATIENCE_S:.0f} s; see {log}")
        time.sleep(0.02)


def listens(record: Record, node: Node) -> bool:
    """Return whether the node's own process accepts connections."""
    try:
        socket.create_connection((record.layout.real_address(node), record.layout.ports.of(node.role)[0]), 1).close()
    except OSError:
        return False
    return True


def _command(record: Record, node: Node) -> list[str]:
    layout = record.layout
    match node.role:
        case "app":
            return processes.python("app", layout.dir, node.name, str(record.sizes[node.name].workers))
        case "balancer":
            return [record.haproxy, "-db", "-f", str(layout.path(f"{node.name}.cfg"))]
        case "member":
            options = {
                "dbpath": layout.path(node.name),
                "bind_ip": layout.real_address(node),
                "port": layout.ports.mongodb,
                "replSet": "rs0",
                "keyFile": layout.path("keyfile"),
                "oplogSize": 64,
                "wiredTigerCacheSizeGB": (record.sizes[node.name].cache_bytes or 0) / 2**30,
            }
            parameters = {
                "diagnosticDataCollectionEnabled": "false",
                "shutdownTimeoutMillisForSignaledShutdown": QUIESCE_MS,
            }
            return [
                record.mongod,
                "--nounixsocket",
                "--quiet",
                *(word for key, value in options.items() for word in (f"--{key}", str(value))),
                *(word for key, value in parameters.items() for word in ("--setParameter", f"{key}={value}")),
            ]
