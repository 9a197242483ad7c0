"""freeze and unfreeze: keep a secondary from standing for election for a while."""

from collections.abc import Mapping

from console.change.action import Action, Parameter, Value
from console.change.actions import members
from console.change.ops import Freeze
from console.change.plan import Plan, Step
from console.change.proofs import StaysSecondary
from console.cluster.snapshot import MemberState, Snapshot
from console.cluster.whatif import impact, with_priority

PARAMETERS = (
    Parameter(
        name="seconds",
        kind=int,
        default=120,
        says="how long it does not stand for election",
        least=2,
        most=86400,
    ),
)


def plan_freeze(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """One command; its answer is the proof, for a freeze cannot be read back."""
    seconds = int(parameters["seconds"])
    return _plan(
        snapshot,
        target,
        parameters,
        seconds,
        notes=(
            f"It ends by itself after {seconds} s, or when the member is restarted. A freeze cannot be read back: "
            "that it was taken is known by MongoDB's answer, and stands in the journal.",
            "A longer freeze that is in force already goes on.",
        ),
    )


def plan_unfreeze(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """One command; whether it was frozen at all cannot be read."""
    note = "Whether it is frozen now cannot be read back; one that is not takes this as well, and nothing changes."
    return _plan(snapshot, target, parameters, 0, notes=(note,))


def _plan(
    snapshot: Snapshot, target: str, parameters: Mapping[str, Value], seconds: int, notes: tuple[str, ...]
) -> Plan:
    member = members.find(snapshot, target)
    verb = "freeze" if seconds else "unfreeze"
    does = f"keep {member.name} from standing for election for {seconds} s" if seconds else f"let {member.name} stand"
    then = with_priority(snapshot, member.name, 0) if seconds else snapshot
    return Plan(
        action=verb,
        target=target,
        parameters=parameters,
        title=f"{verb.capitalize()} {member.name}" + (f" for {seconds} s" if seconds else ""),
        cluster=snapshot.cluster,
        checks=(
            members.answers_check(member, (MemberState.SECONDARY,)),
            members.operator_check(snapshot.replica_set),
        ),
        steps=(
            Step(
                does=does,
                op=Freeze(member.address, seconds),
                proof=StaysSecondary(member.name),
                undo=Freeze(member.address, 0) if seconds else None,
                undo_says="" if seconds else "how long it would have been frozen is not known: freeze it again",
            ),
        ),
        impact=impact(snapshot, then, tier="replica_set"),
        fingerprint=((f"{member.name} state", str(member.state)),),
        notes=notes,
    )


FREEZE = Action(
    name="freeze",
    does="Keep a secondary from standing for election for a while",
    tier="replica_set",
    plan=plan_freeze,
    parameters=PARAMETERS,
    targets=members.secondaries,
)
UNFREEZE = Action(
    name="unfreeze",
    does="Let a frozen secondary stand for election again",
    tier="replica_set",
    plan=plan_unfreeze,
    targets=members.secondaries,
)
