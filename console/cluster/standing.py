"""What stands: the numbers that decide whether service and writes go on, now and after a loss."""

from dataclasses import dataclass
from typing import Any

from console.cluster.candidates import caught_up
from console.cluster.capacity import Burden, burden
from console.cluster.serving import Entry, pools_known, serves
from console.cluster.snapshot import ReplicaSet, Snapshot, Tolerates

__all__ = ["Entry", "Quorum", "Standing", "pools_known", "quorum", "serves", "serving", "standing", "tolerates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """What stands of the replica set; what is unknown does not count."""

    votes_up: int
    majority: int
    """Votes that an election needs."""
    copies_up: int
    """Voting members with a copy of the data that are up."""
    write_majority: int
    """Copies that must acknowledge a majority write."""
    electable: int
    """Members that may be Primary and have caught up."""
    members: int
    """Members that may still be lost before writes stop."""
    writable: bool
    """There is a Primary."""

    @property
    def writes_stand(self) -> bool:
        """A Primary can be elected, and a majority write can be acknowledged."""
        return self.votes_up >= self.majority and self.copies_up >= self.write_majority and self.electable > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Quorum):
    """What stands, in the numbers that decide whether service and writes go on."""

    serving: int
    """Serving application servers, in the backend that has fewest."""
    capacity: float
    """Share of the configured weight that serves, in the backend that has least; 1.0 is all of it."""
    burden: Burden
    """What the peak of the last minutes asks of the busiest server."""
    app_servers: int
    """All application servers, serving or not."""


def tolerates(snapshot: Snapshot) -> Tolerates:
    """How many servers and how many members may be lost, one at a time; 0 where that cannot be known."""
    return Tolerates(app_servers=max(0, serving(snapshot) - 1), members=quorum(snapshot.replica_set).members)


def standing(snapshot: Snapshot) -> Standing:
    """What stands in a snapshot; what is unknown does not count."""
    return Standing(
        **_quorum(snapshot.replica_set),
        serving=serving(snapshot),
        capacity=min(map(_capacity, pools_known(snapshot).values()), default=0.0),
        burden=burden(snapshot),
        app_servers=len(snapshot.app_servers),
    )


def quorum(replica_set: ReplicaSet) -> Quorum:
    """What stands of a replica set alone."""
    return Quorum(**_quorum(replica_set))


def serving(snapshot: Snapshot, without: str = "") -> int:
    """Serving application servers, in the backend that has fewest; when the failure domain `without` is lost."""
    lost = {balancer.name for balancer in snapshot.balancers if without and balancer.domain == without}
    left = (
        sum(serves(server, entry) for server, entry in pool if not without or server.domain != without)
        for (balancer, _), pool in pools_known(snapshot).items()
        if balancer not in lost
    )
    return min(left, default=0)


def _quorum(replica_set: ReplicaSet) -> dict[str, Any]:
    copies = [m for m in replica_set.members if m.voting and m.data_bearing]
    write_majority = min(replica_set.majority, len(copies))
    votes_up, copies_up = replica_set.voters_up, sum(member.up for member in copies)
    electable = sum(caught_up(member) for member in replica_set.members)
    writable = replica_set.primary is not None
    spare = min(votes_up - replica_set.majority, copies_up - write_majority, electable - 1)
    return {
        "votes_up": votes_up,
        "majority": replica_set.majority,
        "copies_up": copies_up,
        "write_majority": write_majority,
        "electable": electable,
        "members": max(0, spare) if writable else 0,
        "writable": writable,
    }


def _capacity(pool: list[Entry]) -> float:
    configured = sum(entry.weight for _, entry in pool if not entry.backup)
    left = sum(entry.weight for server, entry in pool if not entry.backup and serves(server, entry))
    return left / configured if configured else 0.0
