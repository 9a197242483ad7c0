"""The last minutes in a few numbers every few seconds: what a change is weighed against, and compared with after it."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from statistics import median

from console.cluster.snapshot import AppServer, Load, ServerLoad, Snapshot, all_sessions

EVERY_S = 5.0
"""A sample is taken so often."""
KEPT_S = 900.0
"""Older samples are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSample:
    """One application server at one moment, over all balancers."""

    server: str
    requests_s: float | None
    sessions: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The whole cluster at one moment; None is what was not known then."""

    at_s: float
    """By the monotonic clock."""
    requests_s: float | None
    errors_s: float | None
    sessions: int | None
    latency_ms: float | None
    """Of the health answers, the median over the servers that are up."""
    lag_s: float | None
    """Of the member that is furthest behind, among those that answer."""
    term: int | None
    servers: tuple[ServerSample, ...] = ()


class History:
    """The samples of the last KEPT_S seconds; grows no further."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=int(KEPT_S / EVERY_S))
        self._since_s: float | None = None
        self._load = Load()

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The oldest first."""
        return tuple(self._samples)

    def look(self, now_s: float, picture: Callable[[], Snapshot]) -> None:
        """Take a sample when one is due at a second of the monotonic clock; the first after EVERY_S."""
        if self._since_s is None:
            self._since_s = now_s
        last_s = self._samples[-1].at_s if self._samples else self._since_s
        if now_s - last_s >= EVERY_S:
            while self._samples and self._samples[0].at_s <= now_s - KEPT_S:
                self._samples.popleft()
            self._samples.append(sampled(picture(), now_s))
            over_s = now_s - max(self._since_s, self._samples[0].at_s - EVERY_S)
            self._load = peak(self._samples, over_s)

    def load(self, snapshot: Snapshot) -> Load:
        """The peaks so far, with the rates of the snapshot as those of now."""
        return replace(
            self._load,
            requests_s=total(pool.requests_s for server in snapshot.app_servers for pool in server.pools),
            errors_s=total(pool.errors_s for server in snapshot.app_servers for pool in server.pools),
        )


def sampled(snapshot: Snapshot, at_s: float) -> Sample:
    """What of a snapshot is kept."""
    pools = [pool for server in snapshot.app_servers for pool in server.pools if pool.known]
    latencies = [s.latency_ms for s in snapshot.app_servers if s.latency_ms is not None]
    lags = [m.lag_s for m in snapshot.replica_set.members if m.up and m.lag_s is not None]
    return Sample(
        at_s=at_s,
        requests_s=total(pool.requests_s for pool in pools),
        errors_s=total(pool.errors_s for pool in pools),
        sessions=all_sessions(pools),
        latency_ms=median(latencies) if latencies else None,
        lag_s=max(lags, default=None),
        term=snapshot.replica_set.term,
        servers=tuple(_server(server) for server in snapshot.app_servers if server.pools),
    )


def peak(samples: Iterable[Sample], over_s: float) -> Load:
    """The highest of each number over the samples."""
    kept = list(samples)
    servers: dict[str, list[ServerSample]] = {}
    for sample in kept:
        for one in sample.servers:
            servers.setdefault(one.server, []).append(one)
    return Load(
        over_s=over_s,
        peak_requests_s=max((s.requests_s for s in kept if s.requests_s is not None), default=None),
        peak_sessions=max((s.sessions for s in kept if s.sessions is not None), default=None),
        servers=tuple(
            ServerLoad(
                server=name,
                peak_requests_s=max((o.requests_s for o in ones if o.requests_s is not None), default=None),
                peak_sessions=max((o.sessions for o in ones if o.sessions is not None), default=None),
            )
            for name, ones in servers.items()
        ),
    )


def total(rates: Iterable[float | None]) -> float | None:
    """The sum of those that are known; None when none is."""
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None


def _server(server: AppServer) -> ServerSample:
    known = [pool for pool in server.pools if pool.known]
    return ServerSample(
        server=server.name,
        requests_s=total(pool.requests_s for pool in known),
        sessions=all_sessions(known),
    )
