"""A whole cluster in a few values; tests break it by its verbs, and every port made for one world shares it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from console.cluster.snapshot import Admin, Size

from .lease import Kept
from .members import Members

BACKENDS = {"app": False, "web": True}
"""Stickiness by backend."""
SERVERS = ("app1", "app2", "app3")
SPARE_SERVERS = ("app4",)
"""Healthy, and in no pool until somebody adds them."""
WEIGHT = 100
"""Of every server in the configuration."""
BALANCERS = ("lb1", "lb2")
OPTIONS = "check inter 500ms fall 2 rise 2"
"""Of every server's line."""

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
    bare: bool = False
    """It takes servers in and out of its files and no more: no drain, no checks, no word on sessions and requests."""
    lines: dict[Place, str] = field(default_factory=lambda: {place: _line(place) for place in _configured()})
    """What stands in its configuration, and comes back with a reload."""
    refuses_lines: str = ""
    """Why its configuration cannot be written."""
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
class World(Members):
    """Three application servers, two balancers with two backends, three members; all mutable."""

    balancers: dict[str, Balancer] = field(default_factory=lambda: {name: Balancer() for name in BALANCERS})
    latency_ms: dict[str, float] = field(default_factory=dict)
    """How long an application server takes to say that it is well, where it is not 3 ms."""
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
        after = Balancer(
            process_id=before.process_id + 1, refuses_in=before.refuses_in, bare=before.bare, lines=before.lines
        )
        for place in set(after.admins) - set(after.lines):
            after.delete(place)
        for place, line in after.lines.items():
            after.add(place, line.split()[2], weight_in(line))
            after.admins[place] = Admin.MAINT if line.endswith(" disabled") else Admin.READY
            after.checking.add(place)
        self.balancers[balancer] = after

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

    def admins(self, server: str) -> set[Admin]:
        """Every state that the server has, over all places."""
        return {a for b in self.balancers.values() for (_, name), a in b.admins.items() if name == server}


def weight_in(line: str) -> int:
    """The weight that a line of the configuration gives a server."""
    return int(line.partition(" weight ")[2].split()[0])


def _line(place: Place) -> str:
    return f"server {place[1]} {address_in_pool(place[1])} {OPTIONS} weight {WEIGHT}"


def address_in_pool(server: str) -> str:
    """Where a balancer sends a server's requests."""
    return f"{server}:8080"


WORLDS: dict[str, World] = {}
"""Every world by the name that cluster files give it."""


def world(name: str) -> World:
    """The world of that name, made when it is first asked for."""
    return WORLDS.setdefault(name, World())
