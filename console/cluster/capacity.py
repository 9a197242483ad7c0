"""What each application server would carry of the peak of the last minutes."""

from dataclasses import dataclass

from console.cluster.serving import Entry, pools_known, serves
from console.cluster.snapshot import AppServer, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """The peak of the last minutes, as the busiest server would carry it."""

    server: str = ""
    share: float = 0.0
    """Of all traffic; by weight, in the pool where it has most."""
    requests_s: float | None = None
    """None while no peak is known."""
    of_limit: float | None = None
    """Sessions against the balancers' limit for one server, the tightest; None without limit or peak."""
    of_seen: float | None = None
    """Requests against the most that one server was seen to carry."""

    @property
    def too_much(self) -> bool:
        """More sessions than the balancers give a server: the rest would queue."""
        return self.of_limit is not None and self.of_limit > 1.0


def burden(snapshot: Snapshot) -> Burden:
    """What the peak asks of the busiest server, with those that serve in this snapshot."""
    load, shares = snapshot.load, _shares(snapshot)
    if not shares:
        return Burden()
    busiest = max(shares, key=lambda name: shares[name])
    share = shares[busiest]
    peak, one = load.peak_requests_s, load.peak_of_one_s
    limits = {server.name: session_limit(server) for server in snapshot.app_servers}
    sessions = load.peak_sessions if load.over_s else None
    filled = [
        sessions * part / limit for name, part in shares.items() if sessions is not None and (limit := limits[name])
    ]
    return Burden(
        server=busiest,
        share=share,
        requests_s=None if peak is None else peak * share,
        of_limit=max(filled, default=None),
        of_seen=peak * share / one if peak is not None and one else None,
    )


def _shares(snapshot: Snapshot) -> dict[str, float]:
    """Each serving server's part of the traffic, in the pool where it has most."""
    # All traffic may come through one balancer and to one backend: so the pool where it has most decides.
    shares: dict[str, float] = {}
    for pool in pools_known(snapshot).values():
        serving = _taking(pool)
        weight = sum(entry.weight for _, entry in serving)
        for server, entry in serving:
            shares[server.name] = max(shares.get(server.name, 0.0), entry.weight / weight)
    return shares


def _taking(pool: list[Entry]) -> list[Entry]:
    """Who gets traffic: those that serve, and the first backup when no other does."""
    serving = [entry for entry in pool if serves(*entry)]
    return [entry for entry in serving if not entry[1].backup] or serving[:1]


def session_limit(server: AppServer) -> int | None:
    """Most sessions at once over all pools; None when any pool sets none."""
    limits = [pool.limit for pool in server.pools if pool.known]
    return sum(limit for limit in limits if limit) if limits and all(limits) else None
