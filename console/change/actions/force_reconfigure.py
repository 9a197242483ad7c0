"""force-reconfigure: after a lost majority, go on with the members that are left. Data may be lost."""

from collections.abc import Mapping

from console.change.action import Action, Value
from console.change.actions import members
from console.change.ops import ForceReconfigure
from console.change.plan import Check, Plan, Step
from console.change.proofs import ConfigurationIs
from console.cluster.configuration import Lines
from console.cluster.diagnoses.replica_set import seen_up_by
from console.cluster.finding import listed
from console.cluster.fresh import FRESH_S, fresh, seen
from console.cluster.snapshot import Health, Member, MemberState, Snapshot
from console.cluster.whatif import Grade, Impact, impact, member_removed

ELECTED_S = 60.0
"""How long the members that are left may take to elect: an election timeout, and a second try."""


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """One forced reconfiguration on the target, which keeps every member that answers. There is no way back."""
    survivor, before = members.find(snapshot, target), members.lines(snapshot)
    lost = [m for m in snapshot.replica_set.members if m.configured and not _answers(m)]
    gone = {member.address for member in lost}
    after = tuple(line for line in before if line.address not in gone)
    return Plan(
        action="force-reconfigure",
        target=target,
        parameters=parameters,
        title=f"Force {snapshot.replica_set.name} to go on with {listed(_kept(snapshot, gone))} only",
        cluster=snapshot.cluster,
        checks=(
            _survivor_check(survivor),
            members.operator_check(snapshot.replica_set),
            *_lost_checks(snapshot, lost),
            _able_check(snapshot, after),
        ),
        steps=(_step(survivor, lost, before, after),),
        impact=_impact(snapshot, lost),
        fingerprint=(
            *members.fingerprint(snapshot),
            *((f"{m.name} answers", "yes" if _answers(m) else "no") for m in snapshot.replica_set.members),
        ),
        notes=_notes(lost),
    )


def _step(survivor: Member, lost: list[Member], before: Lines, after: Lines) -> Step:
    names = listed(member.name for member in lost)
    return Step(
        does=f"force {survivor.name} to a configuration without {names}",
        op=ForceReconfigure(survivor.address, before, after),
        proof=ConfigurationIs(f"there is a Primary, and {names} are in no reachable configuration", after, led=True),
        undo_says="nothing brings the lost members back but wiping and adding them again",
        patience_s=ELECTED_S,
    )


def _answers(member: Member) -> bool:
    return member.health is Health.UP and fresh(member.age_s)


def _kept(snapshot: Snapshot, gone: set[str]) -> list[str]:
    return [m.name for m in snapshot.replica_set.members if m.configured and m.address not in gone]


def _survivor_check(survivor: Member) -> Check:
    states = (MemberState.SECONDARY,)
    found = members.answers_check(survivor, states)
    return Check(
        says=f"{survivor.name} answers, holds the data and is left",
        ok=found.ok and survivor.data_bearing,
        value=found.value,
        limit=found.limit,
    )


def _lost_checks(snapshot: Snapshot, lost: list[Member]) -> tuple[Check, ...]:
    replica_set = snapshot.replica_set
    votes = sum(m.voting and _answers(m) for m in replica_set.members)
    writable = [m.name for m in replica_set.members if m.writable]
    # Whoever was not asked lately is no loss: it might answer.
    unasked = [m.name for m in lost if not fresh(m.age_s)]
    elsewhere = {m.name: listed(peers) for m in lost if (peers := seen_up_by(snapshot, m))}
    return (
        Check(
            says="the majority is lost",
            ok=votes < replica_set.majority and bool(lost),
            value=f"{votes} of {replica_set.votes} votes answer, {replica_set.majority} are needed",
            limit=f"fewer than {replica_set.majority}: with a majority nothing has to be forced",
        ),
        Check(says="nobody is Primary", ok=not writable, value=listed(writable), limit="none"),
        Check(
            says="every lost member was asked lately and did not answer",
            ok=not unasked,
            value="; ".join(f"{m.name}: {m.reason or m.health}, {seen(m.age_s)}" for m in lost) or "none is lost",
            limit=f"asked within {FRESH_S:g} s",
        ),
        Check(
            says="no member that answers sees a lost one",
            ok=not elsewhere,
            value="; ".join(f"{name} is seen by {peers}" for name, peers in elsewhere.items()) or "none does",
            limit="none: it would be this console that is cut off",
        ),
        Check(
            says="every lost member is known to be dead",
            ok=all(m.health is Health.DOWN for m in lost),
            value=listed(m.name for m in lost if m.health is not Health.DOWN) + " may be alive elsewhere",
            limit="refuses connections; else make sure by hand that it is off",
            warns=True,
        ),
    )


def _able_check(snapshot: Snapshot, after: Lines) -> Check:
    able = [line.address for line in after if line.votes and line.priority > 0 and not line.arbiter]
    return Check(
        says="one that is left can become Primary",
        ok=bool(able),
        value=listed(able),
        limit="a vote and a priority above 0",
    )


def _impact(snapshot: Snapshot, lost: list[Member]) -> Impact:
    then = snapshot
    for member in lost:
        then = member_removed(then, member.name)
    weighed = impact(snapshot, then, tier="replica_set")
    names = listed(member.name for member in lost)
    return Impact(
        grade=Grade.UNSAFE,
        says=f"what only {names} had is lost, majority writes among it; {weighed.says}",
        before=weighed.before,
        after=weighed.after,
        after_one_more=weighed.after_one_more,
        weighed=weighed.weighed,
    )


def _notes(lost: list[Member]) -> tuple[str, ...]:
    names = listed(member.name for member in lost)
    return (
        f"Writes that were acknowledged, by a majority too, and had reached only {names} are lost for this set: they "
        "are rolled back, not merged.",
        f"If {names} are alive where this console does not see them, they may have a Primary of their own, and two "
        "sets would take writes. Make sure that they are off.",
        f"{names} must not simply be started again: empty each data directory, then add-secondary.",
    )


def _targets(snapshot: Snapshot) -> tuple[str, ...]:
    """Nobody while a majority answers."""
    replica_set = snapshot.replica_set
    if replica_set.primary or sum(m.voting and _answers(m) for m in replica_set.members) >= replica_set.majority:
        return ()
    return tuple(m.name for m in replica_set.members if m.configured and _answers(m) and m.data_bearing)


ACTION = Action(
    name="force-reconfigure",
    does="After a lost majority, go on with the members that are left; data may be lost",
    tier="replica_set",
    plan=plan,
    targets=_targets,
    repairs=True,
)
