"""set-priority: who is preferred as Primary."""

from collections.abc import Mapping

from console.change.action import Action, Parameter, Value
from console.change.actions import members
from console.change.plan import Check, Plan
from console.cluster.candidates import caught_up
from console.cluster.snapshot import Member, Snapshot
from console.cluster.whatif import impact, with_priority

PARAMETERS = (
    Parameter(
        name="priority",
        kind=float,
        default=1.0,
        says="0: never Primary; the highest of those that have caught up is preferred",
        least=0,
        most=1000,
    ),
)


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """One reconfiguration, undone by the previous value."""
    member, wanted = members.find(snapshot, target), float(parameters["priority"])
    before = members.lines(snapshot)
    after = members.with_values(before, member.address, priority=wanted)
    step = members.reconfigured(
        f"give {member.name} priority {wanted:g} (now {member.priority:g})",
        f"{member.name} has priority {wanted:g}",
        before,
        after,
        term=snapshot.replica_set.term,
    )
    return Plan(
        action="set-priority",
        target=target,
        parameters=parameters,
        title=f"Set the priority of {member.name} to {wanted:g}",
        cluster=snapshot.cluster,
        checks=(*members.changing_checks(snapshot.replica_set), *_checks(snapshot, member, wanted)),
        steps=() if member.priority == wanted else (step,),
        impact=impact(snapshot, with_priority(snapshot, member.name, wanted), tier="replica_set"),
        fingerprint=members.fingerprint(snapshot),
        notes=_notes(snapshot, member, wanted),
    )


def _checks(snapshot: Snapshot, member: Member, wanted: float) -> tuple[Check, ...]:
    leads = member is snapshot.replica_set.primary
    kinds = (("has no vote", not member.votes), ("is hidden", member.hidden), ("is an arbiter", member.arbiter))
    bound = [kind for kind, is_so in (*kinds, ("is delayed", member.delay_s > 0)) if is_so]
    return (
        Check(
            says=f"{member.name} may have this priority",
            ok=wanted == 0 or not bound,
            value=f"it {' and '.join(bound)}" if bound else "a full member with a vote",
            limit="a full member with a vote; any other has priority 0",
        ),
        Check(
            says="the Primary keeps a priority above 0",
            ok=not (leads and wanted == 0),
            value=f"{member.name} is {'the' if leads else 'not the'} Primary, and would have {wanted:g}",
            limit=f"above 0 for the Primary: run step-down {member.name} first" if leads else "above 0 for the Primary",
        ),
    )


def _notes(snapshot: Snapshot, member: Member, wanted: float) -> tuple[str, ...]:
    """Whether an election follows, and who wins it."""
    primary = snapshot.replica_set.primary
    if primary is None:
        return ()
    priorities = {m.name: wanted if m is member else m.priority for m in snapshot.replica_set.members if caught_up(m)}
    best = max(priorities, key=lambda name: (priorities[name], name == primary.name), default=primary.name)
    if best == primary.name:
        return ()
    return (
        f"{best} will then have a higher priority than the Primary, {primary.name}: it takes the role over by an "
        f"election of its own, {snapshot.replica_set.election_timeout_s:g} s or more after the change; writes wait "
        "meanwhile.",
    )


ACTION = Action(
    name="set-priority",
    does="Set how much a member is preferred as Primary",
    tier="replica_set",
    plan=plan,
    parameters=PARAMETERS,
    targets=members.names,
)
