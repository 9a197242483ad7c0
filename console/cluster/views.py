"""What one source saw in one look: the raw material of a snapshot.

A view never raises: what could not be seen says so itself, by its health and its reason.
"""

from dataclasses import dataclass, field

from console.cluster.snapshot import (
    Approval,
    Backend,
    Bar,
    Health,
    Hold,
    Lease,
    Member,
    PeerView,
    PoolMember,
    ServiceState,
    SetChange,
    Size,
    SpareMember,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """One application server's own health answer."""

    server: str
    health: Health
    reason: str = ""
    latency_ms: float | None = field(default=None, compare=False)
    database: Health | None = None
    """What it says of its own connection to the database; None where it says nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerView:
    """Everything one balancer said in one look."""

    balancer: str
    health: Health
    reason: str = ""
    version: str = ""
    uptime_s: int | None = field(default=None, compare=False)
    process_id: int | None = None
    writable: bool | None = None
    writable_reason: str = ""
    """Why our connection may not change things, where that is told."""
    backends: tuple[str, ...] = ()
    pools: tuple[Backend, ...] = ()
    """The same backends, and how servers join them."""
    servers: tuple[PoolMember, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberConfig:
    """One member's line in the replica set's configuration."""

    address: str
    votes: int = 1
    priority: float = 1.0
    hidden: bool = False
    arbiter: bool = False
    delay_s: int = 0
    newly_added: bool = False
    options: tuple[str, ...] = ()
    """What else the line says, in the set's own words, where that is not the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """One member's own view: of itself, of its peers, and of the configuration it holds.

    `itself` carries what this member knows of itself (state, term, version, sync source …); its votes and priority
    are not yet filled in: they come from `config`. A view with health other than UP carries only its reason.
    """

    address: str
    itself: Member
    set_name: str = ""
    peers: tuple[PeerView, ...] = ()
    config: tuple[MemberConfig, ...] = ()
    config_version: int | None = None
    heartbeat_s: float = 2.0
    election_timeout_s: float = 10.0
    operable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """What a host said of itself."""

    node: str
    health: Health
    reason: str = ""
    cpus: int | None = None
    memory_bytes: int | None = None
    memory_used_bytes: int | None = field(default=None, compare=False)
    disk_bytes: int | None = None
    disk_used_bytes: int | None = field(default=None, compare=False)
    load1: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """Whether a node's service runs."""

    node: str
    state: ServiceState
    reason: str = ""
    forbidden: str = ""
    """Why our user may not start and stop it; empty: it may, or that cannot be told before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeView:
    """What a node may use, read inside it."""

    node: str
    size: Size | None
    reason: str = ""
    in_use_bytes: int | None = field(default=None, compare=False)
    most: Size = field(default_factory=Size)
    """The largest that it can be given, where that is told."""
    live: bool = False
    """A new size takes effect at once; otherwise at the next start of the service."""
    forbidden: str = ""
    """Why our user may not change it; empty: it may, or that cannot be told before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareView:
    """A prepared member as it was looked at; its name is that of its node in the cluster file."""

    itself: SpareMember

    @property
    def name(self) -> str:
        """The node's name."""
        return self.itself.name


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseView:
    """What the set keeps for every console: who may change the cluster, what is held out, who is barred."""

    health: Health
    """UP when it could be read."""
    reason: str = ""
    lease: Lease | None = None
    holds: tuple[Hold, ...] = ()
    bars: tuple[Bar, ...] = ()
    approvals: tuple[Approval, ...] = ()
    set_change: SetChange | None = None


View = HealthView | BalancerView | MemberView | HostView | ServiceView | SizeView | SpareView | LeaseView
"""Any of them."""
