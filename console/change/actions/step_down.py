"""step-down: ask the Primary to hand over to a secondary that has caught up. Never forced."""

from collections.abc import Mapping

from console.change.action import Action, Parameter, Value
from console.change.ops import StepDown
from console.change.plan import Check, Plan, PlanError, Step
from console.change.proofs import NewPrimary
from console.cluster.snapshot import Health, Member, MemberState, ReplicaSet, Snapshot
from console.cluster.whatif import Candidate, electable_after_step_down, impact

FRESH_S = 5.0
"""No check passes on data older than this."""
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
)


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """One step, proved by a higher term and exactly one writable Primary that every reachable member sees."""
    replica_set = snapshot.replica_set
    primary = replica_set.primary
    target = target or (primary.name if primary else "")
    if target and snapshot.member(target) is None:
        names = ", ".join(member.name for member in replica_set.members)
        raise PlanError(f"no member '{target}'; there are: {names or 'none'}")
    candidates = electable_after_step_down(snapshot)
    steps = () if primary is None else (_step(primary, parameters, _follow(replica_set, primary, candidates)),)
    return Plan(
        action="step-down",
        target=target or replica_set.name,
        parameters=parameters,
        title=f"Step down {target}" if target else "Step down the Primary",
        cluster=snapshot.cluster,
        checks=(
            _primary_check(replica_set, target),
            _operator_check(replica_set),
            _quorum_check(replica_set),
            _eligible_check(candidates),
            *(_candidate(candidate) for candidate in candidates),
        ),
        steps=steps,
        impact=impact(snapshot, snapshot, tier="replica_set"),
        fingerprint=_fingerprint(replica_set),
        notes=_notes(primary, candidates, parameters),
    )


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
        patience_s=PROOF_S,
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
    fresh = primary is not None and primary.age_s is not None and primary.age_s <= FRESH_S
    seen = "" if primary is None else f", seen {primary.age_s or 0:.1f} s ago"
    return Check(
        says=f"{target} is the one Primary" if target else "there is one Primary",
        ok=len(writable) == 1 and fresh and primary is not None and target in (primary.name, primary.address),
        value=(" and ".join(m.name for m in writable) or "nobody") + f" takes writes{seen}",
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
    return Check(
        says="a majority can vote",
        ok=replica_set.majority > 0 and replica_set.voters_up >= replica_set.majority,
        value=f"{replica_set.voters_up} of {replica_set.votes} votes",
        limit=f"at least {replica_set.majority}",
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
)
