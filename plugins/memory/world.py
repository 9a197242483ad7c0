"""A whole cluster in a few values; tests break it by its verbs, and every port made for one world shares it."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from console.cluster.snapshot import Admin, Health, Size, SpareMember
from console.cluster.views import MemberConfig

from .lease import Kept
from .members import MEMBERS, SPARES, address_of, empty_spare, name_of

BACKENDS = {"app": False, "web": True}
"""Stickiness by backend."""
SERVERS = ("app1", "app2", "app3")
SPARE_SERVERS = ("app4",)
"""Healthy, and in no pool until somebody adds them."""
WEIGHT = 100
"""Of every server in the configuration."""
BALANCERS = ("lb1", "lb2")

Place = tuple[str, str]
"""(backend, server)."""


def _configured() -> tuple[Place, ...]:
    return tuple((backend, server) for backend in BACKENDS for server in SERVERS)


@dataclass(slots=True)
class Balancer:
    """One balancer: what it was told, and how it answers."""

    admins: dict[Place, Admin] = field(default_factory=lambda: dict.fromkeys(_configured(), Admin.READY))
    """Every place that there is, and its state."""
    sessions: dict[Place, int] = field(default_factory=lambda: dict.fromkeys(_configured(), 0))
    weights: dict[Place, int] = field(default_factory=lambda: dict.fromkeys(_configured(), WEIGHT))
    addresses: dict[Place, str] = field(default_factory=lambda: {p: address_in_pool(p[1]) for p in _configured()})
    requests: dict[Place, int] = field(default_factory=lambda: dict.fromkeys(_configured(), 0))
    errors: dict[Place, int] = field(default_factory=lambda: dict.fromkeys(_configured(), 0))
    checking: set[Place] = field(default_factory=lambda: set(_configured()))
    """Where a health check is enabled."""
    failing: set[str] = field(default_factory=set)
    """Servers that fail the requests that they get, though their checks pass."""
    before: Callable[[str], None] = lambda command: None
    """Is told every command before it is carried out, and may refuse it, or break the world at that very moment."""
    refuses_in: dict[str, str] = field(default_factory=dict)
    """Why a backend takes no servers and no weights."""
    process_id: int = 100
    refuses: str = ""
    """Its words when it refuses every change."""
    loses_answers: bool = False
    applies: bool = True
    """Whether a change whose answer is lost has happened."""

    def add(self, place: Place, address: str, weight: int) -> None:
        """It stands there from now on, in maintenance and unchecked."""
        self.admins[place] = Admin.MAINT
        self.sessions[place] = self.requests[place] = self.errors[place] = 0
        self.weights[place], self.addresses[place] = weight, address

    def delete(self, place: Place) -> None:
        """It stands there no longer."""
        for known in (self.admins, self.sessions, self.weights, self.addresses, self.requests, self.errors):
            known.pop(place, None)
        self.checking.discard(place)


@dataclass(slots=True)
class World:
    """Three application servers, two balancers with two backends, three members; all mutable."""

    health: dict[str, Health] = field(default_factory=dict)
    """What is not up; anything that is missing is."""
    balancers: dict[str, Balancer] = field(default_factory=lambda: {name: Balancer() for name in BALANCERS})
    latency_ms: dict[str, float] = field(default_factory=dict)
    """How long an application server takes to say that it is well, where it is not 3 ms."""
    lag_s: dict[str, float] = field(default_factory=dict)
    config: tuple[MemberConfig, ...] = tuple(MemberConfig(address=address_of(name)) for name in MEMBERS)
    config_version: int = 1
    spares: dict[str, SpareMember] = field(default_factory=lambda: {name: empty_spare(name) for name in SPARES})
    sync_s: float = 0.05
    """How long a new member copies; without an end when it is infinite."""
    syncing: set[str] = field(default_factory=set)
    frozen: dict[str, int] = field(default_factory=dict)
    """For how many seconds each frozen member was."""
    set_refuses: str = ""
    """The words in which it refuses to be reconfigured."""
    set_loses_answers: bool = False
    set_applies: bool = True
    """Whether a reconfiguration whose answer is lost has happened."""
    primary: str | None = "db1"
    term: int = 1
    elected_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    election_s: float = 0.02
    takeover_s: float = 10.0
    """After which a member of higher priority than the Primary takes the role over."""
    step_down_applies: bool = True
    step_down_answers: bool = True
    stopped: set[str] = field(default_factory=set)
    """Nodes whose service was stopped."""
    will_not_start: set[str] = field(default_factory=set)
    turns_in_s: float = 0.0
    """How long a service takes to start or stop."""
    sizes: dict[str, Size] = field(default_factory=dict)
    ignores_sizes: set[str] = field(default_factory=set)
    """Nodes that say yes to a new size and keep the old one."""
    in_use_bytes: int = 2**30
    kept: Kept = field(default_factory=Kept)
    """The lease and the holds."""
    commands: list[str] = field(default_factory=list)
    """Every change that was asked for, in order."""
    _followers: set[asyncio.Event] = field(default_factory=set)

    def kill(self, name: str) -> None:
        """It is dead: connections are refused."""
        self._become(name, Health.DOWN)

    def pause(self, name: str) -> None:
        """It accepts connections and does not answer."""
        self._become(name, Health.UNKNOWN)

    def revive(self, name: str) -> None:
        """It answers again; a member comes back as a secondary."""
        self._become(name, Health.UP)

    def set_sessions(self, server: str, count: int) -> None:
        """So many in every place of the server: each balancer, each backend."""
        for balancer in self.balancers.values():
            balancer.sessions |= {place: count for place in balancer.sessions if place[1] == server}

    def serve(self, server: str, requests: int, errors: int = 0) -> None:
        """It has answered so many more requests in every place, some of them with an error."""
        for balancer in self.balancers.values():
            for place in balancer.requests:
                if place[1] == server:
                    balancer.requests[place] += requests
                    balancer.errors[place] += errors

    def lag(self, member: str, seconds: float) -> None:
        """It is so far behind the Primary."""
        self.lag_s[member] = seconds
        self._tell()

    def refuse(self, balancer: str, says: str = "Permission denied") -> None:
        """From now on it refuses every change, in these words; empty words: it takes changes again."""
        self.balancers[balancer].refuses = says

    def lose_answers(self, balancer: str, *, applied: bool) -> None:
        """From now on no answer to a change arrives, whether it happened or not."""
        self.balancers[balancer].loses_answers = True
        self.balancers[balancer].applies = applied

    def reload(self, balancer: str) -> None:
        """A new process, which knows nothing of what the old one was told."""
        before = self.balancers[balancer]
        self.balancers[balancer] = Balancer(process_id=before.process_id + 1, refuses_in=before.refuses_in)

    def fail_requests(self, server: str) -> None:
        """It passes every check from now on, and fails the requests that it gets."""
        for balancer in self.balancers.values():
            balancer.failing.add(server)

    def weights(self, server: str) -> set[int]:
        """Every weight that the server has, over all places."""
        return {w for b in self.balancers.values() for (_, name), w in b.weights.items() if name == server}

    def places(self, server: str) -> set[tuple[str, str]]:
        """(balancer, backend) of every place that the server stands in."""
        return {(n, be) for n, b in self.balancers.items() for be, name in b.admins if name == server}

    def lose_step_down_answer(self, *, applied: bool) -> None:
        """From now on no answer to a step-down arrives, whether it happened or not."""
        self.step_down_answers = False
        self.step_down_applies = applied

    def admins(self, server: str) -> set[Admin]:
        """Every state that the server has, over all places."""
        return {a for b in self.balancers.values() for (_, name), a in b.admins.items() if name == server}

    @property
    def members(self) -> tuple[str, ...]:
        """Whoever stands in the configuration."""
        return tuple(name_of(line.address) for line in self.config)

    def line(self, name: str) -> MemberConfig | None:
        """A member's line of the configuration."""
        return next((line for line in self.config if line.address == address_of(name)), None)

    def configure(self, lines: Iterable[MemberConfig]) -> None:
        """From now on this is the configuration; who joins copies first, and counts only then."""
        was = self.members
        self.config = tuple(replace(line, newly_added=line.newly_added or self._joins(line, was)) for line in lines)
        self.config_version += 1
        for name in self.members:
            if name not in was:
                self.syncing.add(name)
                if self.sync_s != float("inf"):
                    asyncio.get_running_loop().call_later(self.sync_s, self._synced, name)
        for name in self.spares.keys() & set(was) - set(self.members):
            self.spares[name] = replace(self.spares[name], empty=False, former=True)
        leads = self.line(self.primary) if self.primary else None
        if leads is None or any(line.priority > leads.priority for line in self.config if self._able(line)):
            after_s = self.takeover_s if leads else self.election_s
            asyncio.get_running_loop().call_later(after_s, self._elect_by_priority)
        self._tell()

    def lose_set_answers(self, *, applied: bool) -> None:
        """From now on no answer to a reconfiguration or a freeze arrives, whether it happened or not."""
        self.set_loses_answers, self.set_applies = True, applied

    @property
    def has_majority(self) -> bool:
        """Enough votes are up to elect."""
        voters = [line for line in self.config if line.votes and not line.newly_added]
        return 2 * sum(self.up(name_of(line.address)) for line in voters) > len(voters)

    def up(self, name: str) -> bool:
        """It answers."""
        return self.health.get(name, Health.UP) is Health.UP

    def successor(self, old: str | None, catch_up_s: float) -> str | None:
        """Who is elected after `old`, as MongoDB does it; None when nobody can be.

        Of those that have caught up first: the highest priority, then the first in the configuration.
        """
        if not self.has_majority:
            return None
        able = {name_of(line.address): line.priority for line in self.config if self._able(line)}
        near = [m for m in able if m != old and self.lag_s.get(m, 0.0) <= catch_up_s]
        return min(near, key=lambda m: (self.lag_s.get(m, 0.0), -able[m]), default=None)

    async def hand_over(self, successor: str) -> None:
        """As long as an election takes there is no Primary, then there is one in the next term."""
        self.primary = None
        self._tell()
        await asyncio.sleep(self.election_s)
        self._elect(successor)

    def follow(self) -> asyncio.Event:
        """An event that is set at every change, until `unfollow`."""
        event = asyncio.Event()
        self._followers.add(event)
        return event

    def unfollow(self, event: asyncio.Event) -> None:
        """Tell that one nothing more."""
        self._followers.discard(event)

    def _become(self, name: str, health: Health) -> None:
        self.health[name] = health
        if name == self.primary and health is not Health.UP:
            self.primary = None
        if name in self.members and self.primary is None:
            asyncio.get_running_loop().call_later(self.election_s, self._elect_any)
        self._tell()

    def _elect_any(self) -> None:
        successor = self.successor(None, float("inf"))
        if self.primary is None and successor is not None:
            self._elect(successor)

    def _able(self, line: MemberConfig) -> bool:
        name = name_of(line.address)
        free = name not in self.syncing and name not in self.frozen and not line.newly_added
        return line.votes > 0 and line.priority > 0 and free and self.up(name)

    def _joins(self, line: MemberConfig, was: tuple[str, ...]) -> bool:
        return line.votes > 0 and name_of(line.address) not in was

    def _synced(self, name: str) -> None:
        self.syncing.discard(name)
        self.config = tuple(
            replace(line, newly_added=False) if name_of(line.address) == name else line for line in self.config
        )
        self.config_version += 1
        self._tell()

    def _elect_by_priority(self) -> None:
        best, leads = self.successor(None, float("inf")), self.line(self.primary) if self.primary else None
        ahead = self.line(best) if best else None
        if best and ahead and (leads is None or ahead.priority > leads.priority):
            self._elect(best)

    def _elect(self, name: str) -> None:
        self.primary, self.term, self.elected_at = name, self.term + 1, datetime.now(UTC)
        self._tell()

    def _tell(self) -> None:
        for event in self._followers:
            event.set()


def address_in_pool(server: str) -> str:
    """Where a balancer sends a server's requests."""
    return f"{server}:8080"


WORLDS: dict[str, World] = {}
"""Every world by the name that cluster files give it."""


def world(name: str) -> World:
    """The world of that name, made when it is first asked for."""
    return WORLDS.setdefault(name, World())
