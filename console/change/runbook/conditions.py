"""What a stage may check or wait for: each a pure function of a snapshot, with the measured value and the limit."""

from collections.abc import Callable, Mapping

from console.change.plan import Check
from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.fresh import FRESH_S, fresh
from console.cluster.snapshot import Health, MemberState, Severity, Snapshot
from console.cluster.standing import quorum, serving

Condition = Callable[[Snapshot], Check]


def _all_servers_serve(snapshot: Snapshot) -> Check:
    servers = [server for server in snapshot.app_servers if server.pools]
    well = [server for server in servers if server.serving and fresh(server.age_s)]
    wrong = ", ".join(server.name for server in servers if server not in well)
    return Check(
        says="every application server serves",
        ok=bool(servers) and len(well) == len(servers),
        value=f"{len(well)} of {len(servers)}" + (f", not {wrong}" if wrong else ""),
        limit=f"all, seen within {FRESH_S:g} s",
    )


def _all_members_replicate(snapshot: Snapshot) -> Check:
    members = [member for member in snapshot.replica_set.members if member.configured]
    well = [
        member
        for member in members
        if member.health is Health.UP
        and member.state in (MemberState.PRIMARY, MemberState.SECONDARY)
        and (member.writable or (member.lag_s is not None and member.lag_s <= LAG_LIMIT_S))
    ]
    wrong = ", ".join(f"{member.name} {member.state}" for member in members if member not in well)
    return Check(
        says="every member of the set is Primary or a secondary that has caught up",
        ok=bool(members) and len(well) == len(members),
        value=f"{len(well)} of {len(members)}" + (f", not {wrong}" if wrong else ""),
        limit="all",
    )


def _one_primary(snapshot: Snapshot) -> Check:
    leading = [member.name for member in snapshot.replica_set.members if member.writable]
    return Check(
        says="there is one Primary", ok=len(leading) == 1, value=", ".join(leading) or "none", limit="exactly one"
    )


def _no_primary(snapshot: Snapshot) -> Check:
    found = _one_primary(snapshot)
    return Check(
        says="the set has no Primary", ok=not found.ok and found.value == "none", value=found.value, limit="none"
    )


def _a_member_can_be_lost(snapshot: Snapshot) -> Check:
    left = quorum(snapshot.replica_set).members
    return Check(says="a member may be lost", ok=left >= 1, value=str(left), limit="at least 1")


def _a_server_can_be_lost(snapshot: Snapshot) -> Check:
    left = max(0, serving(snapshot) - 1)
    return Check(says="an application server may be lost", ok=left >= 1, value=str(left), limit="at least 1")


def _nothing_critical(snapshot: Snapshot) -> Check:
    found = [finding for finding in snapshot.findings if finding.severity is Severity.CRITICAL]
    value = "; ".join(finding.says for finding in found) or "none"
    return Check(says="no critical finding stands", ok=not found, value=value, limit="none")


def _all_balancers_answer(snapshot: Snapshot) -> Check:
    wrong = [b.name for b in snapshot.balancers if b.health is not Health.UP or not fresh(b.age_s)]
    return Check(
        says="every balancer answers",
        ok=bool(snapshot.balancers) and not wrong,
        value=f"not {', '.join(wrong)}" if wrong else f"all {len(snapshot.balancers)}",
        limit=f"all, seen within {FRESH_S:g} s",
    )


CONDITIONS: Mapping[str, Condition] = {
    "every app server serves": _all_servers_serve,
    "every member replicates": _all_members_replicate,
    "one primary": _one_primary,
    "no primary": _no_primary,
    "a member may be lost": _a_member_can_be_lost,
    "an app server may be lost": _a_server_can_be_lost,
    "nothing critical": _nothing_critical,
    "every balancer answers": _all_balancers_answer,
}
"""By the name that a stage gives."""
