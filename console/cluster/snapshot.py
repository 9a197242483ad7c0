"""The vocabulary: one immutable picture of application servers, balancers, replica set and nodes.

Equal pictures are equal values: what only says *when* something was seen takes no part in comparison, so
a screen redraws nothing while nothing changes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Health(StrEnum):
    """What is known of a thing's service. UNKNOWN is never healthy and never dead."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Admin(StrEnum):
    """What operators asked of a pool member: take traffic, finish and take no new, or take none at all."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"


class MemberState(StrEnum):
    """The replica-set member states of MongoDB's manual, and UNKNOWN for what nobody can see."""

    STARTUP = "STARTUP"
    PRIMARY = "PRIMARY"
    SECONDARY = "SECONDARY"
    RECOVERING = "RECOVERING"
    STARTUP2 = "STARTUP2"
    UNKNOWN = "UNKNOWN"
    ARBITER = "ARBITER"
    DOWN = "DOWN"
    ROLLBACK = "ROLLBACK"
    REMOVED = "REMOVED"


class Severity(StrEnum):
    """How soon somebody should look."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMember:
    """One balancer's opinion of one application server in one backend."""

    balancer: str
    backend: str
    server: str
    """The name that the balancer gives the server: what its commands take."""
    admin: Admin
    check: Health
    """What the balancer's own health check found; UNKNOWN when it checks nothing."""
    check_says: str = field(compare=False)
    """The balancer's words for its check, e.g. `L7OK/200 in 3 ms`."""
    weight: int
    sessions: int
    queue: int
    address: str = ""
    """host:port, where the balancer tells it."""
    sticky: bool = False
    """Clients are pinned to their server, by cookie or table: a drain does not move them."""
    checked: bool = True
    """A health check is configured for this server."""
    check_reads_body: bool | None = None
    """The check looks at more than the status code; None where that cannot be seen."""
    limit: int | None = None
    """Most sessions at once that this balancer gives the server."""
    errors: int = field(default=0, compare=False)
    """Failed requests and connections since the balancer started."""
    requests: int = field(default=0, compare=False)
    """Requests since the balancer started."""
    backup: bool = False
    changed_s: int | None = field(default=None, compare=False)
    """Seconds since the last change between up and down."""
    known: bool = True
    """Its balancer answers; otherwise this is the last that it said, and no longer counts as serving."""

    @property
    def serving(self) -> bool:
        """New traffic goes to it."""
        return self.known and self.admin is Admin.READY and self.check is not Health.DOWN and self.weight > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AppServer:
    """One application server: its own health answer, and every balancer's opinion of it."""

    name: str
    address: str
    domain: str = ""
    health: Health = Health.UNKNOWN
    reason: str = ""
    latency_ms: float | None = field(default=None, compare=False)
    age_s: float | None = field(default=None, compare=False)
    """Seconds since its own health was last learnt; None when never."""
    pools: tuple[PoolMember, ...] = ()

    @property
    def serving(self) -> bool:
        """Healthy by its own word, and at least one balancer sends it traffic."""
        return self.health is Health.UP and any(pool.serving for pool in self.pools)

    @property
    def sessions(self) -> int:
        """Sessions over all balancers and backends."""
        return sum(pool.sessions for pool in self.pools)

    @property
    def admins(self) -> frozenset[Admin]:
        """Every administrative state it is in; more than one means that balancers are out of step."""
        return frozenset(pool.admin for pool in self.pools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """One balancer process."""

    name: str
    plugin: str = ""
    address: str = ""
    domain: str = ""
    health: Health = Health.UNKNOWN
    reason: str = ""
    version: str = ""
    uptime_s: int | None = field(default=None, compare=False)
    process_id: int | None = None
    """A new one means a restart or a reload: runtime changes are gone."""
    reloads: int = 0
    """Reloads and restarts seen since this console started to look."""
    writable: bool | None = None
    """Our connection may change things; None when not known."""
    backends: tuple[str, ...] = ()
    age_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerView:
    """What one member says of another (or of itself), from its replSetGetStatus."""

    address: str
    state: MemberState
    health: Health
    says: str = ""
    """The last heartbeat message, where there is one."""
    heartbeat_age_s: float | None = field(default=None, compare=False)
    lag_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress:
    """How far an initial sync has come. Full only when the member says SECONDARY."""

    copied_bytes: int
    total_bytes: int
    failed_attempts: int = 0
    remaining_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of the replica set, by its own word where it can be asked, else by its peers'."""

    name: str
    address: str
    domain: str = ""
    state: MemberState = MemberState.UNKNOWN
    health: Health = Health.UNKNOWN
    """Of our own connection to it. What peers see stands in `seen_by`."""
    reason: str = ""
    votes: int = 0
    priority: float = 0.0
    hidden: bool = False
    arbiter: bool = False
    delay_s: int = 0
    newly_added: bool = False
    """Joined and does not count as a voter yet."""
    lag_s: float | None = None
    """Seconds behind the Primary, both optimes from one look; None when it cannot be known."""
    ping_ms: float | None = field(default=None, compare=False)
    sync_source: str | None = None
    progress: SyncProgress | None = None
    version: str = ""
    term: int | None = None
    config_version: int | None = None
    believes_primary: str | None = None
    """The address of the Primary in this member's own view."""
    writable: bool = False
    """Says of itself that it takes writes."""
    oplog_window_s: float | None = field(default=None, compare=False)
    election_at: datetime | None = None
    """When its newest term as Primary began, by its own election metrics."""
    process_id: str = ""
    """Identity of the process, the same whatever address it is reached by."""
    seen_by: tuple[tuple[str, PeerView], ...] = ()
    """(peer's name, what that peer says of this member)."""
    age_s: float | None = field(default=None, compare=False)

    @property
    def voting(self) -> bool:
        """Counts for the majority."""
        return self.votes > 0 and not self.newly_added

    @property
    def up(self) -> bool:
        """Answers us and replicates, so its vote and its copy of the data count."""
        return self.health is Health.UP and self.state in (
            MemberState.PRIMARY,
            MemberState.SECONDARY,
            MemberState.ARBITER,
            MemberState.RECOVERING,
        )

    @property
    def data_bearing(self) -> bool:
        """Holds a copy of the data."""
        return not self.arbiter

    @property
    def electable(self) -> bool:
        """May become Primary as it stands: up, a voting full member with a priority."""
        return (
            self.health is Health.UP
            and self.state in (MemberState.PRIMARY, MemberState.SECONDARY)
            and self.voting
            and self.priority > 0
            and not self.hidden
            and not self.arbiter
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSet:
    """The replica set as its members, taken together, describe it."""

    name: str = ""
    term: int | None = None
    config_version: int | None = None
    votes: int = 0
    """Voting members of the configuration, without those newly added."""
    majority: int = 0
    """Votes that an election needs."""
    heartbeat_s: float = 2.0
    election_timeout_s: float = 10.0
    members: tuple[Member, ...] = ()
    operable: bool | None = None
    """Our operator's credentials may change the set; None when not known, False when there are none."""

    @property
    def primary(self) -> Member | None:
        """The writable Primary of the highest term, or None."""
        writable = [m for m in self.members if m.writable and m.health is Health.UP]
        return max(writable, key=lambda m: m.term or 0, default=None)

    @property
    def voters_up(self) -> int:
        """Votes that could be cast now, as far as we can see."""
        return sum(1 for m in self.members if m.voting and m.up)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One host: what it is and what it is for."""

    name: str
    address: str
    roles: tuple[str, ...] = ()
    domain: str = ""
    cpus: int | None = None
    memory_bytes: int | None = None
    memory_used_bytes: int | None = field(default=None, compare=False)
    disk_bytes: int | None = None
    disk_used_bytes: int | None = field(default=None, compare=False)
    load1: float | None = field(default=None, compare=False)
    health: Health = Health.UNKNOWN
    reason: str = ""
    age_s: float | None = field(default=None, compare=False)


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
    replica_set: ReplicaSet = ReplicaSet()
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
