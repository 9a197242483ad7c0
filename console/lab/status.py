"""How a lab stands: its files, its front ends, and the state of every node."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from console.lab import control, processes
from console.lab.error import LabError
from console.lab.layout import NODES, Role
from console.lab.record import Record, load

State = Literal["running", "paused", "partitioned", "dead"]


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node of the lab: where others dial it, and how its service process stands."""

    name: str
    role: Role
    address: str
    port: int
    pid: int
    state: State


@dataclass(frozen=True, slots=True)
class LabStatus:
    """One lab: its directory, its cluster file, the balancers' front ends and every node."""

    name: str
    dir: Path
    cluster_file: Path
    urls: tuple[str, ...]
    nodes: tuple[NodeStatus, ...]

    def to_json(self) -> dict[str, object]:
        """Return what `watchkeeper lab status --json` prints."""
        return {
            "name": self.name,
            "dir": str(self.dir),
            "cluster_file": str(self.cluster_file),
            "urls": list(self.urls),
            "nodes": [asdict(node) for node in self.nodes],
        }


def status(name: str, state_dir: Path) -> LabStatus:
    """Return how a lab stands.

    Raises:
        LabError: there is no such lab, or it did not start or survive whole.
    """
    record = load(name, state_dir)
    if not record.ready:
        raise LabError(f"lab {name!r} is starting, or its start was interrupted: `watchkeeper lab up` or `down`")
    return of(record)


def of(record: Record) -> LabStatus:
    """Return how the lab of this record stands.

    Raises:
        LabError: its hosts process does not answer.
    """
    layout = record.layout
    partitioned = control.ask(layout, "list")
    nodes = []
    for node in NODES:
        started = record.processes[node.name]
        state: State = processes.life(started)
        if state == "running" and node.name in partitioned:
            state = "partitioned"
        port = layout.ports.of(node.role)[0]
        nodes.append(NodeStatus(node.name, node.role, layout.address(node), port, started.pid, state))
    urls = tuple(f"http://{address}:{port}" for _, address, port in layout.fronts())
    return LabStatus(layout.name, layout.path(), layout.path("cluster.toml"), urls, tuple(nodes))
