"""What must be seen in the balancers' pools."""

from collections.abc import Iterable
from dataclasses import dataclass

from console.change.ops.pool import Place
from console.change.proofs.proof import Verdict, both
from console.cluster.snapshot import Admin, Health, PoolMember, Snapshot


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
            clauses.append(f"{places[0].server} is {admin} on {where(places)}")
        return ", ".join(clauses)

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first place that does not."""
        for place, admin in self.states:
            pool, why = fresh_pool(snapshot, place, since_s)
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
        return f"no session left on {both(sorted({place.balancer for place in self.places}))}"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says how many are left, and where."""
        left: dict[str, int] = {}
        for place in self.places:
            pool, why = fresh_pool(snapshot, place, since_s)
            if pool is None:
                return Verdict(False, why, blind=True)
            if pool.admin is Admin.READY:
                # A reload forgets what was set at run time: that nobody is there now proves nothing then.
                return Verdict(False, f"{place} is ready again and takes new traffic")
            if pool.sessions is None:
                return Verdict(False, f"how many sessions {place} has is not known", blind=True)
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
    unchecked: tuple[Place, ...] = ()
    """Of them those whose balancer checks nothing: its own word, and that the balancer sends it traffic, is all."""

    @property
    def says(self) -> str:
        """Names server and balancers, and which of them check nothing."""
        checking = sorted({place.balancer for place in self.places if place not in self.unchecked})
        trusting = sorted({place.balancer for place in self.unchecked})
        sends = f"{both(trusting)}, which {'check' if len(trusting) > 1 else 'checks'} nothing, " + (
            f"{'send' if len(trusting) > 1 else 'sends'} it traffic"
        )
        if not checking and trusting:
            return f"{self.server} is healthy by its own word, and {sends}"
        up = f"{self.server} is healthy and up on {both(checking)}"
        return f"{up}, and {sends}" if trusting else up

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first that does not hold."""
        return healthy(snapshot, self.server, self.places, Admin.READY, since_s) or Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class WeightIs:
    """Every place shows the weight that was asked of it."""

    weights: tuple[tuple[Place, int], ...]

    @property
    def says(self) -> str:
        """By weight: `app2 has weight 50 on lb1 (app, web)`."""
        clauses = []
        for weight in sorted({weight for _, weight in self.weights}):
            places = [place for place, wanted in self.weights if wanted == weight]
            clauses.append(f"{places[0].server} has weight {weight} on {where(places)}")
        return ", ".join(clauses)

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first place that does not."""
        for place, weight in self.weights:
            pool, why = fresh_pool(snapshot, place, since_s)
            if pool is None:
                return Verdict(False, why, blind=True)
            if pool.weight != weight:
                return Verdict(False, f"{place} has weight {pool.weight}, not yet {weight}")
        return Verdict(True, self.says)


def healthy(snapshot: Snapshot, name: str, places: tuple[Place, ...], admin: Admin, since_s: float) -> Verdict | None:
    """What speaks against the server in that state; None when nothing does."""
    server = snapshot.app_server(name)
    if server is None or server.health is not Health.UP:
        return Verdict(False, f"{name} says {server.reason or server.health if server else 'nothing'}")
    for place in places:
        pool, why = fresh_pool(snapshot, place, since_s)
        if pool is None:
            return Verdict(False, why, blind=True)
        if pool.admin is not admin or (pool.checked and pool.check is not Health.UP):
            return Verdict(False, f"{place} is {pool.admin}, check {pool.check_says or pool.check}")
    return None


def where(places: Iterable[Place]) -> str:
    """As words: `lb1 (app, web) and lb2 (app, web)`."""
    backends: dict[str, list[str]] = {}
    for place in places:
        backends.setdefault(place.balancer, []).append(place.backend)
    return both(f"{balancer} ({', '.join(names)})" for balancer, names in sorted(backends.items()))


def unseen(snapshot: Snapshot, place: Place, since_s: float) -> str:
    """Why nothing is known of a place since then; empty when it is."""
    balancer = snapshot.balancer(place.balancer)
    if balancer is None or balancer.health is not Health.UP:
        return f"{place.balancer} cannot be seen: {balancer.reason if balancer else 'not in the cluster file'}"
    if balancer.age_s is None or balancer.age_s > since_s:
        return f"{place.balancer} has not been looked at since"
    return ""


def pool_at(snapshot: Snapshot, place: Place) -> PoolMember | None:
    """The newest that is known of a place, or None when nobody stands there."""
    entries = (pool for server in snapshot.app_servers for pool in server.pools)
    wanted = (place.balancer, place.backend, place.server)
    return next((pool for pool in entries if (pool.balancer, pool.backend, pool.server) == wanted), None)


def fresh_pool(snapshot: Snapshot, place: Place, since_s: float) -> tuple[PoolMember | None, str]:
    """The pool entry as its balancer told it since then, or why there is none."""
    if why := unseen(snapshot, place, since_s):
        return None, why
    pool = pool_at(snapshot, place)
    return pool, "" if pool else f"{place} is not in the pool"
