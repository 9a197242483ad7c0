"""Whom a stage is for, and what a parameter may name: found in the snapshot at the moment when it matters."""

from collections.abc import Callable, Mapping

from console.cluster.snapshot import MemberState, Snapshot


def _primary(snapshot: Snapshot) -> tuple[str, ...]:
    primary = snapshot.replica_set.primary
    return (primary.name,) if primary else ()


def _secondaries(snapshot: Snapshot) -> tuple[str, ...]:
    members = snapshot.replica_set.members
    return tuple(member.name for member in members if member.state is MemberState.SECONDARY)


def _servers(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(server.name for server in snapshot.app_servers if server.pools)


def _spare_servers(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(server.name for server in snapshot.spare_servers)


def _spare_members(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(member.name for member in snapshot.spare_members)


Names = Callable[[Snapshot], tuple[str, ...]]

SELECTORS: Mapping[str, Names] = {
    "primary": _primary,
    "each secondary": _secondaries,
    "each member": lambda snapshot: (*_secondaries(snapshot), *_primary(snapshot)),
    "each app server": _servers,
    "each spare app server": _spare_servers,
    "each spare member": _spare_members,
}
"""Secondaries first, the Primary last."""

NAMED: Mapping[str, Names] = {
    "app server": _servers,
    "spare app server": _spare_servers,
    "member": lambda snapshot: tuple(m.name for m in snapshot.replica_set.members if m.configured),
    "secondary": _secondaries,
    "spare member": _spare_members,
    "balancer": lambda snapshot: tuple(balancer.name for balancer in snapshot.balancers),
}
"""By the type of a parameter: what it may name."""
