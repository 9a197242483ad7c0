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
from console.ports.protocols.host import Completed, HostFacts, Shell, Shells
from console.ports.protocols.lease import Claim, Holder, KeepsLease, LeaseState, LeaseStore
from console.ports.protocols.node import ServicePort, SizePort, Verb
from console.ports.protocols.replica_set import Freezes, LooksAtSpares, Reconfigures, ReplicaSetPort, StepsDown

__all__ = [
    "AddsServers",
    "BalancerPort",
    "Claim",
    "Completed",
    "EndsSessions",
    "Freezes",
    "HealthCheck",
    "Holder",
    "HostFacts",
    "KeepsLease",
    "LeaseState",
    "LeaseStore",
    "LineChange",
    "LooksAtSpares",
    "Persists",
    "Reconfigures",
    "Refused",
    "ReplicaSetPort",
    "ServicePort",
    "SetsAdmin",
    "SetsWeight",
    "Shell",
    "ShellError",
    "Shells",
    "SizePort",
    "StepsDown",
    "TellsSizing",
    "Unclear",
    "Verb",
]
