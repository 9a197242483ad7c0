"""Requests and errors a second, out of the counters of successive looks at each balancer."""

from collections import deque
from dataclasses import dataclass, field, replace

from console.cluster.snapshot import Health, PoolMember
from console.cluster.views import BalancerView

WINDOW_S = 5.0
"""A rate is the mean over about so long."""
LEAST_S = 1.0
"""Two looks nearer to each other than this make no rate: one request more or less would sway it."""

Place = tuple[str, str]
"""(backend, server)."""


@dataclass(frozen=True, slots=True)
class _Look:
    at_s: float
    process_id: int | None
    counters: dict[Place, tuple[int, int]]
    """Requests and errors since the balancer started."""

    def follows(self, before: "_Look") -> bool:
        """The counters went on: the process is the same, and none of them has fallen."""
        if None not in (self.process_id, before.process_id) and self.process_id != before.process_id:
            return False
        return all(
            now[0] >= was[0] and now[1] >= was[1]
            for place, was in before.counters.items()
            if (now := self.counters.get(place)) is not None
        )


@dataclass(slots=True)
class Rates:
    """The last looks at each balancer, a few seconds of them."""

    _looks: dict[str, deque[_Look]] = field(default_factory=dict)

    def rated(self, view: BalancerView, at_s: float) -> BalancerView:
        """The same view with rates; they are None until two looks at one process were had, LEAST_S apart."""
        looks = self._looks.setdefault(view.balancer, deque())
        if view.health is not Health.UP:
            looks.clear()
            return view
        counters = {
            _place(p): (p.requests, p.errors) for p in view.servers if p.requests is not None and p.errors is not None
        }
        look = _Look(at_s, view.process_id, counters)
        if looks and not look.follows(looks[-1]):
            looks.clear()
        looks.append(look)
        while len(looks) > 2 and looks[1].at_s <= at_s - WINDOW_S:
            looks.popleft()
        return replace(view, servers=tuple(_rated(entry, looks) for entry in view.servers))


def _rated(entry: PoolMember, looks: deque[_Look]) -> PoolMember:
    """Against the oldest look that knows this place."""
    place, newest = _place(entry), looks[-1]
    oldest = next((look for look in looks if place in look.counters), newest)
    over_s = newest.at_s - oldest.at_s
    if over_s < LEAST_S or place not in newest.counters:
        return replace(entry, requests_s=None, errors_s=None)
    (requests, errors), (requests_before, errors_before) = newest.counters[place], oldest.counters[place]
    return replace(entry, requests_s=(requests - requests_before) / over_s, errors_s=(errors - errors_before) / over_s)


def _place(entry: PoolMember) -> Place:
    return entry.backend, entry.server
