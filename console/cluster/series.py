"""What the samples of the last minutes tell of one server, balancer, member or node: one series a measurement."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from console.cluster.history import Sample

KINDS = {"app": "application server", "balancer": "balancer", "replica_set": "member", "node": "node"}
"""What one thing of each tier is called."""
Point = tuple[float, float | None]
"""(second of the monotonic clock, value); None is what was not known then, and never 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One measurement over time."""

    title: str
    unit: str
    """Empty for a plain number."""
    points: tuple[Point, ...]
    """The oldest first."""
    most: float | None = None
    """The most that it can be, where there is such."""

    @property
    def known(self) -> tuple[float, ...]:
        """Every value that is known, the oldest first."""
        return tuple(value for _, value in self.points if value is not None)


@dataclass(frozen=True, slots=True)
class _Measure:
    title: str
    unit: str
    value: Callable[[Any], float | None]
    most: float | None = None


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 3600


MEASURES: dict[str, tuple[_Measure, ...]] = {
    "app": (
        _Measure("sessions", "", lambda one: one.sessions),
        _Measure("requests", "/s", lambda one: one.requests_s),
        _Measure("latency of its health answer", "ms", lambda one: one.latency_ms),
        _Measure("errors", "/s", lambda one: one.errors_s),
    ),
    "balancer": (
        _Measure("sessions", "", lambda one: one.sessions),
        _Measure("requests", "/s", lambda one: one.requests_s),
    ),
    "replica_set": (
        _Measure("lag behind the Primary", "s", lambda one: one.lag_s),
        _Measure("ping", "ms", lambda one: one.ping_ms),
        _Measure("oplog window", "h", lambda one: _hours(one.oplog_window_s)),
    ),
    "node": (
        _Measure("load over 1 min", "", lambda one: one.load1),
        _Measure("memory in use", "%", lambda one: one.memory_percent, 100.0),
        _Measure("disk in use", "%", lambda one: one.disk_percent, 100.0),
    ),
}
"""By tier."""


def series(samples: Sequence[Sample], tier: str, name: str) -> tuple[Series, ...]:
    """Every measurement of one thing; a moment at which it was not there is one that nothing is known of."""
    found = [(sample.at_s, _own(sample, tier, name)) for sample in samples]
    return tuple(
        Series(
            title=measure.title,
            unit=measure.unit,
            points=tuple((at_s, None if one is None else measure.value(one)) for at_s, one in found),
            most=measure.most,
        )
        for measure in MEASURES.get(tier, ())
    )


def _own(sample: Sample, tier: str, name: str) -> Any:
    match tier:
        case "app":
            return _named(((one.server, one) for one in sample.servers), name)
        case "balancer":
            return _named(((one.balancer, one) for one in sample.balancers), name)
        case "replica_set":
            return _named(((one.member, one) for one in sample.members), name)
        case "node":
            return _named(((one.node, one) for one in sample.nodes), name)
    return None


def _named(named: Iterable[tuple[str, Any]], name: str) -> Any:
    return next((one for found, one in named if found == name), None)
