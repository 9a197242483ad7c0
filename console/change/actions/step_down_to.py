"""step-down --to: the one that takes over is chosen, by its priority for as long as the handover takes.

MongoDB hands over to the member of the highest priority that has caught up. A freeze of the others would not do: the
Primary does not know of it, hands over to a frozen one, and the set waits for an election timeout.
"""

from dataclasses import replace

from console.change.action import Parameter
from console.change.actions import members
from console.change.plan import Check, Plan, PlanError, Step
from console.change.proofs import NewPrimary
from console.cluster.snapshot import Member, Snapshot
from console.cluster.whatif import Candidate

MOST_PRIORITY = 1000.0
HANDOVER_S = 8.0
"""From the raised priority to the step-down: a heartbeat, a look, and the others' turn to the successor."""

PARAMETER = Parameter(
    name="to",
    kind=str,
    default="",
    says="the member that is to take over; whoever is likely to",
)


def chosen(snapshot: Snapshot, to: str) -> str:
    """The name of the member that was chosen; empty when none was. Raises PlanError with the nearest."""
    return members.find(snapshot, to).name if to else ""


def first(candidates: list[Candidate], to: str) -> list[Candidate]:
    """The candidates with the chosen one before all others."""
    return sorted(candidates, key=lambda candidate: candidate.member != to)


def handed_to(plan: Plan, snapshot: Snapshot, to: str, candidates: list[Candidate]) -> Plan:
    """The plan of a step-down made one that ends with the chosen member as Primary, and all priorities as before."""
    primary, successor = snapshot.replica_set.primary, members.find(snapshot, to)
    if primary is successor:
        raise PlanError(f"{to} is the Primary already: --to names the member that is to take over")
    rivals = [
        m for m in snapshot.replica_set.members if m.configured and m.voting and m is not successor and m is not primary
    ]
    highest = max((m.priority for m in rivals), default=0.0)
    steps = tuple(_ends_with(step, to) for step in plan.steps)
    if steps and successor.priority <= highest:
        steps = (*_raised(snapshot, successor, highest + 1), *steps, *_set_back(snapshot, successor, highest + 1))
    return replace(
        plan,
        title=f"{plan.title} in favour of {to}",
        checks=(
            *plan.checks,
            _able_check(candidates, to),
            _stays_check(successor, rivals),
            _raise_check(highest),
            _time_check(snapshot.replica_set.election_timeout_s),
        ),
        steps=steps,
        fingerprint=(*plan.fingerprint, *members.fingerprint(snapshot)),
        notes=(*plan.notes, *(_notes(successor, highest) if len(steps) > 1 else ())),
    )


def _ends_with(step: Step, to: str) -> Step:
    proof = step.proof
    return replace(step, proof=replace(proof, to=to)) if isinstance(proof, NewPrimary) else step


def _raised(snapshot: Snapshot, successor: Member, priority: float) -> tuple[Step, ...]:
    before = members.lines(snapshot)
    return (
        members.reconfigured(
            f"give {successor.name} priority {priority:g} for the handover (now {successor.priority:g})",
            f"{successor.name} has priority {priority:g}",
            before,
            members.with_values(before, successor.address, priority=priority),
            term=snapshot.replica_set.term,
        ),
    )


def _set_back(snapshot: Snapshot, successor: Member, priority: float) -> tuple[Step, ...]:
    after = members.lines(snapshot)
    step = members.reconfigured(
        f"set the priority of {successor.name} back to {successor.priority:g}",
        f"{successor.name} has priority {successor.priority:g}",
        members.with_values(after, successor.address, priority=priority),
        after,
    )
    return (replace(step, undo=None, undone=None, undo_says="it is the way back itself"),)


def _able_check(candidates: list[Candidate], to: str) -> Check:
    found = next((candidate for candidate in candidates if candidate.member == to), None)
    return Check(
        says=f"{to} can take over as it stands",
        ok=found is not None and found.eligible,
        value=(found.why or "nothing speaks against it") if found else "it is no candidate",
        limit="every predicate of the table",
    )


def _stays_check(successor: Member, rivals: list[Member]) -> Check:
    higher = [m for m in rivals if m.priority > successor.priority and not m.hidden and not m.arbiter]
    return Check(
        says=f"{successor.name} stays Primary when its priority is set back",
        ok=not higher,
        value=", ".join(f"{m.name} has priority {m.priority:g}" for m in higher) or "no other is preferred to it",
        limit=f"none above {successor.priority:g}: else first run set-priority {successor.name}",
    )


def _raise_check(highest: float) -> Check:
    return Check(
        says="there is a priority above all others",
        ok=highest + 1 <= MOST_PRIORITY,
        value=f"{highest:g} is the highest of the others",
        limit=f"at most {MOST_PRIORITY - 1:g}",
    )


def _time_check(timeout_s: float) -> Check:
    # One of higher priority than the Primary takes over by itself after this: the step-down must come before.
    return Check(
        says="the election timeout leaves time for the handover",
        ok=timeout_s >= HANDOVER_S,
        value=f"{timeout_s:g} s",
        limit=f"at least {HANDOVER_S:g} s",
    )


def _notes(successor: Member, highest: float) -> tuple[str, ...]:
    return (
        f"The configuration is changed twice: {successor.name} has priority {highest + 1:g} while the role is handed "
        f"over, and {successor.priority:g} again after it. Each takes about 2 s and interrupts no write.",
    )
