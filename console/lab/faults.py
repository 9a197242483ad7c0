"""What can happen to a node of the lab, and how it comes back."""

import signal
import time
from pathlib import Path

from console.lab import control, nodes, processes
from console.lab.error import LabError
from console.lab.layout import Node, directory
from console.lab.record import Record


def kill(name: str, state_dir: Path, node: str) -> None:
    """End the node's service process with SIGKILL.

    Raises:
        LabError: there is no such lab or node.
    """
    with nodes.opened(directory(name, state_dir), node) as (record, found):
        processes.send(record.processes[found.name], signal.SIGKILL)
        _until_life(record, found, "dead")


def pause(name: str, state_dir: Path, node: str) -> None:
    """Stop the node's service process with SIGSTOP: it keeps its connections and answers nothing.

    Raises:
        LabError: there is no such lab or node, or the node is dead.
    """
    with nodes.opened(directory(name, state_dir), node) as (record, found):
        _must_live(record, found)
        processes.send(record.processes[found.name], signal.SIGSTOP)
        _until_life(record, found, "paused")


def resume(name: str, state_dir: Path, node: str) -> None:
    """Let a paused service process go on.

    Raises:
        LabError: there is no such lab or node, or the node is dead.
    """
    with nodes.opened(directory(name, state_dir), node) as (record, found):
        _must_live(record, found)
        processes.send(record.processes[found.name], signal.SIGCONT)
        _until_life(record, found, "running")


def partition(name: str, state_dir: Path, node: str) -> None:
    """Cut the node off from all others, silently; `console.lab.relay` says what is cut and what is not.

    Raises:
        LabError: there is no such lab or node.
    """
    with nodes.opened(directory(name, state_dir), node) as (record, found):
        control.ask(record.layout, "partition", found.name, record.processes[found.name].pid)


def heal(name: str, state_dir: Path, node: str) -> None:
    """Bring the node back: restart it if dead, resume it if paused, reconnect it if cut off.

    Raises:
        LabError: there is no such lab or node, or its process does not start.
    """
    with nodes.opened(directory(name, state_dir), node) as (record, found):
        if processes.life(record.processes[found.name]) == "dead":
            nodes.begin(record, found)
        processes.send(record.processes[found.name], signal.SIGCONT)
        control.ask(record.layout, "heal", found.name)
        nodes.await_listening(record, found)


def _must_live(record: Record, node: Node) -> None:
    if processes.life(record.processes[node.name]) == "dead":
        raise LabError(f"{node.name} is dead: `watchkeeper lab heal {node.name}` starts it again")


def _until_life(record: Record, node: Node, wanted: processes.Life) -> None:
    deadline = time.monotonic() + 5
    while processes.life(record.processes[node.name]) != wanted:
        if time.monotonic() > deadline:
            raise LabError(f"{node.name} did not become {wanted} within 5 s; see `watchkeeper lab status`")
        time.sleep(0.005)
