"""What must hold before a member of the replica set may be away for some minutes."""

from console.change.actions import members
from console.change.plan import Check
from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.fresh import fresh
from console.cluster.snapshot import Health, Member, MemberState, Snapshot
from console.cluster.whatif import oplog_covers, standing, without_member


def checks(snapshot: Snapshot, member: Member, absence_s: float) -> list[Check]:
    """The others are well, carry the writes meanwhile, and let it catch up afterwards."""
    others = [m for m in snapshot.replica_set.members if m is not member and m.voting]
    behind = [m.name for m in others if not _keeps_up(m)]
    left = standing(without_member(snapshot, member.name))
    covers = oplog_covers(snapshot, member.name, absence_s)
    return [
        members.primary_check(snapshot.replica_set),
        Check(
            says=f"{member.name} is a member that can be stopped cleanly",
            ok=member.health is Health.UP and member.state in (MemberState.PRIMARY, MemberState.SECONDARY),
            value=f"{member.state}, {member.health}",
            limit="PRIMARY or SECONDARY, up",
        ),
        Check(
            says="every other voting member is up and caught up",
            ok=not behind and bool(others),
            value=", ".join(behind) if behind else f"{len(others)} of {len(others)}",
            limit="all of them",
        ),
        Check(
            says=f"writes go on without {member.name}",
            ok=left.writes_stand,
            value=f"{left.votes_up} votes, {left.copies_up} copies, {left.electable} electable",
            limit=f"{left.majority} votes, {left.write_majority} copies, 1 electable",
        ),
        Check(
            says="the oplog of the others reaches back twice as far as it may be away",
            ok=covers.ok,
            value=covers.value,
            limit=covers.limit,
        ),
    ]


def _keeps_up(member: Member) -> bool:
    """Its vote counts now, and its copy has the newest writes; whether it can be Primary is another matter."""
    near = member.arbiter or member.writable or (member.lag_s is not None and member.lag_s <= LAG_LIMIT_S)
    return member.up and fresh(member.age_s) and near
