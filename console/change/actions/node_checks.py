"""What must hold before a node is taken out of its work and turned."""

from collections.abc import Mapping

from console.change.action import Value
from console.change.actions import pool, step_down
from console.change.actions.node import Work, find, hand_over
from console.change.plan import Check, Plan
from console.cluster.absence import others, wanting
from console.cluster.finding import listed
from console.cluster.fresh import FRESH_S, fresh, seen
from console.cluster.snapshot import Health, Member, MemberState, Node, ServiceState, Snapshot
from console.cluster.whatif import oplog_covers, standing, without_member


def checks(snapshot: Snapshot, work: Work, parameters: Mapping[str, Value]) -> tuple[Check, ...]:
    """The service can be turned, and the cluster can do without the node meanwhile."""
    found = [_service_check(work.node)]
    if work.server:
        found += [*pool.balancer_checks(snapshot, work.server), pool.capacity_check(snapshot, work.server)]
    if work.member:
        found += _member_checks(snapshot, work.member, float(parameters["absence"]))
    if work.leads:
        found += step_down.plan(snapshot, work.node.name, hand_over()).checks
    return tuple(found)


def still(snapshot: Snapshot, plan: Plan) -> tuple[Check, ...]:
    """What must hold to go on where an interrupted run ended; a stop that is yet to come looks again for itself."""
    work = find(snapshot, plan.target)
    found = [_service_check(work.node, (ServiceState.RUNNING, ServiceState.STOPPED))]
    if work.server:
        found += [*pool.balancer_checks(snapshot, work.server), pool.capacity_check(snapshot, work.server)]
    if work.leads:
        found += step_down.plan(snapshot, work.node.name, hand_over()).checks
    return tuple(found)


def _service_check(node: Node, states: tuple[ServiceState, ...] = (ServiceState.RUNNING,)) -> Check:
    because = f": {node.service_reason}" if node.service_reason else ""
    return Check(
        says=f"the service of {node.name} can be started and stopped",
        ok=node.has_service and node.service in states,
        value=f"{node.service}{because}" if node.has_service else "not told",
        limit=" or ".join(states) if node.has_service else "`service` in its [[nodes]] table",
    )


def _member_checks(snapshot: Snapshot, member: Member, absence_s: float) -> list[Check]:
    voters, behind = others(snapshot, member.name), wanting(snapshot, member.name)
    left = standing(without_member(snapshot, member.name))
    covers = oplog_covers(snapshot, member.name, absence_s)
    return [
        Check(
            says=f"{member.name} is a member that can be stopped cleanly",
            ok=(
                member.health is Health.UP
                and fresh(member.age_s)
                and member.state in (MemberState.PRIMARY, MemberState.SECONDARY)
            ),
            value=f"{member.state}, {member.health}, {seen(member.age_s)}",
            limit=f"PRIMARY or SECONDARY, up, seen within {FRESH_S:g} s",
        ),
        Check(
            says="every other voting member is up and caught up",
            ok=not behind and bool(voters),
            value=f"not so: {listed(behind)}" if behind else f"{len(voters)} of {len(voters)}",
            limit=f"all of them, seen within {FRESH_S:g} s",
        ),
        Check(
            says=f"writes go on without {member.name}",
            ok=left.writes_stand,
            value=f"{left.votes_up} votes, {left.copies_up} copies, {left.electable} electable",
            limit=f"{left.majority} votes, {left.write_majority} copies, 1 electable",
        ),
        Check(
            says="the oplog of another reaches back far enough for its absence",
            ok=covers.ok,
            value=covers.value,
            limit=covers.limit,
        ),
    ]
