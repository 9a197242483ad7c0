"""The whole picture, and what is found in it."""

from dataclasses import dataclass, field
from datetime import datetime

from console.cluster.snapshot.node import Node
from console.cluster.snapshot.pools import AppServer, Balancer
from console.cluster.snapshot.replica_set import Member, ReplicaSet
from console.cluster.snapshot.words import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One named diagnosis: what is wrong, with which node, and what that means."""

    code: str
    severity: Severity
    subject: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerates:
    """How many may still be lost before service or writes stop."""

    app_servers: int = 0
    members: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One picture of the whole cluster."""

    cluster: str
    environment: str = ""
    at: datetime = field(compare=False)
    app_servers: tuple[AppServer, ...] = ()
    balancers: tuple[Balancer, ...] = ()
    replica_set: ReplicaSet = field(default_factory=ReplicaSet)
    nodes: tuple[Node, ...] = ()
    tolerates: Tolerates = Tolerates()
    findings: tuple[Finding, ...] = ()

    def app_server(self, name: str) -> AppServer | None:
        """The application server of that name, or None."""
        return next((server for server in self.app_servers if server.name == name), None)

    def member(self, name: str) -> Member | None:
        """The member of that name or address, or None."""
        return next((m for m in self.replica_set.members if name in (m.name, m.address)), None)

    def balancer(self, name: str) -> Balancer | None:
        """The balancer of that name, or None."""
        return next((balancer for balancer in self.balancers if balancer.name == name), None)

    def node(self, name: str) -> Node | None:
        """The node of that name, or None."""
        return next((node for node in self.nodes if node.name == name), None)
