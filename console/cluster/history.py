"""The last minutes in a few numbers every few seconds: what a change is weighed against, and compared with after it."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from statistics import median

from console.cluster.snapshot import (
    AppServer,
    Balancer,
    Health,
    Load,
    Member,
    Node,
    PoolMember,
    ServerLoad,
    Snapshot,
    all_sessions,
)

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
    errors_s: float | None = None
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerSample:
    """One balancer at one moment, over all its servers."""

    balancer: str
    requests_s: float | None
    sessions: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSample:
    """One member at one moment."""

    member: str
    lag_s: float | None
    ping_ms: float | None
    oplog_window_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSample:
    """One host at one moment."""

    node: str
    load1: float | None
    memory_percent: float | None
    disk_percent: float | None


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
    balancers: tuple[BalancerSample, ...] = ()
    members: tuple[MemberSample, ...] = ()
    nodes: tuple[NodeSample, ...] = ()


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
        balancers=tuple(_balancer(balancer, pools) for balancer in snapshot.balancers),
        members=tuple(_member(member) for member in snapshot.replica_set.members),
        nodes=tuple(_node(node) for node in snapshot.nodes if node.shell),
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
        sessions=all_sessions(known) if known else None,
        errors_s=total(pool.errors_s for pool in known),
        latency_ms=server.latency_ms,
    )


def _balancer(balancer: Balancer, known: Iterable[PoolMember]) -> BalancerSample:
    own = [pool for pool in known if pool.balancer == balancer.name]
    return BalancerSample(
        balancer=balancer.name,
        requests_s=total(pool.requests_s for pool in own),
        sessions=all_sessions(own) if own else None,
    )


def _member(member: Member) -> MemberSample:
    """Of one that does not answer nothing is known now, whatever it said last."""
    up = member.health is Health.UP
    return MemberSample(
        member=member.name,
        lag_s=member.lag_s if up else None,
        ping_ms=member.ping_ms if up else None,
        oplog_window_s=member.oplog_window_s if up else None,
    )


def _node(node: Node) -> NodeSample:
    up = node.health is Health.UP
    return NodeSample(
        node=node.name,
        load1=node.load1 if up else None,
        memory_percent=_percent(node.memory_used_bytes, node.memory_bytes) if up else None,
        disk_percent=_percent(node.disk_used_bytes, node.disk_bytes) if up else None,
    )


def _percent(used_bytes: int | None, there_bytes: int | None) -> float | None:
    return 100 * used_bytes / there_bytes if used_bytes is not None and there_bytes else None
