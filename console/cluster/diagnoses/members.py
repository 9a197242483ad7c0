"""What is wrong with single members of the replica set."""

from collections.abc import Iterator

from console.cluster.candidates import HEARTBEAT_LIMIT_S, LAG_LIMIT_S, heartbeat_age_s
from console.cluster.diagnoses.replica_set import seen_up_by
from console.cluster.finding import Diagnosis, grouped, info, warning
from console.cluster.progress import progress_words
from console.cluster.snapshot import Finding, Health, Member, MemberState, Snapshot

_SERVING = (MemberState.PRIMARY, MemberState.SECONDARY, MemberState.ARBITER)
_MEANS = {
    MemberState.RECOVERING: "it serves no reads and cannot be elected",
    MemberState.ROLLBACK: "it takes back writes that no majority had",
    MemberState.STARTUP: "it has not read its configuration yet",
    MemberState.REMOVED: "it is in no configuration of the set",
}


def member_down(snapshot: Snapshot) -> Iterator[Finding]:
    """It refuses us, and no peer sees it."""
    for member in snapshot.replica_set.members:
        if member.health is Health.DOWN and not seen_up_by(snapshot, member):
            yield warning("member-down", member.name, f"{member.name} is down{_because(member)}{_seen(member)}.")


def member_unreachable(snapshot: Snapshot) -> Iterator[Finding]:
    """We cannot ask it, and peers still see it."""
    for member in snapshot.replica_set.members:
        seen = seen_up_by(snapshot, member)
        if member.health is not Health.UP and seen:
            still = grouped({name: f"still see it as {state}" for name, state in seen.items()})
            says = f"{member.name} is unreachable from here{_because(member)}; {_verb(still, len(seen))}."
            yield warning("member-unreachable", member.name, says)


def member_unknown(snapshot: Snapshot) -> Iterator[Finding]:
    """Neither we nor its peers can tell how it is."""
    for member in snapshot.replica_set.members:
        if member.health is Health.UNKNOWN and not seen_up_by(snapshot, member):
            says = f"What {member.name} does is not known{_because(member)}."
            yield warning("member-unknown", member.name, says)


def member_not_serving(snapshot: Snapshot) -> Iterator[Finding]:
    """It answers, and is in a state in which it serves nobody."""
    for member in snapshot.replica_set.members:
        silent = member.health is Health.UP and member.state not in (*_SERVING, MemberState.STARTUP2)
        if silent and member.configured:
            means = _MEANS.get(member.state, "it serves nobody")
            yield warning("member-not-serving", member.name, f"{member.name} is {member.state}: {means}.")


def member_syncing(snapshot: Snapshot) -> Iterator[Finding]:
    """It copies all data before it can serve."""
    for member in snapshot.replica_set.members:
        if member.health is Health.UP and member.state is MemberState.STARTUP2:
            how_far = f": {told}" if (told := progress_words(member.progress)) else ""
            says = f"{member.name} copies the data set{how_far}; it does not serve yet."
            yield info("member-syncing", member.name, says)


def member_lagging(snapshot: Snapshot) -> Iterator[Finding]:
    """It is further behind than its delay and the limit explain."""
    for member in snapshot.replica_set.members:
        limit_s = LAG_LIMIT_S + member.delay_s
        if member.health is Health.UP and member.lag_s is not None and member.lag_s > limit_s:
            says = f"{member.name} is {member.lag_s:.0f} s behind (limit {limit_s:.0f} s)."
            yield warning("member-lagging", member.name, says)


def member_silent(snapshot: Snapshot) -> Iterator[Finding]:
    """Peers show it as healthy and have not heard from it for longer than the limit."""
    for member in snapshot.replica_set.members:
        age_s = heartbeat_age_s(member)
        if seen_up_by(snapshot, member) and age_s is not None and age_s > HEARTBEAT_LIMIT_S:
            says = (
                f"{member.name} is shown as healthy, but its peers last heard from it {age_s:.1f} s ago "
                f"(limit {HEARTBEAT_LIMIT_S:g} s)."
            )
            yield warning("member-silent", member.name, says)


def _because(member: Member) -> str:
    return f": {member.reason}" if member.reason else ""


def _seen(member: Member) -> str:
    states = {name: f"see it as {view.state}" for name, view in member.seen_by}
    return f"; {_verb(grouped(states), len(states))}" if states else ""


def _verb(text: str, count: int) -> str:
    return text.replace(" see it", " sees it") if count == 1 else text


DIAGNOSES: tuple[Diagnosis, ...] = (
    member_down,
    member_unreachable,
    member_unknown,
    member_not_serving,
    member_syncing,
    member_lagging,
    member_silent,
)
