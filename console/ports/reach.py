"""Every port of one cluster, made from its file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.cluster.text import meant
from console.ports.clusterfile import ClusterFile
from console.ports.protocols import (
    BalancerPort,
    Closes,
    HealthCheck,
    HostFacts,
    JournalCopy,
    Refused,
    ReplicaSetPort,
    ServicePort,
    Shells,
    SizePort,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What of one cluster can be reached, and through what."""

    balancers: Mapping[str, BalancerPort]
    replica_set: ReplicaSetPort | None = None
    health: HealthCheck | None = None
    shells: Shells | None = None
    facts: HostFacts | None = None
    hosts: Mapping[str, str]
    """The name that each node's shell goes by; nodes without a shell are missing."""
    services: Mapping[str, ServicePort] = field(default_factory=dict)
    """By node; nodes whose service is not declared are missing."""
    sizes: Mapping[str, SizePort] = field(default_factory=dict)
    copies: Mapping[str, JournalCopy] = field(default_factory=dict)
    """Where the journal is copied to, by name."""

    @classmethod
    def of(cls, file: ClusterFile) -> "Reach":
        """Make every plugin that the file names; connects to nothing yet. Raises ClusterFileError."""
        table = file.table
        shells = file.make("shell", table.shell, "$.shell", "shell", None) if table.shell else None

        def made(port: str, settings: Mapping[str, Any], index: int, node: str) -> Any:
            return file.make(port, settings, f"$.nodes[{index}].{port}", node, shells)

        facts = table.facts or ({"plugin": "linux"} if table.shell else None)
        return cls(
            balancers={
                balancer["name"]: file.make("balancer", balancer, f"$.balancers[{index}]", balancer["name"], shells)
                for index, balancer in enumerate(table.balancers)
            },
            replica_set=(
                file.make("replica_set", table.replica_set, "$.replica_set", table.name, shells)
                if table.replica_set
                else None
            ),
            health=file.make("health", table.health, "$.health", "health", shells) if table.health else None,
            shells=shells,
            facts=file.make("facts", facts, "$.facts", "facts", shells) if facts else None,
            services={n.name: made("service", n.service, i, n.name) for i, n in enumerate(table.nodes) if n.service},
            sizes={n.name: made("size", n.size, i, n.name) for i, n in enumerate(table.nodes) if n.size},
            hosts=file.hosts,
            copies={
                name: file.make("journal", copy, f"$.journal[{index}]", name, shells)
                for index, copy in enumerate(table.journal)
                for name in [str(copy.get("name") or copy["plugin"])]
            },
        )

    def balancer(self, name: str) -> BalancerPort:
        """The balancer of that name. Raises Refused with the nearest."""
        if name in self.balancers:
            return self.balancers[name]
        there = ", ".join(self.balancers) or "none"
        raise Refused(f"there is no balancer '{name}'; {meant(name, self.balancers)}there are: {there}")

    def service(self, node: str) -> ServicePort:
        """How that node's service is driven. Raises Refused with the table to add."""
        if node not in self.services:
            raise Refused(f"how the service of {node} is started is not told: add its `service` to the cluster file")
        return self.services[node]

    def size(self, node: str) -> SizePort:
        """How that node is sized. Raises Refused with the table to add."""
        if node not in self.sizes:
            raise Refused(f"how {node} is resized is not told: add its `size` to the cluster file")
        return self.sizes[node]

    async def close(self) -> None:
        """Let go of every connection."""
        several = (self.balancers, self.services, self.sizes, self.copies)
        ports = [port for named in several for port in named.values()]
        for port in (*ports, self.replica_set, self.health, self.shells):  # the shells last: others go through them
            if isinstance(port, Closes):
                await port.close()
