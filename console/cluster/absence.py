"""Whether the replica set can do without one of its members for a while."""

from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.fresh import fresh
from console.cluster.snapshot import Member, Snapshot


def others(snapshot: Snapshot, name: str) -> list[Member]:
    """Every other voting member."""
    return [m for m in snapshot.replica_set.members if name not in (m.name, m.address) and m.voting]


def wanting(snapshot: Snapshot, name: str) -> list[str]:
    """Those of them that are not up, not seen lately, or lack the newest writes."""
    return [member.name for member in others(snapshot, name) if not _keeps_up(member)]


def _keeps_up(member: Member) -> bool:
    """Its vote counts now, and its copy has the newest writes; whether it can be Primary is another matter."""
    near = member.arbiter or member.writable or (member.lag_s is not None and member.lag_s <= LAG_LIMIT_S)
    return member.up and fresh(member.age_s) and near
