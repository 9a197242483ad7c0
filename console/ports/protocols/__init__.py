"""The capabilities that plugins provide; a class may provide several, and is asked with `isinstance`.

A look never raises: what cannot be seen is a view whose health and reason say so. A change raises `Refused` when the
target said no and nothing changed, and `Unclear` when it was sent and the answer was lost: unknown until re-read.
"""

from console.ports.protocols.balancer import BalancerPort, EndsSessions, SetsAdmin
from console.ports.protocols.errors import Refused, ShellError, Unclear
from console.ports.protocols.health import HealthCheck, TellsSizing
from console.ports.protocols.host import Completed, HostFacts, Shell, Shells
from console.ports.protocols.node import ServicePort, SizePort, Verb
from console.ports.protocols.replica_set import ReplicaSetPort, StepsDown

__all__ = [
    "BalancerPort",
    "Completed",
    "EndsSessions",
    "HealthCheck",
    "HostFacts",
    "Refused",
    "ReplicaSetPort",
    "ServicePort",
    "SetsAdmin",
    "Shell",
    "ShellError",
    "Shells",
    "SizePort",
    "StepsDown",
    "TellsSizing",
    "Unclear",
    "Verb",
]
