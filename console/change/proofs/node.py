"""What must be seen of a node: its service, its size, and that it does its work again."""

from dataclasses import dataclass, fields

from console.change.bytesize import exactly
from console.change.proofs.proof import Verdict
from console.cluster.absence import wanting
from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.finding import listed
from console.cluster.snapshot import Health, MemberState, ServiceState, Size, Snapshot
from console.cluster.whatif import standing, without_member


@dataclass(frozen=True, slots=True)
class ServiceIs:
    """The service manager says so."""

    node: str
    state: ServiceState

    @property
    def says(self) -> str:
        """Names node and state."""
        return f"the service of {self.node} is {self.state}"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """By what was read since then."""
        node = snapshot.node(self.node)
        if node is None or node.service_age_s is None or node.service_age_s > since_s:
            return Verdict(False, f"the service of {self.node} has not been looked at since", blind=True)
        because = f": {node.service_reason}" if node.service_reason else ""
        return Verdict(node.service is self.state, f"the service of {self.node} is {node.service}{because}")


@dataclass(frozen=True, slots=True)
class SizeIs:
    """The size that is read inside the node is the one that was asked for, and a member's cache follows it."""

    node: str
    size: Size

    @property
    def says(self) -> str:
        """Names every value."""
        return f"read inside {self.node}: {size_words(self.size)}"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first value that differs."""
        node = snapshot.node(self.node)
        if node is None or node.size_age_s is None or node.size_age_s > since_s:
            return Verdict(False, f"the size of {self.node} has not been read since", blind=True)
        if node.size is None:
            return Verdict(False, f"the size of {self.node} cannot be read: {node.size_reason or 'no reason given'}")
        for field in fields(Size):
            wanted, there = getattr(self.size, field.name), getattr(node.size, field.name)
            if wanted is not None and there != wanted:
                return Verdict(False, f"{self.node} has {size_words(node.size)}, not yet {size_words(self.size)}")
        member = snapshot.member(self.node)
        says = member.cache_bytes if member and member.health is Health.UP else None
        if says is not None and self.size.cache_bytes not in (None, says):
            return Verdict(False, f"{self.node} itself says that its cache may hold {exactly(says)}")
        return Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class Healthy:
    """An application server is well by its own word."""

    server: str

    @property
    def says(self) -> str:
        """Names the server."""
        return f"{self.server} is healthy by its own word"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Whether it stands in a pool or is a spare."""
        everybody = (*snapshot.app_servers, *snapshot.spare_servers)
        server = next((s for s in everybody if s.name == self.server), None)
        if server is None or server.age_s is None or server.age_s > since_s:
            return Verdict(False, f"{self.server} has not been asked since", blind=True)
        if server.health is not Health.UP:
            return Verdict(False, f"{self.server} is {server.health}: {server.reason or 'no reason given'}")
        return Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class Replicates:
    """A member is SECONDARY again, close to a Primary that it sees."""

    member: str

    @property
    def says(self) -> str:
        """Names the member and the limit."""
        return f"{self.member} is SECONDARY, at most {LAG_LIMIT_S:g} s behind"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """By its own word and by its peers' optimes."""
        member = snapshot.member(self.member)
        if member is None or member.age_s is None or member.age_s > since_s:
            return Verdict(False, f"{self.member} has not been seen since", blind=True)
        if member.health is not Health.UP or member.state not in (MemberState.SECONDARY, MemberState.PRIMARY):
            return Verdict(False, f"{self.member} is {member.state}: {member.reason or member.health}")
        if member.lag_s is None or member.lag_s > LAG_LIMIT_S:
            lag = "unknown" if member.lag_s is None else f"{member.lag_s:.0f} s"
            return Verdict(False, f"{self.member} is behind: {lag}")
        return Verdict(True, f"{self.member} is {member.state}, {member.lag_s:.0f} s behind")


@dataclass(frozen=True, slots=True)
class Spared:
    """The replica set can do without a member that is not its Primary."""

    member: str

    @property
    def says(self) -> str:
        """Names the member."""
        return f"{self.member} does not lead, and writes go on without it"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says who is wanting, or what would be left."""
        member = snapshot.member(self.member)
        if member is None or member.age_s is None or member.age_s > since_s:
            return Verdict(False, f"{self.member} has not been seen for {since_s:g} s", blind=True)
        if member.writable:
            return Verdict(False, f"{self.member} is Primary")
        if behind := wanting(snapshot, self.member):
            return Verdict(False, f"{listed(behind)} would be needed without {self.member}, and cannot be counted on")
        left = standing(without_member(snapshot, self.member))
        if not left.writes_stand:
            return Verdict(False, f"without {self.member} {left.votes_up} of {left.majority} votes would be left")
        return Verdict(True, self.says)


def size_words(size: Size) -> str:
    """`2 cpus, 4 GiB of memory`; empty for a size that says nothing."""
    parts = (
        None if size.cpus is None else f"{size.cpus:g} cpu{'s' * (size.cpus != 1)}",
        None if size.memory_bytes is None else f"{exactly(size.memory_bytes)} of memory",
        None if size.cache_bytes is None else f"{exactly(size.cache_bytes)} of cache",
        None if size.workers is None else f"{size.workers} worker{'s' * (size.workers != 1)}",
    )
    return ", ".join(part for part in parts if part)
