"""Whether a lab is all green: every node running, the set whole, every pool full."""

import socket
import time
from pathlib import Path

from console.lab import replica_set
from console.lab.error import LabError
from console.lab.layout import Layout, of_role
from console.lab.record import load
from console.lab.status import status


def await_green(name: str, state_dir: Path, patience_s: float = 60.0) -> None:
    """Wait until every node runs, the set has its Primary and Secondaries, and every pool is full.

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
    """Return whether both balancers show three servers in each of two backends, all UP by a check."""
    for node in of_role("balancer"):
        try:
            with socket.socket(socket.AF_UNIX) as admin:
                admin.settimeout(1)
                admin.connect(str(layout.socket(node.name)))
                admin.sendall(b"show stat -1 4 -1\n")
                rows = [row.split(",") for row in admin.makefile().read().splitlines()]
        except OSError:
            return False
        servers = [dict(zip(rows[0], row, strict=False)) for row in rows[1:] if len(row) > 1]
        if [(row["status"], row["check_status"]) for row in servers] != [("UP", "L7OK")] * 6:
            return False
    return True
