"""Advice on the replica set: how many members, where, and whether they keep up."""

from collections.abc import Iterator

from console.cluster.advice.advice import SAFER, WRITES, Advice, count, find_out, prepared
from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.duration import span
from console.cluster.finding import listed
from console.cluster.requirements import MEMBERS
from console.cluster.snapshot import Health, Member, Snapshot

VOTES_MOST = 7


def more_members(snapshot: Snapshot) -> Iterator[Advice]:
    """Three or more with data, an odd number of votes, none of it in one failure domain."""
    replica_set = snapshot.replica_set
    full = [m for m in replica_set.members if m.voting and m.data_bearing]
    name, holding = replica_set.name or "replica set", len(full)
    if not replica_set.members:
        return
    missing = [m for m in replica_set.members if m.voting and not m.up]
    unseen = [m.name for m in missing if m.health is Health.UNKNOWN]
    because = (
        f"{replica_set.voters_up} of {replica_set.votes} votes are known to be up and {replica_set.majority} are needed"
    )
    if down := [m.name for m in missing if m.name not in unseen]:
        yield Advice(subject=name, says=f"Bring {listed(down)} back before anything else is added.", because=(because,))
    if unseen:
        yield Advice(subject=name, says=find_out(unseen), because=(because,))
    if holding < MEMBERS:
        yield Advice(
            subject=name,
            says=f"Add {count(MEMBERS - holding, 'member')} with data, in other failure domains.",
            because=(f"{holding} vote and hold the data; {MEMBERS} are needed to lose one and go on", SAFER),
            action=prepared("add-secondary", (spare.name for spare in snapshot.spare_members)),
        )
    elif replica_set.votes % 2 == 0:
        more = replica_set.votes < VOTES_MOST - 1
        yield Advice(
            subject=name,
            says="Add one voting member." if more else "Take one vote away.",
            because=(
                f"{replica_set.votes} votes survive no more losses than {replica_set.votes - 1}, "
                "and a split into halves leaves no majority",
            ),
            action=prepared("add-secondary", (spare.name for spare in snapshot.spare_members)) if more else "",
        )
    elif lone := _domain_that_decides(full):
        yield Advice(
            subject=name,
            says=f"Move a member out of {lone}, or add two elsewhere.",
            because=(f"without {lone} no majority of the {replica_set.votes} votes is left",),
        )


def lag(snapshot: Snapshot) -> Iterator[Advice]:
    """Who does not keep up with the Primary needs faster parts."""
    found = [(m.lag_s, m.name) for m in snapshot.replica_set.members if m.up and not m.delay_s and m.lag_s is not None]
    late = [(lag_s, name) for lag_s, name in found if lag_s > LAG_LIMIT_S]
    if late:
        most_s, most = max(late)
        yield Advice(
            subject=snapshot.replica_set.name or "replica set",
            says=f"Give {listed(name for _, name in late)} faster disks or more cpus, unless a passing cause is known.",
            because=(f"{most} is {span(most_s)} behind", WRITES),
        )


def _domain_that_decides(voters: list[Member]) -> str:
    """The failure domain without which no majority is left, where the others could hold one; empty when none does."""
    domains = {m.domain for m in voters if m.domain}
    majority = len(voters) // 2 + 1
    return next((d for d in sorted(domains) if sum(m.domain != d for m in voters) < majority), "")
