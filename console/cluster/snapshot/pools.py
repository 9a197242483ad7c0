"""Application servers, and the balancers in front of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from console.cluster.snapshot.words import Admin, Health


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
    sessions: int | None
    """Sessions now; None where the balancer cannot tell, which is not none."""
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
    errors: int | None = field(default=0, compare=False)
    """Failed requests and connections since the balancer started; None where it does not count them."""
    requests: int | None = field(default=0, compare=False)
    """Requests since the balancer started; None where it does not count them."""
    requests_s: float | None = field(default=None, compare=False)
    """Requests a second over the last seconds; None when two looks were not had yet."""
    errors_s: float | None = field(default=None, compare=False)
    """Errors a second over the last seconds."""
    dynamic: bool | None = None
    """Added at run time and not in the balancer's configuration: gone at the next reload; None: cannot be told."""
    written_weight: int | None = None
    """The weight in the balancer's configuration, which it has again after a reload; None: cannot be told."""
    options: str = ""
    """Its parameters in the balancer's own words: what it takes to add it again."""
    lost: Admin | None = None
    """The state that it was set to and lost when its balancer was reloaded."""
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
class WrittenLine:
    """A server's line in its balancer's configuration, in words that only the balancer's plugin reads."""

    server: str
    line: str
    ready: str
    """The same for a server that is to be ready after a reload."""
    maint: str
    """The same for one that is to be in maintenance."""
    weighed: str
    """The same with `{weight}` for its weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One backend of one balancer, and how a server would join it at run time."""

    name: str
    refuses_servers: str = ""
    """Why no server can be added or deleted at run time; empty: it can."""
    refuses_weights: str = ""
    """Why no weight can be set at run time; empty: it can."""
    refuses_drain: str = ""
    """Why no server can be drained; empty: it can."""
    refuses_ending: str = ""
    """Why the sessions of a server cannot be ended; empty: they can."""
    checks: bool = True
    """A server that joins is health-checked, once that is asked for."""
    lasts: bool = False
    """What is changed in it while it runs is written as well, and outlives a reload by itself."""
    options: str = ""
    """What a new server is given, in the balancer's own words; `{server}` stands for its name."""
    line: str = ""
    """What a server needs in the balancer's configuration to outlive a reload, with `{server}`, `{address}` and
    `{weight}`."""
    notes: tuple[str, ...] = ()
    """What the operator should know of a server that joins."""
    refuses_lines: str = "it is not known how its configuration is written"
    """Why no line of its configuration can be written; empty: it can."""
    written: tuple[WrittenLine, ...] = ()
    """Every server's line in the configuration, where it can be written."""
    missing: tuple[str, ...] = ()
    """Servers of the configuration that are not there at run time: they come back with the next reload."""

    def options_of(self, server: str) -> str:
        """What a server of that name is given when it joins."""
        return self.options.replace("{server}", server)

    def line_written(self, server: str) -> WrittenLine | None:
        """The line of that server in the configuration, or None where it has none."""
        return next((written for written in self.written if written.server == server), None)

    def line_of(self, server: str, address: str, weight: int) -> str:
        """What has to stand in the configuration for it."""
        return self.line.replace("{server}", server).replace("{address}", address).replace("{weight}", str(weight))


def all_sessions(pools: Iterable[PoolMember]) -> int | None:
    """Sessions over these places; None when one of them cannot tell."""
    told = [pool.sessions for pool in pools]
    return None if None in told else sum(count or 0 for count in told)


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
    database: Health | None = None
    """What it says of its own connection to the database; None where it says nothing of it."""
    pools: tuple[PoolMember, ...] = ()

    @property
    def serving(self) -> bool:
        """Healthy by its own word, and at least one balancer sends it traffic."""
        return self.health is Health.UP and any(pool.serving for pool in self.pools)

    @property
    def sessions(self) -> int | None:
        """Sessions over all balancers and backends; None when one of them cannot tell."""
        return all_sessions(self.pools)

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
    writable_reason: str = ""
    """Why it may not, where that is told."""
    backends: tuple[str, ...] = ()
    pools: tuple[Backend, ...] = ()
    """The same backends, and how servers join them."""
    age_s: float | None = field(default=None, compare=False)

    def pool(self, backend: str) -> Backend | None:
        """How servers join that backend, or None where that is not told."""
        return next((pool for pool in self.pools if pool.name == backend), None)
