"""What must be seen of the replica set."""

from dataclasses import dataclass

from console.change.proofs.proof import Verdict, both
from console.cluster.handover import gap_words
from console.cluster.snapshot import Health, Snapshot


@dataclass(frozen=True, slots=True)
class NewPrimary:
    """One writable Primary other than the old one, of a higher term, and every reachable member agrees."""

    old: str
    term: int
    to: str = ""
    """The only one that it may be; empty: any."""

    @property
    def says(self) -> str:
        """Names the term."""
        who = self.to or f"not {self.old}"
        return f"one writable Primary, {who}, in a term above {self.term}, seen by every reachable member"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says who is Primary, or who disagrees."""
        members = [
            m
            for m in snapshot.replica_set.members
            if m.health is Health.UP and not m.arbiter and m.age_s is not None and m.age_s <= since_s
        ]
        writable = [m for m in members if m.writable]
        if len(writable) != 1:
            names = both([m.name for m in writable]) or "nobody"
            return Verdict(False, f"{names} takes writes", blind=not writable)
        primary = writable[0]
        if primary.name == self.old or (primary.term or 0) <= self.term:
            unchanged = primary.name == self.old and primary.term == self.term
            return Verdict(False, f"{primary.name} is still Primary in term {primary.term}", unchanged)
        if self.to not in ("", primary.name):
            return Verdict(False, f"{primary.name} is Primary in term {primary.term}, and not {self.to}")
        for member in members:
            if member.believes_primary != primary.address:
                return Verdict(False, f"{member.name} does not see {primary.name} as Primary yet")
        says = f"{primary.name} is Primary in term {primary.term}, seen by {len(members)} members"
        return Verdict(True, says + gap_words(snapshot.replica_set))
