"""The replica sets, and their leases, that are held to the contract."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console import lab as labs
from console.contract.lease import LeaseSubject
from console.contract.replica_set import ReplicaSetSubject
from console.ports.clusterfile import ClusterFile
from console.ports.protocols import KeepsLease
from console.ports.reach import Reach
from plugins.memory import cluster_file
from tests.conftest import RunningLab
from tests.contract.nodes import PLUGINS
from tests.contract.subject import Held, case

Subjects = tuple[ReplicaSetSubject, LeaseSubject]


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Held[Subjects]]:
    file = ClusterFile.decode(cluster_file("sets"), Path("memory.toml"), PLUGINS)
    async with _subjects(file) as subjects:
        yield Held("memory", "memory", "a world in memory", subjects)


@asynccontextmanager
async def lab_mongodb(request: pytest.FixtureRequest) -> AsyncIterator[Held[Subjects]]:
    lab: RunningLab = request.getfixturevalue("lab")
    labs.await_green(lab.name, lab.state_dir)
    async with _subjects(ClusterFile.read(Path(lab.status.cluster_file), PLUGINS)) as subjects:
        yield Held("mongodb", "real", "mongod 6.0.5", subjects)


@asynccontextmanager
async def _subjects(file: ClusterFile) -> AsyncIterator[Subjects]:
    """The set, and the same lease as two consoles have it."""
    async with AsyncExitStack() as stack:
        ports: list[Any] = []
        for _ in range(2):
            reach = Reach.of(file)
            stack.push_async_callback(reach.close)
            assert isinstance(reach.replica_set, KeepsLease)
            ports.append(reach.replica_set)
        one, two = ports
        yield ReplicaSetSubject(port=one), LeaseSubject(port=one.lease, other=two.lease)


SUBJECTS = [case(memory, "memory"), case(lab_mongodb, "mongodb", pytest.mark.live)]
"""Every one that there is."""
