"""add-secondary: a prepared member joins without a vote, copies the data, and is given its vote only then."""

from collections.abc import Mapping

from console.change.action import Action, Parameter, Value
from console.change.actions import members
from console.change.actions.candidate import candidate_checks, sync_s
from console.change.ops import Wait
from console.change.plan import Check, Plan, PlanError, Step
from console.change.proofs import ConfigurationIs, Synced
from console.cluster.configuration import Lines
from console.cluster.duration import span
from console.cluster.snapshot import Member, Snapshot, SpareMember
from console.cluster.text import meant
from console.cluster.views import MemberConfig
from console.cluster.whatif import Impact, impact, with_member_added

CHOICES = ("wait", "extend", "undo")
"""What can be done when the copy is not over at the deadline."""

PARAMETERS = (
    Parameter(name="votes", kind=int, default=1, says="0: it never votes and never becomes Primary", least=0, most=1),
    Parameter(
        name="deadline",
        kind=float,
        default=3600.0,
        says="seconds that the copy may take",
        least=1,
        most=604800,
    ),
    Parameter(
        name="at-deadline",
        kind=str,
        default="ask",
        says="what to do when it is not over then",
        choices=("ask", *CHOICES),
    ),
)


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """Join without a vote, wait until it is a secondary that has caught up, then give it its vote."""
    spare, votes = _find(snapshot, target), int(parameters["votes"])
    replica_set = snapshot.replica_set
    checks: tuple[Check, ...] = (
        *members.changing_checks(replica_set),
        *(members.answers_check(m, members.SERVING) for m in replica_set.members if m.configured),
        *candidate_checks(replica_set, spare, votes),
        *((members.voters_check(replica_set.votes, replica_set.votes + votes),) if votes else ()),
    )
    return Plan(
        action="add-secondary",
        target=target,
        parameters=parameters,
        title=f"Add {spare.name} to the replica set" + ("" if votes else " without a vote"),
        cluster=snapshot.cluster,
        checks=checks,
        steps=_steps(snapshot, spare, votes, float(parameters["deadline"])),
        impact=_impact(snapshot, spare, votes),
        fingerprint=(*members.fingerprint(snapshot), (f"{spare.name} process", spare.process_id)),
        notes=_notes(snapshot, spare),
    )


def _find(snapshot: Snapshot, name: str) -> SpareMember:
    """The spare member of that name. Raises PlanError with the mend."""
    spare = next((s for s in snapshot.spare_members if name in (s.name, s.address)), None)
    if spare is None:
        spares = [s.name for s in snapshot.spare_members]
        member = snapshot.member(name)
        if isinstance(member, Member) and member.configured:
            raise PlanError(f"{name} is a member of the set already; spare members are: {', '.join(spares) or 'none'}")
        hint = meant(name, spares)
        raise PlanError(
            f"no spare member '{name}'; {hint}there are: {', '.join(spares) or 'none'}. A new one must stand in the "
            'cluster file first: [[nodes]] with name, address, roles = ["member"] and spare = true'
        )
    return spare


def _steps(snapshot: Snapshot, spare: SpareMember, votes: int, deadline_s: float) -> tuple[Step, ...]:
    before = members.lines(snapshot)
    silent: Lines = (*before, MemberConfig(address=spare.address, votes=0, priority=0.0))
    added = members.reconfigured(
        f"add {spare.name} ({spare.address}) without a vote",
        f"{spare.name} is in the configuration, without a vote",
        before,
        silent,
        term=snapshot.replica_set.term,
    )
    copied = Step(
        does=f"wait until {spare.name} has copied the data and caught up",
        op=Wait(),
        proof=Synced(spare.name, spare.address),
        undo_says="a wait changes nothing",
        patience_s=deadline_s,
        steady_s=1.0,
        asks=CHOICES,
    )
    if not votes:
        return added, copied
    voting = members.with_values(silent, spare.address, votes=1, priority=1.0)
    says = f"{spare.name} has a vote that counts, and priority 1"
    counted = ConfigurationIs(says, voting, counted=spare.address)
    # Hours may lie between: whoever is Primary by then is asked, and refuses when anybody changed a line meanwhile.
    return (
        added,
        copied,
        members.reconfigured(f"give {spare.name} its vote and priority 1", says, silent, voting, proof=counted),
    )


def _impact(snapshot: Snapshot, spare: SpareMember, votes: int) -> Impact:
    then = with_member_added(snapshot, spare.name, votes)
    weighed = impact(snapshot, then, tier="replica_set")
    return members.said_when_even(weighed, then.replica_set.votes) if votes else weighed


def _notes(snapshot: Snapshot, spare: SpareMember) -> tuple[str, ...]:
    estimate_s = sync_s(snapshot.replica_set)
    about = (
        ""
        if estimate_s is None
        else f" It is reckoned to take {span(estimate_s)}, and loads the member it copies from."
    )
    keeps = (
        f"{spare.name} was a member of this set: it goes on from its data where the oplog still reaches back so far."
        if spare.former
        else f"The initial sync deletes whatever the data directory of {spare.name} holds: that it was in no set is "
        f"known, that it is empty can only be seen on its host.{about}"
    )
    return (keeps, f"Only {spare.name} SECONDARY is the end of the copy; until then it counts for nothing.")


def _still(snapshot: Snapshot, left: Plan) -> tuple[Check, ...]:
    """Once it has joined, what remains needs the set alone; before, whatever a new plan needs."""
    member = snapshot.member(left.target)
    if member and member.configured:
        return members.changing_checks(snapshot.replica_set)
    return plan(snapshot, left.target, left.parameters).checks


def _targets(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(spare.name for spare in snapshot.spare_members)


ACTION = Action(
    name="add-secondary",
    does="Let a prepared member join, copy the data, and vote",
    tier="replica_set",
    plan=plan,
    parameters=PARAMETERS,
    targets=_targets,
    still=_still,
)
