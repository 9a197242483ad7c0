"""What must hold before a member of the replica set may be away for some minutes."""

from console.change.actions import members
from console.change.plan import Check
from console.cluster.absence import others, wanting
from console.cluster.fresh import fresh, seen
from console.cluster.snapshot import Health, Member, MemberState, Snapshot
from console.cluster.whatif import oplog_covers, standing, without_member


def checks(snapshot: Snapshot, member: Member, absence_s: float) -> list[Check]:
    """The others are well, carry the writes meanwhile, and let it catch up afterwards."""
    voters, behind = others(snapshot, member.name), wanting(snapshot, member.name)
    left = standing(without_member(snapshot, member.name))
    covers = oplog_covers(snapshot, member.name, absence_s)
    return [
        members.primary_check(snapshot.replica_set),
        Check(
            says=f"{member.name} is a member that can be stopped cleanly",
            ok=(
                member.health is Health.UP
                and fresh(member.age_s)
                and member.state in (MemberState.PRIMARY, MemberState.SECONDARY)
            ),
            value=f"{member.state}, {member.health}" + ("" if fresh(member.age_s) else f", {seen(member.age_s)}"),
            limit="PRIMARY or SECONDARY, up",
        ),
        Check(
            says="every other voting member is up and caught up",
            ok=not behind and bool(voters),
            value=", ".join(behind) if behind else f"{len(voters)} of {len(voters)}",
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
