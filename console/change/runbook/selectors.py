"""Whom a stage is for: names found in the snapshot at the moment when the stage is reached."""

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


SELECTORS: Mapping[str, Callable[[Snapshot], tuple[str, ...]]] = {
    "primary": _primary,
    "each secondary": _secondaries,
    "each member": lambda snapshot: (*_secondaries(snapshot), *_primary(snapshot)),
    "each app server": _servers,
    "each spare app server": lambda snapshot: tuple(server.name for server in snapshot.spare_servers),
    "each spare member": lambda snapshot: tuple(member.name for member in snapshot.spare_members),
}
"""Secondaries first, the Primary last."""
