"""What the cluster file says should be there: the frame that observations are merged into."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLine:
    """One node of the cluster file."""

    name: str
    address: str
    domain: str = ""
    roles: tuple[str, ...] = ()
    port: int | None = None
    """Of its service, where several nodes share one address."""
    shell: bool = True
    """The cluster file gives a way to its shell."""
    service: bool = False
    """The cluster file says how its service is started and stopped."""
    size: bool = False
    """The cluster file says how its size is read and changed."""
    spare: bool = False
    """Prepared and not in use yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerLine:
    """One balancer of the cluster file."""

    name: str
    plugin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The cluster as it is configured, without a way to reach it."""

    cluster: str
    environment: str = ""
    nodes: tuple[NodeLine, ...] = ()
    balancers: tuple[BalancerLine, ...] = ()
    stale_after_s: float = 10.0
    """Older than this, nothing counts as known."""

    def role(self, role: str) -> tuple[NodeLine, ...]:
        """The nodes that have the role `app`, `balancer` or `member`."""
        return tuple(node for node in self.nodes if role in node.roles)
