"""What must be seen in the cluster for a step to count as done: never the answer of a command, always the effect.

A proof looks only at what was seen after the op: the engine says how long ago that was, and older data proves nothing.
"""

from dataclasses import dataclass
from typing import Protocol

from console.change.ops import Place
from console.cluster.snapshot import Admin, Health, PoolMember, Snapshot


@dataclass(frozen=True, slots=True)
class Verdict:
    """Does it hold, and what was seen."""

    holds: bool
    says: str
    unchanged: bool = False
    """What is seen is the state from before the op: nothing has happened."""
    blind: bool = False
    """Nothing was seen yet that says either way."""


class Proof(Protocol):
    """One thing to be seen."""

    @property
    def says(self) -> str:
        """What must be seen, for the plan."""
        ...

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Is it so, on data no older than `since_s` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class AdminIs:
    """Every place shows the state that was asked of it."""

    states: tuple[tuple[Place, Admin], ...]

    @property
    def says(self) -> str:
        """By state: `app2 is drain on lb1 (app, web) and lb2 (app, web)`."""
        clauses = []
        for admin in sorted({admin for _, admin in self.states}):
            places = [place for place, state in self.states if state is admin]
            where = [
                f"{balancer} ({', '.join(place.backend for place in places if place.balancer == balancer)})"
                for balancer in sorted({place.balancer for place in places})
            ]
            clauses.append(f"{places[0].server} is {admin} on {_and(where)}")
        return ", ".join(clauses)

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first place that does not."""
        for place, admin in self.states:
            pool, why = _fresh_pool(snapshot, place, since_s)
            if pool is None:
                return Verdict(False, why, blind=True)
            if pool.admin is not admin:
                return Verdict(False, f"{place} is {pool.admin}, not yet {admin}")
        return Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class NoSessions:
    """No session and no queued request is left in any place, and none of them takes new traffic."""

    places: tuple[Place, ...]

    @property
    def says(self) -> str:
        """Names the balancers."""
        return f"no session left on {_and(sorted({place.balancer for place in self.places}))}"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says how many are left, and where."""
        left: dict[str, int] = {}
        for place in self.places:
            pool, why = _fresh_pool(snapshot, place, since_s)
            if pool is None:
                return Verdict(False, why, blind=True)
            if pool.admin is Admin.READY:
                # A reload forgets what was set at run time: that nobody is there now proves nothing then.
                return Verdict(False, f"{place} is ready again and takes new traffic")
            if pool.sessions + pool.queue:
                left[place.balancer] = left.get(place.balancer, 0) + pool.sessions + pool.queue
        if not left:
            return Verdict(True, self.says)
        where = ", ".join(f"{count} on {balancer}" for balancer, count in left.items())
        total = sum(left.values())
        return Verdict(False, f"{total} session{'s' if total != 1 else ''} left ({where})")


@dataclass(frozen=True, slots=True)
class Serves:
    """The server is healthy by its own word and by every balancer's check, and takes traffic in every place."""

    server: str
    places: tuple[Place, ...]

    @property
    def says(self) -> str:
        """Names server and balancers."""
        return f"{self.server} is healthy and up on {_and(sorted({place.balancer for place in self.places}))}"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first that does not hold."""
        server = snapshot.app_server(self.server)
        if server is None or server.health is not Health.UP:
            return Verdict(False, f"{self.server} says {server.reason or server.health if server else 'nothing'}")
        for place in self.places:
            pool, why = _fresh_pool(snapshot, place, since_s)
            if pool is None:
                return Verdict(False, why, blind=True)
            if pool.admin is not Admin.READY or (pool.checked and pool.check is not Health.UP):
                return Verdict(False, f"{place} is {pool.admin}, check {pool.check_says or pool.check}")
        return Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class NewPrimary:
    """One writable Primary other than the old one, of a higher term, and every reachable member agrees."""

    old: str
    term: int

    @property
    def says(self) -> str:
        """Names the term."""
        return f"one writable Primary, not {self.old}, in a term above {self.term}, seen by every reachable member"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says who is Primary, or who disagrees."""
        members = [
            m
            for m in snapshot.replica_set.members
            if m.health is Health.UP and not m.arbiter and m.age_s is not None and m.age_s <= since_s
        ]
        writable = [m for m in members if m.writable]
        if len(writable) != 1:
            names = _and([m.name for m in writable]) or "nobody"
            return Verdict(False, f"{names} takes writes")
        primary = writable[0]
        if primary.name == self.old or (primary.term or 0) <= self.term:
            unchanged = primary.name == self.old and primary.term == self.term
            return Verdict(False, f"{primary.name} is still Primary in term {primary.term}", unchanged)
        for member in members:
            if member.believes_primary != primary.address:
                return Verdict(False, f"{member.name} does not see {primary.name} as Primary yet")
        return Verdict(True, f"{primary.name} is Primary in term {primary.term}, seen by {len(members)} members")


def _fresh_pool(snapshot: Snapshot, place: Place, since_s: float) -> tuple[PoolMember | None, str]:
    """The pool entry as its balancer told it since then, or why there is none."""
    balancer = snapshot.balancer(place.balancer)
    if balancer is None or balancer.health is not Health.UP:
        return None, f"{place.balancer} cannot be seen: {balancer.reason if balancer else 'not in the cluster file'}"
    if balancer.age_s is None or balancer.age_s > since_s:
        return None, f"{place.balancer} has not been looked at since"
    for server in snapshot.app_servers:
        for pool in server.pools:
            if (pool.balancer, pool.backend, pool.server) == (place.balancer, place.backend, place.server):
                return pool, ""
    return None, f"{place} is not in the pool"


def _and(words: list[str]) -> str:
    return " and ".join(words)
