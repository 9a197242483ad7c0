"""The replica set and its members."""

from dataclasses import dataclass, field
from datetime import datetime

from console.cluster.snapshot.words import Health, MemberState


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
    configured: bool = True
    """Stands in the configuration; False: only in the cluster file, or looked at after its removal."""
    options: tuple[str, ...] = ()
    """What else its line of the configuration says, in the set's own words: what it takes to add it again."""
    lag_s: float | None = None
    """Seconds behind the Primary, both optimes from one look; None when it cannot be known."""
    ping_ms: float | None = field(default=None, compare=False)
    sync_source: str | None = None
    progress: SyncProgress | None = None
    version: str = ""
    compatibility: str = ""
    """The feature compatibility version that the set runs at, by its word, e.g. `6.0`."""
    term: int | None = None
    config_version: int | None = None
    believes_primary: str | None = None
    """The address of the Primary in this member's own view."""
    writable: bool = False
    """Says of itself that it takes writes."""
    oplog_window_s: float | None = field(default=None, compare=False)
    oplog_full_s: float | None = field(default=None, compare=False)
    """Seconds that its oplog reaches back once it is full, at the rate so far."""
    data_bytes: int | None = field(default=None, compare=False)
    """What an initial sync has to copy."""
    cache_bytes: int | None = None
    """The most that its WiredTiger cache may hold, by its own word."""
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
class SpareMember:
    """A prepared mongod that is in no replica set yet, as it was looked at."""

    name: str
    address: str
    domain: str = ""
    health: Health = Health.UNKNOWN
    reason: str = ""
    set_name: str = ""
    """The set that it belongs to already; empty when it belongs to none."""
    awaits_config: bool | None = None
    """Started with --replSet and without a configuration: what a candidate must be."""
    version: str = ""
    compatibility: str = ""
    """The feature compatibility version that it can run at, e.g. `6.0`."""
    clock_skew_s: float | None = field(default=None, compare=False)
    process_id: str = ""
    empty: bool | None = None
    """Has stored no configuration of any set and was in none; what else its disk holds cannot be seen from outside."""
    former: bool | None = None
    """Was a member of this very set and still has its data; None: cannot be told."""
    reached_by: tuple[tuple[str, bool], ...] = ()
    """(member's name, whether its host can open a connection to the candidate's address)."""
    age_s: float | None = field(default=None, compare=False)


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
    gap_s: float | None = field(default=None, compare=False)
    """Seconds without a Primary before the one that leads, as seen from here; None when its coming was not seen."""
    operable: bool | None = None
    """Our operator's credentials may change the set; None when not known, False when there are none."""
    elections_last_minute: int = field(default=0, compare=False)
    """How many terms have begun in the last minute, as far as this console has looked."""

    @property
    def primary(self) -> Member | None:
        """The writable Primary of the highest term, or None."""
        writable = [m for m in self.members if m.writable and m.health is Health.UP]
        return max(writable, key=lambda m: m.term or 0, default=None)

    @property
    def voters_up(self) -> int:
        """Votes that could be cast now, as far as we can see."""
        return sum(1 for m in self.members if m.voting and m.up)
