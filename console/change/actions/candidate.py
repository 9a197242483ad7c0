"""What a prepared member must be before it is added: each thing that was looked at, with what was found."""

from collections.abc import Iterator

from console.change.plan import Check
from console.cluster.duration import span
from console.cluster.finding import listed
from console.cluster.fresh import FRESH_S, fresh, seen
from console.cluster.observed import split
from console.cluster.progress import bytes_words
from console.cluster.snapshot import Health, Member, ReplicaSet, SpareMember

COPY_BYTES_S = 20 * 2**20
"""What an initial sync is reckoned to copy in a second; a fast disk does many times as much."""
LEAST_SYNC_S = 10.0
"""No initial sync is reckoned to be over sooner: it has its own beginning and end."""
OPLOG_MARGIN = 2.0
CLOCK_LIMIT_S = 5.0
MOST_VOTERS = 7
MOST_MEMBERS = 50


def sync_s(replica_set: ReplicaSet) -> float | None:
    """Seconds that a copy of all data is reckoned to take; None while its size is not known."""
    sizes = [m.data_bytes for m in replica_set.members if m.data_bytes is not None]
    return max(LEAST_SYNC_S, max(sizes) / COPY_BYTES_S) if sizes else None


def candidate_checks(replica_set: ReplicaSet, spare: SpareMember, votes: int) -> Iterator[Check]:
    """All of them, in the order in which they would have to be mended."""
    members = [member for member in replica_set.members if member.configured]
    yield _nobody_joins(members)
    yield _answers(spare)
    yield _waits(spare)
    yield _its_data(spare)
    yield _not_a_member(members, spare)
    yield _reached(members, spare)
    yield _alike_in_locality(members, spare)
    yield _version(replica_set.primary, spare)
    yield _compatibility(replica_set.primary, spare)
    yield _clock(spare)
    yield _oplog(replica_set)
    yield _room(members, replica_set, votes)


def _nobody_joins(members: list[Member]) -> Check:
    joining = [m.name for m in members if m.newly_added]
    return Check(
        says="no other member is joining",
        ok=not joining,
        value=f"the vote of {listed(joining)} does not count yet" if joining else "every vote counts",
        limit="one voting change at a time",
    )


def _answers(spare: SpareMember) -> Check:
    why = f": {spare.reason}" if spare.reason else ""
    return Check(
        says=f"{spare.name} answers",
        ok=spare.health is Health.UP and fresh(spare.age_s),
        value=f"{spare.health}, {seen(spare.age_s)}{why}",
        limit=f"up, seen within {FRESH_S:g} s",
    )


def _waits(spare: SpareMember) -> Check:
    if spare.set_name:
        found = f"it is in the set {spare.set_name}"
    else:
        found = {True: "it waits", False: "it runs without --replSet", None: "not known"}[spare.awaits_config]
    return Check(
        says=f"{spare.name} waits for the configuration of a set",
        ok=spare.awaits_config is True and not spare.set_name,
        value=found,
        limit="started with --replSet and in no set",
    )


def _its_data(spare: SpareMember) -> Check:
    if spare.empty:
        found = "it has been in no set"
    elif spare.former:
        found = "it was a member of this set and goes on from its data"
    else:
        found = "not known" if spare.empty is None else "it was in a set that is not known to be this one"
    return Check(
        says=f"{spare.name} brings no data of another set",
        ok=spare.empty is True or spare.former is True,
        value=found,
        limit="in no set yet, or once in this very set; else empty its data directory and restart it",
    )


def _not_a_member(members: list[Member], spare: SpareMember) -> Check:
    same = [m for m in members if spare.address == m.address or (spare.process_id and spare.process_id == m.process_id)]
    blind = [m.name for m in members if not m.process_id]
    if same:
        found = f"it is {same[0].name}, at {same[0].address}"
    elif not spare.process_id:
        found = f"{spare.name} does not tell its identity"
    else:
        found = f"not known of {listed(blind)}" if blind else "it is another process than each of them"
    return Check(
        says=f"{spare.address} is no member under another name",
        ok=not same and not blind and bool(spare.process_id),
        value=found,
        limit="a process of its own",
    )


def _reached(members: list[Member], spare: SpareMember) -> Check:
    reached = dict(spare.reached_by)
    words = {True: "reaches it", False: "cannot open it", None: "not known: its host has no shell that answers"}
    found = {m.name: reached.get(m.name) for m in members}
    wrong = [f"{name} {words[is_so]}" for name, is_so in found.items() if not is_so]
    return Check(
        says=f"every member's host reaches {spare.address}",
        ok=bool(found) and not wrong,
        value="; ".join(wrong) or f"{listed(found)} reach it",
        limit="all of them, each asked through its [shell]",
    )


def _alike_in_locality(members: list[Member], spare: SpareMember) -> Check:
    local = [m.name for m in members if _is_local(m.address)]
    ours = _is_local(spare.address)
    alike = len(local) if ours else len(members) - len(local)
    return Check(
        says="either every member has a loopback address or none",
        ok=alike == len(members),
        value=f"{spare.address} {'is one' if ours else 'is none'}, as are {alike} of {len(members)} members",
        limit="all or none: MongoDB refuses a mixture",
    )


def _version(primary: Member | None, spare: SpareMember) -> Check:
    wanted = _series(primary.version) if primary else ""
    return Check(
        says=f"{spare.name} runs the Primary's version",
        ok=bool(wanted) and _series(spare.version) == wanted,
        value=spare.version or "not known",
        limit=wanted or "not known: there is no Primary",
    )


def _compatibility(primary: Member | None, spare: SpareMember) -> Check:
    wanted = primary.compatibility if primary else ""
    return Check(
        says=f"{spare.name} can run at the set's feature compatibility",
        ok=bool(wanted and spare.compatibility) and _numbers(wanted) <= _numbers(spare.compatibility),
        value=spare.compatibility or "not known",
        limit=f"{wanted} or later" if wanted else "not known of the Primary yet",
    )


def _clock(spare: SpareMember) -> Check:
    skew_s = spare.clock_skew_s
    return Check(
        says=f"the clock of {spare.name} agrees with the Primary's",
        ok=skew_s is not None and abs(skew_s) <= CLOCK_LIMIT_S,
        value="not known" if skew_s is None else f"{abs(skew_s):.1f} s {'ahead' if skew_s > 0 else 'behind'}",
        limit=f"at most {CLOCK_LIMIT_S:g} s",
    )


def _oplog(replica_set: ReplicaSet) -> Check:
    """The least of all members: which of them it will copy from is its own choice."""
    estimate_s = sync_s(replica_set)
    bearing = [m for m in replica_set.members if m.configured and m.data_bearing]
    reach_s = [m.oplog_full_s for m in bearing]
    known = [seconds for seconds in reach_s if seconds is not None]
    least_s = min(known) if known and len(known) == len(reach_s) else None
    if estimate_s is None:
        return Check(
            says="the oplog outlasts the copy", ok=False, value="the size of the data is not known", limit="known"
        )
    size = bytes_words(max(m.data_bytes or 0 for m in replica_set.members))
    return Check(
        says="the oplog outlasts the copy",
        ok=least_s is not None and least_s >= OPLOG_MARGIN * estimate_s,
        value="not known of every member" if least_s is None else f"reaches back {span(least_s)} when it is full",
        limit=f"at least {span(OPLOG_MARGIN * estimate_s)}: twice the time for {size} at {COPY_BYTES_S // 2**20} MiB/s",
    )


def _room(members: list[Member], replica_set: ReplicaSet, votes: int) -> Check:
    voters = replica_set.votes + votes
    return Check(
        says="the set has room for it",
        ok=len(members) < MOST_MEMBERS and voters <= MOST_VOTERS,
        value=f"{len(members) + 1} members, {voters} of them with a vote",
        limit=f"at most {MOST_MEMBERS} and {MOST_VOTERS}: beyond {MOST_VOTERS} add it with --votes 0",
    )


def _series(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _is_local(address: str) -> bool:
    host, _ = split(address)
    return host in ("localhost", "::1") or host.startswith("127.")
