"""Who could be Primary: each member against each predicate, with what was measured and the limit."""

from dataclasses import dataclass

from console.cluster.fresh import FRESH_S, fresh, seen
from console.cluster.snapshot import Health, Member, MemberState, Snapshot

LAG_LIMIT_S = 10.0
"""A member further behind than this does not count as caught up."""
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
    others = sorted((m for m in snapshot.replica_set.members if m is not primary), key=succession)
    candidates = [_candidate(member, primary) for member in others]
    return sorted(candidates, key=lambda candidate: not candidate.eligible)


def successor(snapshot: Snapshot) -> str | None:
    """The name of the member that is likely to take over after a step-down, or None."""
    return next((c.member for c in electable_after_step_down(snapshot) if c.eligible), None)


def caught_up(member: Member) -> bool:
    """It may be Primary as it stands, and lacks no more than LAG_LIMIT_S of the data."""
    leads = member.state is MemberState.PRIMARY
    return member.electable and (leads or (member.lag_s is not None and member.lag_s <= LAG_LIMIT_S))


def succession(member: Member) -> tuple[float, float, str]:
    """Sorts the likely next Primary first: highest priority, then least lag in seconds."""
    return (-member.priority, member.lag_s if member.lag_s is not None else float("inf"), member.name)


def heartbeat_age_s(member: Member, peer: Member | None = None) -> float | None:
    """Seconds since a peer last heard from it: that peer, else the one that heard last; None when nobody tells."""
    told = [view for name, view in member.seen_by if peer is None or name == peer.name]
    return min((view.heartbeat_age_s for view in told if view.heartbeat_age_s is not None), default=None)


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
