"""The vocabulary: one immutable picture of application servers, balancers, replica set and nodes.

Equal pictures are equal values: what only says *when* something was seen takes no part in comparison, so
a screen redraws nothing while nothing changes.
"""

from console.cluster.snapshot.node import Node
from console.cluster.snapshot.picture import Finding, Snapshot, Tolerates
from console.cluster.snapshot.pools import AppServer, Balancer, PoolMember
from console.cluster.snapshot.replica_set import Member, PeerView, ReplicaSet, SyncProgress
from console.cluster.snapshot.words import Admin, Health, MemberState, Severity

__all__ = [
    "Admin",
    "AppServer",
    "Balancer",
    "Finding",
    "Health",
    "Member",
    "MemberState",
    "Node",
    "PeerView",
    "PoolMember",
    "ReplicaSet",
    "Severity",
    "Snapshot",
    "SyncProgress",
    "Tolerates",
]
