"""What is wrong with the replica set as a whole."""

from collections.abc import Iterator

from console.cluster.finding import Diagnosis, critical, grouped, info, listed, warning
from console.cluster.snapshot import Finding, Health, Member, ReplicaSet, Snapshot
from console.cluster.standing import Standing, standing

OPLOG_WARNING_S = 3600.0
OPLOG_INFO_S = 86_400.0


def no_primary(snapshot: Snapshot) -> Iterator[Finding]:
    """Members answer and none of them takes writes."""
    replica_set = snapshot.replica_set
    if _answering(replica_set) and replica_set.primary is None:
        up, needed = replica_set.voters_up, max(replica_set.majority, 1)
        votes = f"{up} of {replica_set.votes} votes are up and an election needs {needed}"
        yield critical("no-primary", _subject(snapshot), f"There is no Primary: nobody takes writes; {votes}.")


def primary_unknown(snapshot: Snapshot) -> Iterator[Finding]:
    """Nobody answers, so that nothing can be said about a Primary."""
    members = snapshot.replica_set.members
    if members and not _answering(snapshot.replica_set):
        says = f"None of {len(members)} members answers from here: whether there is a Primary is not known."
        yield critical("primary-unknown", _subject(snapshot), says)


def two_primaries(snapshot: Snapshot) -> Iterator[Finding]:
    """More than one member says that it takes writes."""
    writable = [m for m in _answering(snapshot.replica_set) if m.writable]
    primary = snapshot.replica_set.primary
    if primary and len(writable) > 1:
        who = listed(f"{m.name} (term {m.term})" for m in writable)
        yield critical(
            "two-primaries",
            _subject(snapshot),
            f"{who} each say that they take writes; {primary.name} has the highest term and counts.",
        )


def quorum_lost(snapshot: Snapshot) -> Iterator[Finding]:
    """Fewer votes are up than an election needs, as far as we see."""
    replica_set = snapshot.replica_set
    if not _answering(replica_set) or replica_set.voters_up >= replica_set.majority:
        return
    seen = sum(m.voting and (m.up or bool(seen_up_by(snapshot, m))) for m in replica_set.members)
    from_here = f"{replica_set.voters_up} of {replica_set.votes} votes are seen from here"
    if seen >= replica_set.majority:
        says = f"Only {from_here} and {replica_set.majority} are needed, though members see {seen}."
        yield warning("quorum-lost", _subject(snapshot), says)
    else:
        says = f"Only {from_here} and {replica_set.majority} are needed: no Primary can be elected or stay one."
        yield critical("quorum-lost", _subject(snapshot), says)


def no_spare_vote(snapshot: Snapshot) -> Iterator[Finding]:
    """There is a Primary, and one more loss would stop writes."""
    now = standing(snapshot)
    if now.writable and now.writes_stand and now.members == 0:
        says = f"One more loss stops writes: {_scarce(now)}."
        yield warning("no-spare-vote", _subject(snapshot), says)


def terms_differ(snapshot: Snapshot) -> Iterator[Finding]:
    """Members that answer are in different terms."""
    terms = {m.name: m.term for m in _answering(snapshot.replica_set) if m.term is not None}
    if len(set(terms.values())) > 1:
        yield warning("terms-differ", _subject(snapshot), f"Members are in different terms: {grouped(terms)}.")


def configs_differ(snapshot: Snapshot) -> Iterator[Finding]:
    """Members that answer hold different versions of the configuration."""
    answering = _answering(snapshot.replica_set)
    versions = {m.name: m.config_version for m in answering if m.configured and m.config_version is not None}
    if len(set(versions.values())) > 1:
        says = f"Members hold different versions of the configuration: {grouped(versions)}."
        yield warning("configs-differ", _subject(snapshot), says)


def primaries_differ(snapshot: Snapshot) -> Iterator[Finding]:
    """Members that answer take different members for the Primary."""
    beliefs = {m.name: m.believes_primary for m in _answering(snapshot.replica_set) if m.believes_primary}
    if len(set(beliefs.values())) > 1:
        named = {who: f"say {_name(snapshot, address)}" for who, address in beliefs.items()}
        says = f"Members do not agree on the Primary: {grouped(named)}."
        yield warning("primaries-differ", _subject(snapshot), says)


def versions_differ(snapshot: Snapshot) -> Iterator[Finding]:
    """Members run different versions of the server."""
    versions = {m.name: m.version for m in _answering(snapshot.replica_set) if m.version}
    if len(set(versions.values())) > 1:
        yield info("versions-differ", _subject(snapshot), f"Members run different versions: {grouped(versions)}.")


def oplog_window_short(snapshot: Snapshot) -> Iterator[Finding]:
    """The oplog reaches back for so little time that a member away for longer would need a full sync."""
    known = [(m.oplog_window_s, m.name) for m in _answering(snapshot.replica_set) if m.oplog_window_s is not None]
    window_s, name = min(known, default=(OPLOG_INFO_S, ""))
    if window_s >= OPLOG_INFO_S:
        return
    short = window_s < OPLOG_WARNING_S
    says = (
        f"The oplog of {name} reaches back {window_s / 60:.0f} min (limit {1 if short else 24} h; "
        "a new set has a short one): a member away for longer needs a full sync."
    )
    # The subject is the set: which member is the shortest changes by chance, and is no news.
    yield (warning if short else info)("oplog-window-short", _subject(snapshot), says)


def seen_up_by(snapshot: Snapshot, member: Member) -> dict[str, str]:
    """Peers that answer us and see this member as up: (name, the state that they see)."""
    peers = {m.name for m in _answering(snapshot.replica_set)}
    return {name: view.state for name, view in member.seen_by if name in peers and view.health is Health.UP}


def _answering(replica_set: ReplicaSet) -> list[Member]:
    return [member for member in replica_set.members if member.health is Health.UP]


def _subject(snapshot: Snapshot) -> str:
    return snapshot.replica_set.name or "replica set"


def _name(snapshot: Snapshot, address: str) -> str:
    member = snapshot.member(address)
    return member.name if member else address


def _scarce(now: Standing) -> str:
    if now.majority == 1:
        return "there is only one vote"
    if now.votes_up <= now.majority:
        return f"{now.votes_up} votes are up and {now.majority} are needed"
    if now.copies_up <= now.write_majority:
        return f"{now.copies_up} voting members hold data and a majority write needs {now.write_majority}"
    return "no other member could become Primary"


DIAGNOSES: tuple[Diagnosis, ...] = (
    no_primary,
    primary_unknown,
    two_primaries,
    quorum_lost,
    no_spare_vote,
    terms_differ,
    configs_differ,
    primaries_differ,
    versions_differ,
    oplog_window_short,
)
