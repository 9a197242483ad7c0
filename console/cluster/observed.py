"""One observation, and what its age makes of it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from console.cluster.layout import Layout, NodeLine
from console.cluster.snapshot import Health
from console.cluster.views import View

V = TypeVar("V", bound=View, covariant=True)


@dataclass(frozen=True, slots=True)
class Observed(Generic[V]):
    """A view, and the second of the monotonic clock that it was seen at."""

    view: V
    at_s: float

    def age_s(self, now_s: float) -> float:
        """Seconds since then; never negative."""
        return max(0.0, now_s - self.at_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What may be claimed of something's health after its age is counted."""

    health: Health
    reason: str
    age_s: float | None


def known(observed: Observed[View] | None, health: Health, reason: str, now_s: float, stale_after_s: float) -> Known:
    """The health that was seen while it is fresh; UNKNOWN with the reason when it is old or was never seen."""
    if observed is None:
        return Known(health=Health.UNKNOWN, reason="not looked at yet", age_s=None)
    age_s = observed.age_s(now_s)
    if age_s > stale_after_s:
        return Known(health=Health.UNKNOWN, reason=f"last seen {age_s:.0f} s ago", age_s=age_s)
    return Known(health=health, reason=reason, age_s=age_s)


def node_at(layout: Layout, address: str, role: str) -> NodeLine | None:
    """The one node of a role that an address (host or host:port) belongs to; None when none or several might be."""
    host, port = split(address)
    found = [node for node in layout.role(role) if _is_at(node, host, port)]
    return found[0] if len(found) == 1 else None


def split(address: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port` or `[ipv6]:port`."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return address.strip("[]"), None


def _is_at(node: NodeLine, host: str, port: int | None) -> bool:
    node_host, node_port = split(node.address)
    node_port = node.port or node_port
    return host in (node_host, node.name) and (port is None or node_port is None or port == node_port)
