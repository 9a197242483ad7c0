"""What a plugin can do beyond its port; what a balancer's lacks is told before a plan is made."""

import inspect
from collections.abc import Mapping
from dataclasses import replace

from console.cluster.snapshot import Backend
from console.cluster.views import BalancerView
from console.ports.protocols import (
    AddsServers,
    BalancerPort,
    EndsSessions,
    Freezes,
    KeepsLease,
    LooksAtSpares,
    Persists,
    ReadsBack,
    Reconfigures,
    SetsAdmin,
    SetsWeight,
    StepsDown,
    TellsLog,
    TellsRaw,
    TellsSizing,
)

CAPABILITIES: Mapping[str, Mapping[str, type]] = {
    "balancer": {
        "drain and maint": SetsAdmin,
        "weights": SetsWeight,
        "servers join and leave": AddsServers,
        "end sessions": EndsSessions,
        "persist": Persists,
        "raw": TellsRaw,
    },
    "replica_set": {
        "step down": StepsDown,
        "reconfigure": Reconfigures,
        "freeze": Freezes,
        "spare members": LooksAtSpares,
        "lease": KeepsLease,
        "raw": TellsRaw,
    },
    "health": {"sizing": TellsSizing, "raw": TellsRaw},
    "facts": {"raw": TellsRaw},
    "service": {"log": TellsLog},
    "journal": {"read back": ReadsBack},
}
"""By the name that an operator knows it under."""
LACKS = "its plugin does not offer it"


def offered(port: BalancerPort, view: BalancerView) -> BalancerView:
    """The view, in which every backend refuses what the plugin has no capability for."""
    told = {backend.name: backend for backend in view.pools}
    names = dict.fromkeys((*view.backends, *told, *(server.backend for server in view.servers)))
    return replace(view, pools=tuple(_offered(port, told.get(name, Backend(name=name))) for name in names))


def _offered(port: BalancerPort, backend: Backend) -> Backend:
    def why(capability: type, refuses: str) -> str:
        return refuses if isinstance(port, capability) else refuses or LACKS

    return replace(
        backend,
        refuses_drain=why(SetsAdmin, backend.refuses_drain),
        refuses_servers=why(AddsServers, backend.refuses_servers),
        refuses_weights=why(SetsWeight, backend.refuses_weights),
        refuses_ending=why(EndsSessions, backend.refuses_ending),
        refuses_lines=backend.refuses_lines if isinstance(port, Persists) else LACKS,
    )


def capabilities(port: str, provider: type) -> tuple[str, ...]:
    """The names of those that a plugin's class has."""
    return tuple(name for name, protocol in CAPABILITIES.get(port, {}).items() if _has(provider, protocol))


def _has(provider: type, protocol: type) -> bool:
    declared = {name for kind in provider.__mro__ for name in inspect.get_annotations(kind)}
    return all(hasattr(provider, name) or name in declared for name in vars(protocol) if not name.startswith("_"))
