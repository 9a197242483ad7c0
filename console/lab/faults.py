"""What can happen to a node of the lab, and how it comes back."""

import difflib
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.lab import control, processes
from console.lab.error import LabError
from console.lab.layout import NODES, Node, directory
from console.lab.record import Record, load, locked

LISTEN_PATIENCE_S = 15.0


def kill(name: str, state_dir: Path, node: str) -> None:
    """End the node's service process with SIGKILL.

    Raises:
        LabError: there is no such lab or node.
    """
    with _opened(name, state_dir, node) as (record, found):
        processes.send(record.processes[found.name], signal.SIGKILL)
        _until_life(record, found, "dead")


def pause(name: str, state_dir: Path, node: str) -> None:
    """Stop the node's service process with SIGSTOP: it keeps its connections and answers nothing.

    Raises:
        LabError: there is no such lab or node, or the node is dead.
    """
    with _opened(name, state_dir, node) as (record, found):
        _must_live(record, found)
        processes.send(record.processes[found.name], signal.SIGSTOP)
        _until_life(record, found, "paused")


def resume(name: str, state_dir: Path, node: str) -> None:
    """Let a paused service process go on.

    Raises:
        LabError: there is no such lab or node, or the node is dead.
    """
    with _opened(name, state_dir, node) as (record, found):
        _must_live(record, found)
        processes.send(record.processes[found.name], signal.SIGCONT)
        _until_life(record, found, "running")


def partition(name: str, state_dir: Path, node: str) -> None:
    """Cut the node off from all others, silently; `console.lab.relay` says what is cut and what is not.

    Raises:
        LabError: there is no such lab or node.
    """
    with _opened(name, state_dir, node) as (record, found):
        control.ask(record.layout, "partition", found.name, record.processes[found.name].pid)


def heal(name: str, state_dir: Path, node: str) -> None:
    """Bring the node back: restart it if dead, resume it if paused, reconnect it if cut off.

    Raises:
        LabError: there is no such lab or node, or its process does not start.
    """
    with _opened(name, state_dir, node) as (record, found):
        started = record.processes[found.name]
        if processes.life(started) == "dead":
            started = processes.start(started.argv, record.layout.path(), found.name)
            record.processes[found.name] = started
            record.save()
        processes.send(started, signal.SIGCONT)
        control.ask(record.layout, "heal", found.name)
        _until_listening(record, found)


@contextmanager
def _opened(name: str, state_dir: Path, node: str) -> Iterator[tuple[Record, Node]]:
    load(name, state_dir)
    with locked(directory(name, state_dir)):
        yield load(name, state_dir), _find(node)


def _find(name: str) -> Node:
    names = {node.name: node for node in NODES}
    if name not in names:
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ";"
        raise LabError(f"no node {name!r} in the lab{hint} the nodes are {', '.join(names)}")
    return names[name]


def _must_live(record: Record, node: Node) -> None:
    if processes.life(record.processes[node.name]) == "dead":
        raise LabError(f"{node.name} is dead: `watchkeeper lab heal {node.name}` starts it again")


def _until_life(record: Record, node: Node, wanted: processes.Life) -> None:
    deadline = time.monotonic() + 5
    while processes.life(record.processes[node.name]) != wanted:
        if time.monotonic() > deadline:
            raise LabError(f"{node.name} did not become {wanted} within 5 s; see `watchkeeper lab status`")
        time.sleep(0.005)


def _until_listening(record: Record, node: Node) -> None:
    deadline = time.monotonic() + LISTEN_PATIENCE_S
    endpoint = (record.layout.real_address(node), record.layout.ports.of(node.role)[0])
    while True:
        try:
            socket.create_connection(endpoint, timeout=1).close()
            return
        except OSError:
            log = record.layout.path(f"{node.name}.log")
            if processes.life(record.processes[node.name]) == "dead":
                raise LabError(f"{node.name} ended as soon as it was started; see {log}") from None
            if time.monotonic() > deadline:
                raise LabError(f"{node.name} did not listen within {LISTEN_PATIENCE_S:.0f} s; see {log}") from None
            time.sleep(0.02)
