"""The capabilities that plugins provide; a class may provide several, and is asked with `isinstance`.

A look never raises: what cannot be seen is a view whose health and reason say so. A change raises `Refused` when the
target said no and nothing changed, and `Unclear` when it was sent and the answer was lost: unknown until re-read.
"""

from console.ports.protocols.balancer import (
    AddsServers,
    BalancerPort,
    EndsSessions,
    LineChange,
    Persists,
    SetsAdmin,
    SetsWeight,
)
from console.ports.protocols.errors import Refused, ShellError, Unclear
from console.ports.protocols.health import HealthCheck, TellsSizing
from console.ports.protocols.host import Completed, HostFacts, HostKey, Route, Shell, Shells, TrustsHosts
from console.ports.protocols.journal import CopiedRecord, Forked, JournalCopy, NotKept, ReadsBack
from console.ports.protocols.lease import Claim, Holder, KeepsLease, LeaseState, LeaseStore
from console.ports.protocols.node import Closes, ServicePort, SizePort, Verb
from console.ports.protocols.replica_set import (
    Freezes,
    LooksAtSpares,
    Reconfigures,
    ReplicaSetPort,
    Right,
    StepsDown,
    TellsRights,
)
from console.ports.protocols.telling import RawDocument, TellsLog, TellsRaw

__all__ = [
    "AddsServers",
    "BalancerPort",
    "Claim",
    "Closes",
    "Completed",
    "CopiedRecord",
    "EndsSessions",
    "Forked",
    "Freezes",
    "HealthCheck",
    "Holder",
    "HostFacts",
    "HostKey",
    "JournalCopy",
    "KeepsLease",
    "LeaseState",
    "LeaseStore",
    "LineChange",
    "LooksAtSpares",
    "NotKept",
    "Persists",
    "RawDocument",
    "ReadsBack",
    "Reconfigures",
    "Refused",
    "ReplicaSetPort",
    "Right",
    "Route",
    "ServicePort",
    "SetsAdmin",
    "SetsWeight",
    "Shell",
    "ShellError",
    "Shells",
    "SizePort",
    "StepsDown",
    "TellsLog",
    "TellsRaw",
    "TellsRights",
    "TellsSizing",
    "TrustsHosts",
    "Unclear",
    "Verb",
]
