"""Abstract clusters: only what quorum and capacity depend on, in the model's own words."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, product
from math import factorial, prod
from typing import Literal

Seen = Literal["up", "down", "unknown"]
Admin = Literal["ready", "drain", "maint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class M:
    """One member of the set."""

    up: bool
    votes: bool
    priority: bool
    """Its priority is above 0."""
    newest: bool
    """It has the Primary's writes, but for a few seconds."""
    arbiter: bool = False
    hidden: bool = False
    newly_added: bool = False
    recovering: bool = False
    """Answers, replicates and votes, and serves no reads."""
    silent: bool = False
    """Where not up: no answer, rather than a refused connection."""
    lately: bool = True
    """What we know of it is no older than a change may rest on."""
    heard: bool = True
    """Its peers heard its heartbeat in the last seconds."""
    domain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One server in one backend of one balancer."""

    balancer: str
    backend: str
    admin: Admin = "ready"
    check: Seen = "up"
    weight: int = 1
    backup: bool = False
    sticky: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class S:
    """One application server."""

    says: Seen = "up"
    """By its own health answer."""
    lately: bool = True
    places: tuple[Place, ...] = ()
    domain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class B:
    """One balancer."""

    up: bool = True
    lately: bool = True
    writable: bool | None = True
    domain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One abstract cluster; members and servers go by their number."""

    members: tuple[M, ...] = ()
    primaries: tuple[int, ...] = ()
    """Who takes writes; two where an old Primary has not noticed yet, the newest term first."""
    operable: bool | None = True
    """Our credentials may change the set."""
    servers: tuple[S, ...] = ()
    balancers: tuple[B, ...] = ()


KINDS = tuple(
    M(up=up, votes=votes, priority=priority, newest=newest)
    for up, votes, priority, newest in product((True, False), repeat=4)
)
"""The 16 states of a member."""
FULL = KINDS[0]
"""Up, votes, electable, has the newest writes: the only kind that can be Primary."""


def sets(most: int) -> Iterator[tuple[State, int]]:
    """Every set of 1 to `most` members, one for all that differ in order only, with how many orders there are."""
    for count in range(1, most + 1):
        for members in combinations_with_replacement(KINDS, count):
            orders = factorial(count) // prod(map(factorial, Counter(members).values()))
            if FULL in members:
                yield State(members=members, primaries=(members.index(FULL),)), orders
            yield State(members=members), orders


def pools(most: int) -> Iterator[tuple[State, int]]:
    """Every pool of 1 to `most` servers behind two balancers, each place and each server's own word in every state."""
    ways: tuple[tuple[Admin, Seen], ...] = (("ready", "up"), ("drain", "up"), ("maint", "unknown"), ("ready", "down"))
    words: tuple[Seen, ...] = ("up", "down", "unknown")
    kinds = tuple(
        S(
            says=says,
            places=(
                Place(balancer="lb1", backend="app", admin=here[0], check=here[1]),
                Place(balancer="lb2", backend="app", admin=there[0], check=there[1], sticky=True),
            ),
        )
        for says, here, there in product(words, ways, ways)
    )
    for count in range(1, most + 1):
        for servers in combinations_with_replacement(kinds, count):
            orders = factorial(count) // prod(map(factorial, Counter(servers).values()))
            yield State(servers=servers, balancers=(B(), B())), orders


def drawn(dice: random.Random) -> State:
    """A random larger cluster: 6 or 7 members of every kind, 2 or 3 balancers, 1 or 2 backends, 2 to 6 servers."""
    members = tuple(_member(dice) for _ in range(dice.randint(6, 7)))
    balancers = tuple(_balancer(dice) for _ in range(dice.randint(2, 3)))
    backends = ("app", "web")[: dice.randint(1, 2)]
    return State(
        members=members,
        primaries=_primaries(dice, members),
        operable=_mostly(dice, True, (False, None)),
        servers=tuple(_server(dice, len(balancers), backends) for _ in range(dice.randint(2, 6))),
        balancers=balancers,
    )


def _member(dice: random.Random) -> M:
    def likely(part: float) -> bool:
        return dice.random() < part

    member = M(
        up=likely(0.8),
        votes=likely(0.85),
        priority=likely(0.8),
        newest=likely(0.75),
        silent=likely(0.5),
        lately=likely(0.93),
        heard=likely(0.95),
        domain=dice.choice(("", "a", "b", "c")),
    )
    odd = dice.random()
    if odd < 0.05:
        return replace(member, arbiter=True, priority=False, newest=False)
    if odd < 0.10:
        return replace(member, hidden=True, priority=False)
    if odd < 0.15:
        return replace(member, newly_added=True)
    return replace(member, recovering=odd < 0.20)


def _primaries(dice: random.Random, members: tuple[M, ...]) -> tuple[int, ...]:
    able = [
        number
        for number, m in enumerate(members)
        if (m.up, m.votes, m.priority, m.newest) == (True, True, True, True)
        and not (m.arbiter or m.hidden or m.newly_added or m.recovering)
    ]
    dice.shuffle(able)
    return tuple(able[: _mostly(dice, 1, (0, 0, 2))])


def _balancer(dice: random.Random) -> B:
    return B(
        up=dice.random() < 0.95,
        lately=dice.random() < 0.97,
        writable=_mostly(dice, True, (False, None)),
        domain=dice.choice(("", "a", "b", "c")),
    )


def _server(dice: random.Random, balancers: int, backends: tuple[str, ...]) -> S:
    return S(
        says=_mostly(dice, "up", ("down", "unknown"), 0.75),
        lately=dice.random() < 0.93,
        domain=dice.choice(("", "a", "b", "c")),
        places=tuple(
            _place(dice, f"lb{number + 1}", backend)
            for number in range(balancers)
            for backend in backends
            if dice.random() < 0.95
        ),
    )


def _place(dice: random.Random, balancer: str, backend: str) -> Place:
    return Place(
        balancer=balancer,
        backend=backend,
        admin=_mostly(dice, "ready", ("drain", "maint"), 0.8),
        check=_mostly(dice, "up", ("down", "unknown"), 0.8),
        weight=_mostly(dice, 1, (0, 100)),
        backup=dice.random() < 0.1,
        sticky=dice.random() < 0.2,
    )


def _mostly(dice: random.Random, usual, others, part: float = 0.95):  # type: ignore[no-untyped-def]
    return usual if dice.random() < part else dice.choice(others)
