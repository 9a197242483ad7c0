"""step-down: ask the Primary to hand over to a secondary that has caught up. Never forced."""

from collections.abc import Mapping

from console.change.action import Action, Parameter, Value
from console.change.actions import members, step_down_to
from console.change.ops import StepDown
from console.change.plan import Check, Plan, PlanError, Step
from console.change.proofs import NewPrimary
from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.fresh import FRESH_S, fresh, seen
from console.cluster.snapshot import Health, Member, MemberState, ReplicaSet, Snapshot
from console.cluster.standing import quorum
from console.cluster.whatif import Candidate, electable_after_step_down, impact

PROOF_S = 30.0
"""How long a new Primary may take: an election without handoff needs the election timeout, 10 s by default."""

PARAMETERS = (
    Parameter(
        name="period",
        kind=int,
        default=60,
        says="seconds in which the old Primary does not stand for election",
        least=30,
        most=86400,
    ),
    Parameter(
        name="catch-up",
        kind=int,
        default=10,
        says="seconds that a secondary is given to catch up; writes wait meanwhile",
        least=1,
        most=29,
    ),
    step_down_to.PARAMETER,
)


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """One step, proved by a higher term and exactly one writable Primary that every reachable member sees."""
    replica_set = snapshot.replica_set
    primary = replica_set.primary
    target = target or (primary.name if primary else "")
    if target and snapshot.member(target) is None:
        names = ", ".join(member.name for member in replica_set.members)
        raise PlanError(f"no member '{target}'; there are: {names or 'none'}")
    to = step_down_to.chosen(snapshot, str(parameters["to"]))
    candidates = step_down_to.first(electable_after_step_down(snapshot), to)
    steps = () if primary is None else (_step(primary, parameters, _follow(replica_set, primary, candidates)),)
    made = Plan(
        action="step-down",
        target=target or replica_set.name,
        parameters=parameters,
        title=f"Step down {target}" if target else "Step down the Primary",
        cluster=snapshot.cluster,
        checks=(
            _primary_check(replica_set, target),
            _operator_check(replica_set),
            _quorum_check(replica_set),
            _majority_check(replica_set),
            _eligible_check(candidates),
            *(_candidate(candidate) for candidate in candidates),
        ),
        steps=steps,
        impact=impact(snapshot, snapshot, tier="replica_set"),
        fingerprint=_fingerprint(replica_set),
        notes=_notes(primary, candidates, parameters),
    )
    return step_down_to.handed_to(made, snapshot, to, candidates) if to else made


def _step(primary: Member, parameters: Mapping[str, Value], follow: tuple[tuple[str, str], ...]) -> Step:
    return Step(
        does=f"ask {primary.name} to step down and hand over",
        op=StepDown(
            address=primary.address,
            period_s=int(parameters["period"]),
            catch_up_s=int(parameters["catch-up"]),
            term=primary.term or 0,
            follow=follow,
        ),
        proof=NewPrimary(old=primary.name, term=primary.term or 0),
        undo_says="only a new step-down moves the Primary back",
        patience_s=PROOF_S + int(parameters["catch-up"]),
    )


def _follow(replica_set: ReplicaSet, primary: Member, candidates: list[Candidate]) -> tuple[tuple[str, str], ...]:
    """Who should replicate from whom at the handover: the likely successor from the Primary, the others from it.

    What they replicate from now is not looked at: it may change until then, and the plan would change with it.
    """
    eligible = [candidate.member for candidate in candidates if candidate.eligible]
    successor = next((m for m in replica_set.members if eligible and m.name == eligible[0]), None)
    if successor is None:
        return ()
    followers = tuple(
        (member.address, successor.address)
        for member in replica_set.members
        if member.health is Health.UP
        and member.state is MemberState.SECONDARY
        and member.voting
        and not member.delay_s
        and member is not successor
    )
    return ((successor.address, primary.address), *followers) if followers else ()


def _primary_check(replica_set: ReplicaSet, target: str) -> Check:
    writable = [m for m in replica_set.members if m.writable and m.health is Health.UP]
    primary = replica_set.primary
    last = "" if primary is None else f", {seen(primary.age_s)}"
    return Check(
        says=f"{target} is the one Primary" if target else "there is one Primary",
        ok=(
            primary is not None
            and len(writable) == 1
            and fresh(primary.age_s)
            and target in (primary.name, primary.address)
        ),
        value=(" and ".join(m.name for m in writable) or "nobody") + f" takes writes{last}",
        limit=f"exactly {target or 'one'}, seen within {FRESH_S:g} s",
    )


def _operator_check(replica_set: ReplicaSet) -> Check:
    answers = {True: "yes", False: "no", None: "not known yet"}
    return Check(
        says="the operator's credentials may step it down",
        ok=replica_set.operable is True,
        value=answers[replica_set.operable],
        limit="yes: [replica_set.operator] with the role clusterManager",
    )


def _quorum_check(replica_set: ReplicaSet) -> Check:
    votes = sum(member.voting and member.up and fresh(member.age_s) for member in replica_set.members)
    return Check(
        says="a majority can vote",
        ok=replica_set.majority > 0 and votes >= replica_set.majority,
        value=f"{votes} of {replica_set.votes} votes",
        limit=f"at least {replica_set.majority}",
    )


def _majority_check(replica_set: ReplicaSet) -> Check:
    # The Primary blocks writes until so many have its newest write, and refuses when the catch-up time ends before.
    copies = [m for m in replica_set.members if m.voting and m.data_bearing and m.up and fresh(m.age_s)]
    near = [m for m in copies if m.writable or (m.lag_s is not None and m.lag_s <= LAG_LIMIT_S)]
    needed = quorum(replica_set).write_majority
    return Check(
        says="a majority has the newest writes",
        ok=len(near) >= needed,
        value=", ".join(m.name for m in near) or "nobody",
        limit=f"at least {needed}, {LAG_LIMIT_S:g} s behind or less",
    )


def _eligible_check(candidates: list[Candidate]) -> Check:
    eligible = [candidate.member for candidate in candidates if candidate.eligible]
    why = "; ".join(f"{c.member}: {c.why}" for c in candidates if not c.eligible)
    return Check(
        says="a secondary can take over",
        ok=bool(eligible),
        value=", ".join(eligible) if eligible else f"none ({why or 'there is no other member'})",
        limit="at least 1",
    )


def _candidate(candidate: Candidate) -> Check:
    return Check(
        says=f"{candidate.member} can take over",
        ok=candidate.eligible,
        value=", ".join(f"{p.name} {p.value}" for p in candidate.predicates),
        limit=", ".join(f"{p.name} {p.limit}" for p in candidate.predicates if p.limit),
        warns=True,
    )


def _notes(primary: Member | None, candidates: list[Candidate], parameters: Mapping[str, Value]) -> tuple[str, ...]:
    eligible = [candidate for candidate in candidates if candidate.eligible]
    if primary is None or not eligible:
        return ()
    notes = [f"{eligible[0].member} is likely to take over; writes wait until it has."]
    if all(primary.priority > candidate.priority for candidate in eligible):
        notes.append(
            f"{primary.name} has the highest priority ({primary.priority:g}): it takes the role back by a second "
            f"election after {parameters['period']} s. Give a longer --period, or change priorities first."
        )
    return tuple(notes)


def _fingerprint(replica_set: ReplicaSet) -> tuple[tuple[str, str], ...]:
    primary = replica_set.primary
    return (
        ("Primary", primary.name if primary else "nobody"),
        ("term", str(replica_set.term)),
        ("config version", str(replica_set.config_version)),
    )


def _still(snapshot: Snapshot, left: Plan) -> tuple[Check, ...]:
    """Once the chosen one leads, only its priority is to be set back; before, whatever a new plan needs."""
    primary, to = snapshot.replica_set.primary, str(left.parameters.get("to", ""))
    if primary and to in (primary.name, primary.address):
        return members.changing_checks(snapshot.replica_set)
    return plan(snapshot, left.target, left.parameters).checks


def _targets(snapshot: Snapshot) -> tuple[str, ...]:
    primary = snapshot.replica_set.primary
    return (primary.name,) if primary else ()


ACTION = Action(
    name="step-down",
    does="Ask the Primary to hand over to a secondary that has caught up",
    tier="replica_set",
    plan=plan,
    parameters=PARAMETERS,
    targets=_targets,
    still=_still,
)
