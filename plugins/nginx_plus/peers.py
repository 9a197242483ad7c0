"""A server of an upstream: as the API says that it is set, and as it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.cluster.snapshot import Admin, Health, PoolMember

OWN = frozenset({"id", "server", "weight", "down", "drain", "backup", "service", "parent", "host"})
"""Of a server's settings: its own, or such that cannot be given to another."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One server: as it is set, and as it does."""

    conf: Mapping[str, Any]
    seen: Mapping[str, Any]

    @property
    def address(self) -> str:
        """host:port."""
        return str(self.conf["server"])

    @property
    def admin(self) -> Admin:
        """What was asked of it."""
        if self.conf.get("down"):
            return Admin.MAINT
        return Admin.DRAIN if self.conf.get("drain") or self.seen.get("state") == "draining" else Admin.READY

    @property
    def checked(self) -> bool:
        """Its upstream has active health checks."""
        return bool(self.seen.get("health_checks", {}).get("checks")) or self.seen.get("state") == "checking"

    @property
    def check(self) -> Health:
        """What the last active check found, or that requests failed."""
        if self.seen.get("state") in ("unhealthy", "unavail"):
            return Health.DOWN
        passed = self.seen.get("health_checks", {}).get("last_passed") if self.checked else None
        if self.admin is Admin.MAINT or passed is None:
            return Health.UNKNOWN
        return Health.UP if passed else Health.DOWN

    @property
    def options(self) -> str:
        """Its other settings, as words."""
        return " ".join(f"{key}={value}" for key, value in self.conf.items() if key not in OWN and value not in ("", 0))


def pool_member(balancer: str, upstream: str, name: str, peer: Peer, *, lasts: bool) -> PoolMember:
    """One server in the console's words."""
    seen = peer.seen
    return PoolMember(
        balancer=balancer,
        backend=upstream,
        server=name,
        admin=peer.admin,
        check=peer.check,
        check_says=str(seen.get("state", "")),
        weight=int(peer.conf.get("weight", 1)),
        sessions=int(seen["active"]) if "active" in seen else None,
        queue=0,
        address=peer.address,
        checked=peer.checked,
        limit=int(peer.conf.get("max_conns") or 0) or None,
        errors=int(seen.get("fails", 0)) + int(seen.get("responses", {}).get("5xx", 0)),
        requests=int(seen.get("requests", 0)),
        dynamic=False if lasts else None,
        options=peer.options,
        backup=bool(peer.conf.get("backup")),
    )
