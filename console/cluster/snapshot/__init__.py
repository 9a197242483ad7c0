"""The vocabulary: one immutable picture of application servers, balancers, replica set and nodes.

Equal pictures are equal values: what only says *when* something was seen takes no part in comparison, so
a screen redraws nothing while nothing changes.
"""

from console.cluster.snapshot.load import Load, ServerLoad
from console.cluster.snapshot.node import Node, Size
from console.cluster.snapshot.picture import Approval, Bar, Finding, Hold, Lease, SetChange, Snapshot, Tolerates
from console.cluster.snapshot.pools import AppServer, Backend, Balancer, PoolMember, WrittenLine, all_sessions
from console.cluster.snapshot.replica_set import Member, PeerView, ReplicaSet, SpareMember, SyncProgress
from console.cluster.snapshot.words import Admin, Health, MemberState, ServiceState, Severity

__all__ = [
    "Admin",
    "AppServer",
    "Approval",
    "Backend",
    "Balancer",
    "Bar",
    "Finding",
    "Health",
    "Hold",
    "Lease",
    "Load",
    "Member",
    "MemberState",
    "Node",
    "PeerView",
    "PoolMember",
    "ReplicaSet",
    "ServerLoad",
    "ServiceState",
    "SetChange",
    "Severity",
    "Size",
    "Snapshot",
    "SpareMember",
    "SyncProgress",
    "Tolerates",
    "WrittenLine",
    "all_sessions",
]
