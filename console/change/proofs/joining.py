"""What must be seen of a server that joins the pools, or leaves them for good."""

from dataclasses import dataclass
from statistics import median

from console.change.ops.pool import Entry, Place
from console.change.proofs.pool import WeightIs, fresh_pool, healthy, pool_at, unseen, where
from console.change.proofs.proof import Verdict
from console.cluster.snapshot import Admin, Snapshot

SLOWER_TIMES, SLOWER_MS = 3.0, 50.0
"""A server that has joined may take so many times as long as the others do (their median), and so much longer."""


@dataclass(frozen=True, slots=True)
class Stands:
    """The server stands in every place as it was to be added, with its health check enabled."""

    entries: tuple[Entry, ...]

    @property
    def says(self) -> str:
        """Names server, balancers and backends."""
        return f"{self.entries[0].place.server} stands on {where(entry.place for entry in self.entries)}"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first place that is otherwise."""
        for entry in self.entries:
            pool, why = fresh_pool(snapshot, entry.place, since_s)
            if pool is None:
                return Verdict(False, why, blind=True)
            is_so, wanted = (pool.address, pool.weight), (entry.address, entry.weight)
            if is_so != wanted:
                return Verdict(False, f"{entry.place} is {_joined(*is_so)}, not {_joined(*wanted)}")
            if entry.checked and not pool.checked:
                return Verdict(False, f"{entry.place} has no health check")
        return Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class Gone:
    """The server stands in none of the places."""

    places: tuple[Place, ...]

    @property
    def says(self) -> str:
        """Names server, balancers and backends."""
        return f"{self.places[0].server} is gone from {where(self.places)}"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first place where it still stands."""
        for place in self.places:
            if why := unseen(snapshot, place, since_s):
                return Verdict(False, why, blind=True)
            if pool_at(snapshot, place):
                return Verdict(False, f"{place} is still there")
        return Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class Passes:
    """The server is healthy by its own word and by every balancer's check, and takes no traffic yet."""

    server: str
    places: tuple[Place, ...]

    @property
    def says(self) -> str:
        """Names server, balancers and backends."""
        return f"{self.server} passes the health checks of {where(self.places)}, without traffic"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first that does not hold."""
        return healthy(snapshot, self.server, self.places, Admin.DRAIN, since_s) or Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class ServesWell:
    """A server that has joined serves at its weight, fails no request, and answers as fast as the others do."""

    server: str
    weights: tuple[tuple[Place, int], ...]

    @property
    def says(self) -> str:
        """Names weights, and what would end it."""
        return f"{WeightIs(self.weights).says}, healthy, without an error and not much slower than the others"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """A failed request is the end of it; anything else may still come."""
        places = tuple(place for place, _ in self.weights)
        for pool in filter(None, (pool_at(snapshot, place) for place in places)):
            if pool.errors or pool.errors_s:  # of a server that has just joined, since it joined
                failed = f"{pool.errors} of {pool.requests} requests failed"
                return Verdict(
                    False, f"{self.server} is not fit: {failed} in {pool.backend} on {pool.balancer}", final=True
                )
        if bad := healthy(snapshot, self.server, places, Admin.READY, since_s):
            return bad
        weighed = WeightIs(self.weights).look(snapshot, since_s)
        if not weighed.holds:
            return weighed
        took_ms, limit_ms = _latencies_ms(snapshot, self.server)
        if took_ms is not None and limit_ms is not None and took_ms > limit_ms:
            says = f"{self.server} answers in {took_ms:.0f} ms, which the others' pace limits to {limit_ms:.0f} ms"
            return Verdict(False, says)
        return Verdict(True, f"{weighed.says}, healthy, without an error")


def _latencies_ms(snapshot: Snapshot, name: str) -> tuple[float | None, float | None]:
    """How long the server takes to say that it is well, and how long it may; None where that is not told."""
    server = snapshot.app_server(name)
    others = [s.latency_ms for s in snapshot.app_servers if s.name != name and s.latency_ms is not None]
    limit_ms = SLOWER_TIMES * median(others) + SLOWER_MS if others else None
    return (server.latency_ms if server else None), limit_ms


def _joined(address: str, weight: int) -> str:
    return f"{address} at weight {weight}"
