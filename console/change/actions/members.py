"""What the replica-set actions share: who is meant, the checks before the configuration is touched, and its steps."""

from collections.abc import Sequence
from dataclasses import replace

from console.change.ops import Reconfigure
from console.change.plan import Check, PlanError, Step
from console.change.proofs import ConfigurationIs, Proof
from console.cluster.configuration import Lines, configuration, moved
from console.cluster.finding import listed
from console.cluster.fresh import FRESH_S, fresh, seen
from console.cluster.snapshot import Health, Member, MemberState, ReplicaSet, Snapshot
from console.cluster.text import meant
from console.cluster.whatif import Grade, Impact

RECONFIGURED_S = 30.0
"""How long every reachable member may take to hold a new configuration; a heartbeat or two is usual."""
SERVING = (MemberState.PRIMARY, MemberState.SECONDARY, MemberState.ARBITER)


def names(snapshot: Snapshot) -> tuple[str, ...]:
    """The members of the configuration."""
    return tuple(member.name for member in snapshot.replica_set.members if member.configured)


def secondaries(snapshot: Snapshot) -> tuple[str, ...]:
    """Every member that is not the Primary."""
    primary = snapshot.replica_set.primary
    return tuple(name for name in names(snapshot) if primary is None or name != primary.name)


def find(snapshot: Snapshot, name: str) -> Member:
    """The configured member of that name or address. Raises PlanError with the nearest."""
    member = snapshot.member(name)
    if member is None or not member.configured:
        there = names(snapshot)
        raise PlanError(f"no member '{name}'; {meant(name, there)}there are: {', '.join(there) or 'none'}")
    return member


def lines(snapshot: Snapshot) -> Lines:
    """The configuration as it stands."""
    return configuration(snapshot.replica_set)


def lately(snapshot: Snapshot) -> Snapshot:
    """The same picture in which a member that was not seen lately enough to act on is unknown."""
    seen_lately = (
        m if fresh(m.age_s) else replace(m, health=Health.UNKNOWN, writable=False) for m in snapshot.replica_set.members
    )
    return replace(snapshot, replica_set=replace(snapshot.replica_set, members=tuple(seen_lately)))


def fingerprint(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """The state that a plan binds to: who leads, and every line of the configuration; not the version's number."""
    replica_set = snapshot.replica_set
    return (
        ("Primary", replica_set.primary.name if replica_set.primary else "nobody"),
        ("term", str(replica_set.term)),
        *(
            (
                f"{line.address} in the configuration",
                " ".join((f"votes {line.votes} priority {line.priority:g}", *line.options)),
            )
            for line in lines(snapshot)
        ),
    )


def reconfigured(
    does: str, says: str, before: Lines, after: Lines, *, term: int | None = None, proof: Proof | None = None
) -> Step:
    """The step from one configuration to another, and the way back to what it changed."""
    touched = moved(before, after)
    return Step(
        does=does,
        op=Reconfigure(before, after, term),
        proof=proof or ConfigurationIs(says, after),
        undo=Reconfigure(after, before, thorough=True),
        undone=ConfigurationIs(f"{listed(touched)} as it was", before, only=touched),
        patience_s=RECONFIGURED_S,
    )


def with_values(before: Lines, address: str, votes: int | None = None, priority: float | None = None) -> Lines:
    """The same lines with other values in one of them."""
    return tuple(
        replace(
            line,
            votes=line.votes if votes is None else votes,
            priority=line.priority if priority is None else priority,
        )
        if line.address == address
        else line
        for line in before
    )


def changing_checks(replica_set: ReplicaSet) -> tuple[Check, ...]:
    """What must hold before any change of the configuration."""
    return (
        primary_check(replica_set),
        operator_check(replica_set),
        _quorum_check(replica_set),
        _agreement_check(replica_set),
    )


def operator_check(replica_set: ReplicaSet) -> Check:
    """The credentials that change the set are there, and may."""
    answers = {True: "yes", False: "no", None: "not known yet"}
    return Check(
        says="the operator's credentials may change the replica set",
        ok=replica_set.operable is True,
        value=answers[replica_set.operable],
        limit="yes: [replica_set.operator] with the role clusterManager",
    )


def answers_check(member: Member, states: Sequence[MemberState]) -> Check:
    """The member answers lately, and is in one of these states."""
    why = f": {member.reason}" if member.reason else ""
    wanted = " or ".join(states)
    return Check(
        says=f"{member.name} answers and is {wanted}",
        ok=member.health is Health.UP and fresh(member.age_s) and member.state in states,
        value=f"{member.health}, {member.state}, {seen(member.age_s)}{why}",
        limit=f"up, {wanted}, seen within {FRESH_S:g} s",
    )


def voters_check(before: int, after: int) -> Check:
    """The arithmetic of votes; an even number of them is a warning, for it tolerates no more than one less."""
    return Check(
        says="the number of voters is odd afterwards",
        ok=after % 2 == 1,
        value=f"{after} voters: {arithmetic(after)} (now {before}: {arithmetic(before)})",
        limit="odd: an even number tolerates no more losses than one less does",
        warns=True,
    )


def arithmetic(voters: int) -> str:
    """`majority 3, tolerates 1`."""
    majority = voters // 2 + 1
    return f"majority {majority}, tolerates {max(0, voters - majority)}"


def said_when_even(impact: Impact, voters: int) -> Impact:
    """Never an even set without saying so: then it is not graded safe."""
    if voters % 2:
        return impact
    grade = Grade.DEGRADED if impact.grade is Grade.SAFE else impact.grade
    return replace(impact, grade=grade, says=f"{impact.says}; {voters} voters is an even number: {arithmetic(voters)}")


def primary_check(replica_set: ReplicaSet) -> Check:
    """Exactly one member takes writes, seen lately."""
    writable = [m for m in replica_set.members if m.writable and m.health is Health.UP]
    primary = replica_set.primary
    last = "" if primary is None else f", {seen(primary.age_s)}"
    return Check(
        says="there is one Primary",
        ok=primary is not None and len(writable) == 1 and fresh(primary.age_s),
        value=f"{listed(m.name for m in writable) if writable else 'nobody'} takes writes{last}",
        limit=f"exactly one, seen within {FRESH_S:g} s",
    )


def _quorum_check(replica_set: ReplicaSet) -> Check:
    votes = sum(m.voting and m.up and fresh(m.age_s) for m in replica_set.members)
    return Check(
        says="a majority is up to take a new configuration",
        ok=replica_set.majority > 0 and votes >= replica_set.majority,
        value=f"{votes} of {replica_set.votes} votes, seen within {FRESH_S:g} s",
        limit=f"at least {replica_set.majority}",
    )


def _agreement_check(replica_set: ReplicaSet) -> Check:
    held = {m.name: m.config_version for m in replica_set.members if m.configured and m.health is Health.UP}
    others = {name: version for name, version in held.items() if version != replica_set.config_version}
    return Check(
        says="every member that answers holds the current configuration",
        ok=bool(held) and not others,
        value=", ".join(f"{name} holds {version}" for name, version in others.items()) or f"{len(held)} members",
        limit=f"configuration {replica_set.config_version}",
    )
