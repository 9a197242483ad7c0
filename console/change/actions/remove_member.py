"""remove-member: take a member out of the replica set; its data stays where it is."""

from collections.abc import Mapping

from console.change.action import Action, Value
from console.change.actions import members
from console.change.plan import Check, Plan
from console.change.proofs import Outside
from console.cluster.candidates import caught_up
from console.cluster.snapshot import Member, Snapshot
from console.cluster.whatif import impact, member_removed, standing


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """One reconfiguration, undone by adding its line again just as it was."""
    member, before = members.find(snapshot, target), members.lines(snapshot)
    after = tuple(line for line in before if line.address != member.address)
    then = member_removed(snapshot, member.name)
    votes = then.replica_set.votes
    weighed = impact(snapshot, then, tier="replica_set")
    return Plan(
        action="remove-member",
        target=target,
        parameters=parameters,
        title=f"Remove {member.name} from the replica set",
        cluster=snapshot.cluster,
        checks=(
            _not_primary_check(snapshot, member),
            *members.changing_checks(snapshot.replica_set),
            *_what_is_left(members.lately(then), member, snapshot.replica_set.primary),
            *((members.voters_check(snapshot.replica_set.votes, votes),) if member.voting else ()),
        ),
        steps=(
            members.reconfigured(
                f"remove {member.name} ({member.address})",
                "",
                before,
                after,
                term=snapshot.replica_set.term,
                proof=Outside(member.name, member.address, after),
            ),
        ),
        impact=members.said_when_even(weighed, votes) if member.voting else weighed,
        fingerprint=members.fingerprint(snapshot),
        notes=(
            f"{member.name} keeps its data and runs on, without serving anybody. Clients that name it in their "
            "connection string go on by the other members; take it out there as well.",
        ),
    )


def _not_primary_check(snapshot: Snapshot, member: Member) -> Check:
    leads = member is snapshot.replica_set.primary or member.writable
    return Check(
        says=f"{member.name} is not the Primary",
        ok=not leads,
        value="it is" if leads else f"it is {member.state}",
        limit=f"not the Primary: run step-down {member.name} first" if leads else "not the Primary",
    )


def _what_is_left(then: Snapshot, member: Member, primary: Member | None) -> tuple[Check, ...]:
    left, leader = standing(then), primary.name if primary else ""
    others = [m.name for m in then.replica_set.members if caught_up(m) and m.name != leader]
    return (
        Check(
            says=f"a majority is up without {member.name}",
            ok=left.votes_up >= left.majority,
            value=f"{left.votes_up} of {then.replica_set.votes} votes",
            limit=f"at least {left.majority}",
        ),
        Check(
            says=f"majority writes go on without {member.name}",
            ok=left.copies_up >= left.write_majority,
            value=f"{left.copies_up} voting members with data up",
            limit=f"at least {left.write_majority}",
        ),
        Check(
            says="another member can become Primary then",
            ok=bool(others) or not caught_up(member),
            value=", ".join(others) or "none",
            limit=f"at least 1, unless {member.name} could not either",
        ),
    )


ACTION = Action(
    name="remove-member",
    does="Take a member out of the replica set",
    tier="replica_set",
    plan=plan,
    targets=members.secondaries,
)
