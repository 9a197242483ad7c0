"""How long the replica set was without a Primary, as seen from here."""

from console.cluster.snapshot import ReplicaSet
from console.cluster.views import MemberView


class Handovers:
    """Hears every member, and keeps the time between the last one that took writes and the one that does now."""

    def __init__(self) -> None:
        self._leading: frozenset[str] = frozenset()
        """The addresses that take writes."""
        self._ended_s: float | None = None
        self._newest: tuple[int | None, float] | None = None
        """(term, seconds without a Primary before it)."""

    def hear(self, view: MemberView, at_s: float) -> None:
        """What a member said, at a second of the monotonic clock."""
        before, itself = self._leading, {view.address}
        self._leading = before | itself if view.itself.writable else before - itself
        if before and not self._leading:
            self._ended_s = at_s
        elif not before and self._leading and self._ended_s is not None:
            self._newest = (view.itself.term, max(0.0, at_s - self._ended_s))
        elif before and self._leading - before:
            self._newest = (view.itself.term, 0.0)  # it was heard of before the old one said that it is none any more

    def gap_s(self, term: int | None) -> float | None:
        """Seconds without a Primary before that of this term; None when its coming was not seen."""
        return self._newest[1] if self._newest and self._newest[0] == term else None


def gap_words(replica_set: ReplicaSet) -> str:
    """Ends a sentence on the Primary that there is: how long nobody led before; empty when that was not seen."""
    if replica_set.gap_s is None:
        return ""
    return f"; no Primary for {replica_set.gap_s * 1000:.0f} ms as seen from here"
