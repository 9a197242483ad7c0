"""Whether a lab is all green: every node running, the set whole, every server of a pool UP."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

from console.lab import replica_set
from console.lab.error import LabError
from console.lab.layout import Layout, Node, of_role
from console.lab.record import load
from console.lab.status import status


def await_green(name: str, state_dir: Path, patience_s: float = 60.0) -> None:
    """Wait until every node runs, the set has its Primary and Secondaries, and every server of a pool is UP.

    A spare may have joined the set or the pools; a member that has left the set is not missed.

    Raises:
        LabError: there is no such lab, or it was not green in time; the text says what is not.
    """
    layout = load(name, state_dir).layout
    deadline = time.monotonic() + patience_s
    while amiss := _amiss(name, state_dir, layout):
        if time.monotonic() > deadline:
            raise LabError(f"lab {name!r} is not green after {patience_s:.0f} s: {amiss}")
        time.sleep(0.1)


def _amiss(name: str, state_dir: Path, layout: Layout) -> str:
    broken = [f"{node.name} is {node.state}" for node in status(name, state_dir).nodes if node.state != "running"]
    if broken:
        return f"{', '.join(broken)}; `watchkeeper lab heal` each"
    states = replica_set.states(layout)
    if not replica_set.is_whole(states):
        return f"the members are {', '.join(states) or 'without a Primary'}"
    return "" if pools_up(layout) else "a balancer does not see every application server UP"


def pools_up(layout: Layout) -> bool:
    """Return whether every server that a balancer lists is UP by a check, the three of the start in each backend."""
    begun_with = {(backend, app.name) for backend in ("app", "web") for app in of_role("app")}
    try:
        for node in of_role("balancer"):
            servers = list(_servers(layout, node))
            if not begun_with <= {(row["# pxname"], row["svname"]) for row in servers}:
                return False
            if any((row["status"], row["check_status"]) != ("UP", "L7OK") for row in servers):
                return False
    except OSError:
        return False
    return True


def _servers(layout: Layout, balancer: Node) -> Iterator[dict[str, str]]:
    with socket.socket(socket.AF_UNIX) as admin:
        admin.settimeout(1)
        admin.connect(str(layout.socket(balancer.name)))
        admin.sendall(b"show stat -1 4 -1\n")
        rows = [row.split(",") for row in admin.makefile().read().splitlines()]
    return (dict(zip(rows[0], row, strict=False)) for row in rows[1:] if len(row) > 1)
