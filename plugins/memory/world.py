"""A whole cluster in a few values; tests break it by its verbs, and every port made for one world shares it."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from console.cluster.snapshot import Admin, Health

BACKENDS = {"app": False, "web": True}
"""Stickiness by backend."""
SERVERS = ("app1", "app2", "app3")
BALANCERS = ("lb1", "lb2")
MEMBERS = ("db1", "db2", "db3")

Place = tuple[str, str]
"""(backend, server)."""


@dataclass(slots=True)
class Balancer:
    """One balancer: what it was told, and how it answers."""

    admins: dict[Place, Admin] = field(default_factory=dict)
    sessions: dict[Place, int] = field(default_factory=dict)
    process_id: int = 100
    refuses: str = ""
    """Its words when it refuses every change."""
    loses_answers: bool = False
    applies: bool = True
    """Whether a change whose answer is lost has happened."""

    def __post_init__(self) -> None:
        places = [(backend, server) for backend in BACKENDS for server in SERVERS]
        self.admins = dict.fromkeys(places, Admin.READY)
        self.sessions = dict.fromkeys(places, 0)


@dataclass(slots=True)
class World:
    """Three application servers, two balancers with two backends, three members; all mutable."""

    health: dict[str, Health] = field(default_factory=dict)
    """What is not up; anything that is missing is."""
    balancers: dict[str, Balancer] = field(default_factory=lambda: {name: Balancer() for name in BALANCERS})
    lag_s: dict[str, float] = field(default_factory=dict)
    priority: dict[str, float] = field(default_factory=dict)
    primary: str | None = "db1"
    term: int = 1
    elected_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    election_s: float = 0.02
    step_down_applies: bool = True
    step_down_answers: bool = True
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
        found = self.balancers[balancer]
        found.process_id += 1
        found.admins = dict.fromkeys(found.admins, Admin.READY)

    def lose_step_down_answer(self, *, applied: bool) -> None:
        """From now on no answer to a step-down arrives, whether it happened or not."""
        self.step_down_answers = False
        self.step_down_applies = applied

    def admins(self, server: str) -> set[Admin]:
        """Every state that the server has, over all places."""
        return {a for b in self.balancers.values() for (_, name), a in b.admins.items() if name == server}

    def up(self, name: str) -> bool:
        """It answers."""
        return self.health.get(name, Health.UP) is Health.UP

    def successor(self, old: str | None, catch_up_s: float) -> str | None:
        """Who is elected after `old`, as MongoDB does it; None when nobody can be.

        Of those that have caught up first: the highest priority, then the first in the configuration.
        """
        able = [m for m in MEMBERS if self.up(m) and self.priority.get(m, 1.0) > 0]
        if sum(map(self.up, MEMBERS)) <= len(MEMBERS) // 2:
            return None
        near = [m for m in able if m != old and self.lag_s.get(m, 0.0) <= catch_up_s]
        return min(near, key=lambda m: (self.lag_s.get(m, 0.0), -self.priority.get(m, 1.0)), default=None)

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
        if name in MEMBERS and self.primary is None:
            asyncio.get_running_loop().call_later(self.election_s, self._elect_any)
        self._tell()

    def _elect_any(self) -> None:
        successor = self.successor(None, float("inf"))
        if self.primary is None and successor is not None:
            self._elect(successor)

    def _elect(self, name: str) -> None:
        self.primary, self.term, self.elected_at = name, self.term + 1, datetime.now(UTC)
        self._tell()

    def _tell(self) -> None:
        for event in self._followers:
            event.set()


WORLDS: dict[str, World] = {}
"""Every world by the name that cluster files give it."""


def world(name: str) -> World:
    """The world of that name, made when it is first asked for."""
    return WORLDS.setdefault(name, World())
