"""A whole cluster in a few values that tests set and break; every port made from one world shares it."""

import asyncio
from dataclasses import dataclass, field

from console.cluster.snapshot import Admin, Health, Member, MemberState, PeerView, PoolMember
from console.cluster.views import BalancerView, HealthView, HostView, MemberConfig, MemberView

BACKENDS = {"app": False, "web": True}
"""Backend name to stickiness."""
GIB = 2**30


@dataclass
class Balancer:
    """One balancer: what it was told, and how it answers."""

    name: str
    admins: dict[tuple[str, str], Admin]
    process_id: int = 100
    refuses: str = ""
    """Its words when it refuses every change."""
    loses_answers: bool = False
    applies: bool = True
    """Whether a change whose answer is lost has happened."""


@dataclass
class World:
    """Three application servers, two balancers with two backends, three members; all mutable."""

    servers: list[str] = field(default_factory=lambda: ["app1", "app2", "app3"])
    health: dict[str, Health] = field(default_factory=dict)
    """What is not up; anything that is missing is."""
    sessions: dict[str, int] = field(default_factory=dict)
    """On each balancer and backend, by server."""
    lag_s: dict[str, float] = field(default_factory=dict)
    members: list[str] = field(default_factory=lambda: ["db1", "db2", "db3"])
    primary: str | None = "db1"
    term: int = 1
    election_s: float = 0.02
    step_down_answer: str = "ok"
    """ok, lost (it happened) or dropped (it did not); either way the caller hears nothing."""
    commands: list[str] = field(default_factory=list)
    """Every change that was asked for, in order."""
    balancers: dict[str, Balancer] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        places = [(backend, server) for backend in BACKENDS for server in self.servers]
        for name in ("lb1", "lb2"):
            self.balancers[name] = Balancer(name, dict.fromkeys(places, Admin.READY))

    def kill(self, name: str) -> None:
        """It is dead: connections are refused."""
        self._set(name, Health.DOWN)

    def pause(self, name: str) -> None:
        """It accepts and does not answer."""
        self._set(name, Health.UNKNOWN)

    def revive(self, name: str) -> None:
        """It answers again; a member comes back as a secondary."""
        self._set(name, Health.UP)

    def reload(self, balancer: str) -> None:
        """A new process, which knows nothing of what the old one was told."""
        found = self.balancers[balancer]
        found.process_id += 1
        found.admins = dict.fromkeys(found.admins, Admin.READY)

    def admins(self, server: str) -> set[Admin]:
        """Every state that the server has, over all places."""
        return {a for b in self.balancers.values() for (_, name), a in b.admins.items() if name == server}

    def up(self, name: str) -> bool:
        """It answers."""
        return self.health.get(name, Health.UP) is Health.UP

    def electable(self) -> list[str]:
        """Members other than the Primary that have caught up."""
        return [m for m in self.members if m != self.primary and self.up(m) and self.lag_s.get(m, 0.0) == 0.0]

    async def tell(self) -> None:
        """Wake whoever follows."""
        async with self.changed:
            self.changed.notify_all()

    def health_view(self, server: str) -> HealthView:
        """The server's own answer."""
        health = self.health.get(server, Health.UP)
        return HealthView(server=server, health=health, reason=_reason(health), latency_ms=3.0)

    def balancer_view(self, name: str) -> BalancerView:
        """Everything that one balancer says."""
        health, found = self.health.get(name, Health.UP), self.balancers[name]
        if health is not Health.UP:
            return BalancerView(balancer=name, health=health, reason=_reason(health))
        return BalancerView(
            balancer=name,
            health=Health.UP,
            version="memory",
            process_id=found.process_id,
            writable=not found.refuses.startswith("read-only"),
            backends=tuple(BACKENDS),
            servers=tuple(self._pool_member(found, backend, server) for backend, server in found.admins),
        )

    def member_view(self, name: str) -> MemberView:
        """One member's own view of itself and of the others."""
        health = self.health.get(name, Health.UP)
        address = f"{name}:27017"
        if health is not Health.UP:
            return MemberView(
                address=address, itself=Member(name="", address=address, health=health, reason=_reason(health))
            )
        leads = name == self.primary
        return MemberView(
            address=address,
            itself=Member(
                name="",
                address=address,
                state=MemberState.PRIMARY if leads else MemberState.SECONDARY,
                health=Health.UP,
                writable=leads,
                believes_primary=f"{self.primary}:27017" if self.primary else None,
                term=self.term,
                version="memory",
                lag_s=self.lag_s.get(name, 0.0),
                sync_source=None if leads or not self.primary else f"{self.primary}:27017",
            ),
            set_name="rs0",
            peers=tuple(self._peer(peer) for peer in self.members),
            config=tuple(MemberConfig(address=f"{member}:27017") for member in self.members),
            config_version=1,
            operable=True,
        )

    def host_view(self, node: str) -> HostView:
        """What a host says of itself."""
        return HostView(node=node, health=Health.UP, cpus=4, memory_bytes=8 * GIB, disk_bytes=100 * GIB, load1=0.2)

    def _set(self, name: str, health: Health) -> None:
        self.health[name] = health
        if name == self.primary and health is not Health.UP:
            self.primary = None

    def _pool_member(self, balancer: Balancer, backend: str, server: str) -> PoolMember:
        admin = balancer.admins[backend, server]
        checked = Health.UNKNOWN if admin is Admin.MAINT else Health.UP if self.up(server) else Health.DOWN
        return PoolMember(
            balancer=balancer.name,
            backend=backend,
            server=server,
            admin=admin,
            check=checked,
            check_says="",
            weight=1,
            sessions=self.sessions.get(server, 0),
            queue=0,
            sticky=BACKENDS[backend],
            check_reads_body=True,
        )

    def _peer(self, name: str) -> PeerView:
        up = self.up(name)
        state = MemberState.PRIMARY if name == self.primary else MemberState.SECONDARY if up else MemberState.DOWN
        return PeerView(
            address=f"{name}:27017",
            state=state,
            health=Health.UP if up else Health.DOWN,
            heartbeat_age_s=0.5,
            lag_s=self.lag_s.get(name, 0.0) if up else None,
        )


WORLDS: dict[str, World] = {}
"""Every world by the name that cluster files give it."""


def world(name: str) -> World:
    """The world of that name, made when it is first asked for."""
    return WORLDS.setdefault(name, World())


def _reason(health: Health) -> str:
    return {Health.UP: "", Health.DOWN: "connection refused", Health.UNKNOWN: "no answer within 2 s"}[health]
