"""Who could be Primary: each member against each predicate, with what was measured and the limit."""

from dataclasses import dataclass, replace

from console.cluster.fresh import FRESH_S, fresh, seen
from console.cluster.snapshot import Health, Member, MemberState, Snapshot

LAG_LIMIT_S = 10.0
"""A member further behind than this does not count as caught up."""
LAG_NOISE_S = 2.0
"""What a member may seem to lack that has everything: optimes have whole seconds, and a new sync source takes one."""
HEARTBEAT_LIMIT_S = 4.0
"""A member unheard of for longer is not answering, though its peers may show it healthy for 10 s and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """One thing that a candidate must fulfil, as it was measured."""

    name: str
    ok: bool
    value: str
    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One member that might take over, and what speaks against it."""

    member: str
    predicates: tuple[Predicate, ...]
    priority: float = 0.0
    lag_s: float | None = None

    @property
    def eligible(self) -> bool:
        """Nothing speaks against it."""
        return all(predicate.ok for predicate in self.predicates)

    @property
    def why(self) -> str:
        """The first predicate that it fails, as words; empty when eligible."""
        failed = next((p for p in self.predicates if not p.ok), None)
        return f"{failed.name} {failed.value}, needs {failed.limit}" if failed else ""


def electable_after_step_down(snapshot: Snapshot) -> list[Candidate]:
    """Every other member as a candidate; the eligible first, in the order in which they are likely to take over."""
    primary = snapshot.replica_set.primary
    others = [member for member in snapshot.replica_set.members if member is not primary]
    judged = [(member, _barred(_candidate(member, primary), member, snapshot)) for member in others]
    heir = _heir([member for member, candidate in judged if candidate.eligible])
    judged.sort(key=lambda pair: (not pair[1].eligible, pair[0] is not heir, succession(pair[0])))
    return [candidate for _, candidate in judged]


def successor(snapshot: Snapshot) -> str | None:
    """The name of the member that is likely to take over after a step-down, or None."""
    return next((c.member for c in electable_after_step_down(snapshot) if c.eligible), None)


def caught_up(member: Member) -> bool:
    """It may be Primary as it stands, and lacks no more than LAG_LIMIT_S of the data."""
    leads = member.state is MemberState.PRIMARY
    return member.electable and (leads or (member.lag_s is not None and member.lag_s <= LAG_LIMIT_S))


def succession(member: Member) -> tuple[bool, float]:
    """Sorts members, as they stand in the configuration, by who is likely to be Primary: without a lag, by priority."""
    return (_lags(member), -member.priority)


def heartbeat_age_s(member: Member, peer: Member | None = None) -> float | None:
    """Seconds since a peer last heard from it: that peer, else the one that heard last; None when nobody tells."""
    told = [view for name, view in member.seen_by if peer is None or name == peer.name]
    return min((view.heartbeat_age_s for view in told if view.heartbeat_age_s is not None), default=None)


def _heir(eligible: list[Member]) -> Member | None:
    """Whom MongoDB hands over to: of those that have everything, the first in the configuration of highest priority."""
    heir, highest = None, -1
    for member in [m for m in eligible if not _lags(m)] or eligible:
        if member.priority > highest:
            # It keeps the highest as a whole number: of several between two such numbers it takes the last.
            heir, highest = member, int(member.priority)
    return heir


def _lags(member: Member) -> bool:
    return member.lag_s is None or member.lag_s > LAG_NOISE_S


def _candidate(member: Member, primary: Member | None) -> Candidate:
    return Candidate(
        member=member.name,
        predicates=(
            _reachable(member),
            _predicate("state", member.state is MemberState.SECONDARY, str(member.state), "SECONDARY"),
            _predicate("votes", member.voting, "newly added" if member.newly_added else str(member.votes), "1"),
            _predicate("priority", member.priority > 0, f"{member.priority:g}", "above 0"),
            _full(member),
            _within("lag", member.lag_s, LAG_LIMIT_S),
            _within("heartbeat", heartbeat_age_s(member, primary), HEARTBEAT_LIMIT_S),
        ),
        priority=member.priority,
        lag_s=member.lag_s,
    )


def _barred(candidate: Candidate, member: Member, snapshot: Snapshot) -> Candidate:
    """The same, with what keeps it from standing for election, where that is known."""
    bar = next((bar for bar in snapshot.bars if bar.address == member.address), None)
    if bar is None:
        return candidate
    left_s = (bar.until - snapshot.at).total_seconds()
    says = f"not for {left_s:.0f} s more, or until `unfreeze {member.name}`"
    return replace(candidate, predicates=(*candidate.predicates, _predicate("stands", False, says, "it stands")))


def _predicate(name: str, ok: bool, value: str, limit: str) -> Predicate:
    return Predicate(name=name, ok=ok, value=value, limit=limit)


def _reachable(member: Member) -> Predicate:
    ok = member.health is Health.UP and fresh(member.age_s)
    return _predicate("answers", ok, f"{member.health}, {seen(member.age_s)}", f"up, seen within {FRESH_S:g} s")


def _full(member: Member) -> Predicate:
    kinds = [
        kind
        for kind, is_so in (("arbiter", member.arbiter), ("hidden", member.hidden), ("delayed", member.delay_s > 0))
        if is_so
    ]
    return _predicate("kind", not kinds, " and ".join(kinds) or "full member", "full member")


def _within(name: str, measured_s: float | None, limit_s: float) -> Predicate:
    ok = measured_s is not None and measured_s <= limit_s
    value = "unknown" if measured_s is None else f"{measured_s:.1f} s"
    return _predicate(name, ok, value, f"at most {limit_s:g} s")
