"""The whole picture, and what is found in it."""

from dataclasses import dataclass, field
from datetime import datetime

from console.cluster.snapshot.load import Load
from console.cluster.snapshot.node import Node
from console.cluster.snapshot.pools import AppServer, Backend, Balancer
from console.cluster.snapshot.replica_set import Member, ReplicaSet, SpareMember
from console.cluster.snapshot.words import Admin, Severity
from console.cluster.text import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One named diagnosis: what is wrong, with which node, and what that means."""

    code: str
    severity: Severity
    subject: str
    says: str
    mend: str = ""
    """The words of the action that would mend it, e.g. `drain app2`; empty when no action does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerates:
    """How many may still be lost before service or writes stop."""

    app_servers: int = 0
    members: int = 0

    @property
    def says(self) -> str:
        """Both, as words."""
        return f"{count(self.app_servers, 'application server')}, {count(self.members, 'member')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who may change this cluster now, as the replica set itself keeps it."""

    owner: str
    """The user and the host: `ann@bastion1`."""
    run: str
    says: str
    """What is being done, and the newest word of it."""
    reason: str
    fence: int
    """One more with each grant."""
    ours: bool = False
    left_s: float = field(compare=False)
    """Seconds until it ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChange:
    """The newest change that made the replica set elect or reconfigure itself."""

    what: str
    by: str
    """The user and the host: `ann@bastion1`."""
    run: str
    at: datetime
    finished: bool
    """Its run came to an end; False while it runs, and when it died."""
    ago_s: float = field(compare=False)
    """Seconds since then, both by the clock of the replica set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a server is out of service: what an operator who drained it told the others."""

    target: str
    admin: Admin
    owner: str
    reason: str
    since: datetime
    until: datetime | None
    """When it should be back; None: open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A member that does not stand for election: it stepped down, or was frozen, by one of our consoles."""

    address: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What one operator's runbook asks another to agree to before it goes on."""

    id: str
    """The run of the runbook, and the stage: `1a2b3c4d/2`."""
    owner: str
    """Who asks: the user and the host."""
    says: str
    reason: str
    since: datetime
    by: str = ""
    """Who answered."""
    agreed: bool | None = None
    """None: nobody has answered."""

    @property
    def run(self) -> str:
        """The run of the runbook."""
        return self.id.partition("/")[0]


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
    spare_servers: tuple[AppServer, ...] = ()
    """Application servers that are prepared and in no pool."""
    spare_members: tuple[SpareMember, ...] = ()
    lease: Lease | None = None
    """None when nobody holds it; whether it can be known says `lease_reason`."""
    lease_reason: str = ""
    """Why the lease cannot be seen; empty when it can."""
    holds: tuple[Hold, ...] = ()
    bars: tuple[Bar, ...] = ()
    approvals: tuple[Approval, ...] = ()
    load: Load = field(default=Load(), compare=False)
    set_change: SetChange | None = None

    @property
    def looked_at(self) -> bool:
        """Anything of it has been looked at, if only once."""
        ages = [
            *(server.age_s for server in self.app_servers),
            *(balancer.age_s for balancer in self.balancers),
            *(member.age_s for member in self.replica_set.members),
            *(node.age_s for node in self.nodes),
        ]
        return not ages or any(age_s is not None for age_s in ages)

    def app_server(self, name: str) -> AppServer | None:
        """The application server of that name, or None."""
        return next((server for server in self.app_servers if server.name == name), None)

    def member(self, name: str) -> Member | None:
        """The member of that name or address, or None."""
        return next((m for m in self.replica_set.members if name in (m.name, m.address)), None)

    def balancer(self, name: str) -> Balancer | None:
        """The balancer of that name, or None."""
        return next((balancer for balancer in self.balancers if balancer.name == name), None)

    def backend(self, balancer: str, name: str) -> Backend | None:
        """How servers join a backend of a balancer, or None where that is not told."""
        found = self.balancer(balancer)
        return found.pool(name) if found else None

    def node(self, name: str) -> Node | None:
        """The node of that name, or None."""
        return next((node for node in self.nodes if node.name == name), None)
