"""What of a cluster file a plugin can be held to: one trial for everything that it stands for there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from console.cluster.snapshot import PoolMember, Size
from console.contract.balancer import BALANCER
from console.contract.balancer_subject import BalancerSubject
from console.contract.behaviour import Suite
from console.contract.health import HEALTH, HealthSubject
from console.contract.host import FACTS, SHELL, FactsSubject, ShellSubject
from console.contract.journal import JOURNAL, JournalSubject
from console.contract.lease import LEASE, LeaseSubject
from console.contract.node import SERVICE, SIZE, ServiceSubject, SizeSubject
from console.contract.replica_set import REPLICA_SET, ReplicaSetSubject
from console.ports.clusterfile import ClusterFile
from console.ports.protocols import BalancerPort, KeepsLease, Refused, SetsWeight
from console.ports.reach import Reach

NOBODY = ("127.0.0.1", 1)
"""Where nobody listens: the port of tcpmux."""
NEW = "watchkeeper-trial"
"""A server that stands in no pool."""
LESS = 7 / 8
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Trial:
    """One suite, and what is held to it."""

    suite: Suite[Any]
    name: str
    """What it stands for: `db1`, `lb1`, `health`."""
    subject: Any
    change: bool
    """It may be changed."""


async def trials(file: ClusterFile, reach: Reach, other: Reach, plugin: str, change: str) -> list[Trial]:
    """Every trial of that plugin; only what is named `change` may be changed. `other` is a second console's reach."""
    found = [
        *_of_set(file, reach, other, plugin, change),
        *await _of_balancers(file, reach, plugin, change),
        *_of_hosts(file, reach, plugin),
        *_of_nodes(file, reach, plugin, change),
    ]
    for index, name in enumerate(reach.copies):
        if file.table.journal[index].get("plugin") == plugin:
            subject = JournalSubject(port=reach.copies[name], compares=False)
            found.append(Trial(JOURNAL, name, subject, name == change))
    return [await _sized(trial) for trial in found]


def _of_set(file: ClusterFile, reach: Reach, other: Reach, plugin: str, change: str) -> Iterator[Trial]:
    replica_set, table = reach.replica_set, file.table.replica_set or {}
    if replica_set is None or table.get("plugin") != plugin:
        return
    yield Trial(REPLICA_SET, "replica_set", ReplicaSetSubject(port=replica_set), change == "replica_set")
    if isinstance(replica_set, KeepsLease) and isinstance(other.replica_set, KeepsLease):
        subject = LeaseSubject(port=replica_set.lease, other=other.replica_set.lease)
        yield Trial(LEASE, "lease", subject, change == "lease")


async def _of_balancers(file: ClusterFile, reach: Reach, plugin: str, change: str) -> list[Trial]:
    """Each balancer by the first server that stands in most of its backends."""
    found = []
    for table, (name, port) in zip(file.table.balancers, reach.balancers.items(), strict=True):
        if table.get("plugin") != plugin:
            continue
        view = await port.look()
        places: dict[str, list[PoolMember]] = {}
        for entry in view.servers:
            places.setdefault(entry.server, []).append(entry)
        entries = max(places.values(), key=len, default=[])
        subject = BalancerSubject(
            port=port,
            name=name,
            backend=entries[0].backend if entries else "",
            elsewhere=entries[1].backend if len(entries) > 1 else "",
            server=entries[0].server if entries else "",
            new=NEW,
            new_address=entries[0].address if entries else "",
            sticky=frozenset(entry.backend for entry in view.servers if entry.sticky),
            counts=any(entry.sessions is not None for entry in view.servers),
            least_weight=_least_weight(port, entries[0]) if entries else 0,
            before={(entry.backend, entry.server): entry for entry in view.servers},
        )
        found.append(Trial(BALANCER, name, subject, name == change))
    return found


def _least_weight(port: BalancerPort, entry: PoolMember) -> int:
    """Not every balancer knows a weight of 0."""
    try:
        if isinstance(port, SetsWeight):
            port.weight_command(entry.backend, entry.server, 0)
    except Refused:
        return 1
    return 0


def _of_hosts(file: ClusterFile, reach: Reach, plugin: str) -> Iterator[Trial]:
    table = file.table
    apps = [node for node in table.nodes if "app" in node.roles and not node.spare]
    if reach.health and table.health and table.health.get("plugin") == plugin and apps:
        server = apps[0]
        yield Trial(
            HEALTH,
            "health",
            HealthSubject(
                port=reach.health, server=server.name, address=server.address, server_port=server.port, nobody=NOBODY
            ),
            False,
        )
    if reach.shells is None or not reach.hosts:
        return
    node, host = next(iter(reach.hosts.items()))
    if table.shell and table.shell.get("plugin") == plugin:
        yield Trial(SHELL, "shell", ShellSubject(port=reach.shells, host=host), False)
    if reach.facts and (table.facts or {"plugin": "linux"}).get("plugin") == plugin:
        subject = FactsSubject(port=reach.facts, node=node, shell=reach.shells.on(host))
        yield Trial(FACTS, "facts", subject, False)


def _of_nodes(file: ClusterFile, reach: Reach, plugin: str, change: str) -> Iterator[Trial]:
    for node in file.table.nodes:
        service = reach.services.get(node.name)
        if service and (node.service or {}).get("plugin") == plugin:
            subject = ServiceSubject(port=service, node=node.name)
            yield Trial(SERVICE, node.name, subject, node.name == change)
        size = reach.sizes.get(node.name)
        if size and (node.size or {}).get("plugin") == plugin:
            sized = SizeSubject(port=size, node=node.name, before=Size(), other=Size(), service=service)
            yield Trial(SIZE, node.name, sized, node.name == change)


async def _sized(trial: Trial) -> Trial:
    """A size is tried with a little less of what it has now."""
    if not isinstance(trial.subject, SizeSubject):
        return trial
    subject = trial.subject
    before = (await subject.port.look()).size or Size()
    other = Size(
        cpus=before.cpus - 1 if before.cpus and before.cpus >= 2 else None,
        memory_bytes=int(before.memory_bytes * LESS) // MIB * MIB if before.memory_bytes else None,
    )
    tried = SizeSubject(port=subject.port, node=subject.node, before=before, other=other, service=subject.service)
    return Trial(trial.suite, trial.name, tried, trial.change)
