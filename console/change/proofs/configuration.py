"""What must be seen of the replica set's configuration, and of the members that come and go with it."""

from dataclasses import dataclass

from console.change.proofs.proof import Verdict
from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.configuration import configuration, difference
from console.cluster.progress import progress_words
from console.cluster.snapshot import Health, Member, MemberState, Snapshot
from console.cluster.views import MemberConfig


@dataclass(frozen=True, slots=True)
class ConfigurationIs:
    """Every reachable member holds one configuration, and it reads these lines."""

    says: str
    lines: tuple[MemberConfig, ...]
    only: tuple[str, ...] = ()
    """Look at the lines of these addresses only; empty: at all."""
    counted: str = ""
    """The address whose vote must count already: a voter that has just joined does not until it has caught up."""
    led: bool = False
    """There must be a Primary, too."""

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says what is not so yet, or who does not hold it yet."""
        replica_set = snapshot.replica_set
        holders = [m for m in replica_set.members if m.configured and seen_since(m, since_s)]
        if not holders:
            return Verdict(False, "no member has been looked at since", blind=True)
        if otherwise := difference(self._looked_at(self.lines), self._looked_at(configuration(replica_set))):
            return Verdict(False, f"the configuration is not so yet: {otherwise}")
        behind = next((m for m in holders if m.config_version != replica_set.config_version), None)
        if behind:
            held = f"configuration {behind.config_version}, not yet {replica_set.config_version}"
            return Verdict(False, f"{behind.name} holds {held}")
        voter = snapshot.member(self.counted) if self.counted else None
        if self.counted and (voter is None or not voter.voting):
            return Verdict(False, f"the vote of {voter.name if voter else self.counted} does not count yet")
        if self.led and replica_set.primary not in holders:
            return Verdict(False, "there is no Primary yet")
        return Verdict(True, f"{self.says}: configuration {replica_set.config_version} at {len(holders)} members")

    def _looked_at(self, lines: tuple[MemberConfig, ...]) -> tuple[MemberConfig, ...]:
        return tuple(line for line in lines if not self.only or line.address in self.only)


@dataclass(frozen=True, slots=True)
class Synced:
    """A member has copied the data and is a secondary that has caught up."""

    member: str
    address: str

    @property
    def says(self) -> str:
        """Names the member and the limit."""
        return f"{self.member} is SECONDARY and at most {LAG_LIMIT_S:g} s behind"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says how far it is; it is all there only when it says SECONDARY."""
        member = snapshot.member(self.address)
        if member is None or not member.configured:
            return Verdict(False, f"{self.member} is not in the configuration")
        if not seen_since(member, since_s):
            why = member.reason or "not looked at since"
            return Verdict(False, f"{self.member} does not tell how far it is: {why}{_peers_say(member)}")
        if member.state is not MemberState.SECONDARY:
            how_far = progress_words(member.progress)
            return Verdict(False, f"{self.member} is {member.state}" + (f": {how_far}" if how_far else ""))
        if member.lag_s is None or member.lag_s > LAG_LIMIT_S:
            behind = "how far behind is not known" if member.lag_s is None else f"{member.lag_s:.0f} s behind"
            return Verdict(False, f"{self.member} is SECONDARY, {behind}")
        return Verdict(True, f"{self.member} is SECONDARY, {member.lag_s:.0f} s behind")


@dataclass(frozen=True, slots=True)
class Outside:
    """A member is in the configuration of no reachable member, and says so itself or does not answer."""

    member: str
    address: str
    lines: tuple[MemberConfig, ...]

    @property
    def says(self) -> str:
        """Names the member."""
        return f"{self.member} is in no reachable member's configuration, and REMOVED or not answering"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says who still holds it, or what it still takes itself for."""
        gone = ConfigurationIs(f"{self.member} is gone", self.lines).look(snapshot, since_s)
        if not gone.holds:
            return gone
        itself = snapshot.member(self.address)
        if itself and itself.health is Health.UP and itself.state is not MemberState.REMOVED:
            return Verdict(False, f"{self.member} still says {itself.state} of itself")
        spare = next((s for s in snapshot.spare_members if s.address == self.address), None)
        if spare and spare.health is Health.UP and spare.set_name:
            return Verdict(False, f"{self.member} still says that it is in {spare.set_name}")
        return gone


@dataclass(frozen=True, slots=True)
class StaysSecondary:
    """A frozen member answers and is a secondary: all that can be seen of a freeze, which cannot be read back."""

    member: str

    @property
    def says(self) -> str:
        """That the answer is the proof."""
        return f"MongoDB answered ok, and {self.member} is SECONDARY (a freeze cannot be read back)"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says what it is."""
        member = snapshot.member(self.member)
        if member is None or not seen_since(member, since_s):
            return Verdict(False, f"{self.member} has not been looked at since", blind=True)
        if member.state is not MemberState.SECONDARY:
            return Verdict(False, f"{self.member} is {member.state}")
        return Verdict(True, self.says)


def seen_since(member: Member, since_s: float) -> bool:
    """It answered since then."""
    return member.health is Health.UP and member.age_s is not None and member.age_s <= since_s


def _peers_say(member: Member) -> str:
    told = next((f"{view.state}: {view.says}" for _, view in member.seen_by if view.says), "")
    return f"; its peers see {told}" if told else ""
