"""Whether the replica set can do without one of its members for a while."""

from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.fresh import fresh
from console.cluster.snapshot import Member, MemberState, Snapshot

COUNTED = (MemberState.PRIMARY, MemberState.SECONDARY, MemberState.ARBITER)


def wanting(snapshot: Snapshot, name: str) -> list[str]:
    """The other voting members that are not up, not seen lately, or further behind than they are meant to be."""
    return [m.name for m in others(snapshot, name) if not _current(m)]


def others(snapshot: Snapshot, name: str) -> list[Member]:
    """Every other voting member."""
    return [m for m in snapshot.replica_set.members if name not in (m.name, m.address) and m.voting]


def _current(member: Member) -> bool:
    behind_s = 0.0 if member.arbiter or member.writable else member.lag_s
    near = behind_s is not None and behind_s <= LAG_LIMIT_S + member.delay_s
    return member.up and member.state in COUNTED and near and fresh(member.age_s)
