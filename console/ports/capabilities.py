"""What a plugin can do beyond its port, by the name that an operator knows it under; what it lacks is not offered."""

from collections.abc import Mapping

from console.ports.protocols import (
    AddsServers,
    EndsSessions,
    Freezes,
    KeepsLease,
    LooksAtSpares,
    Reconfigures,
    SetsAdmin,
    SetsWeight,
    StepsDown,
    TellsSizing,
)

CAPABILITIES: Mapping[str, Mapping[str, type]] = {
    "balancer": {
        "drain, maint and ready": SetsAdmin,
        "weights": SetsWeight,
        "servers join and leave": AddsServers,
        "end sessions": EndsSessions,
    },
    "replica_set": {
        "step down": StepsDown,
        "reconfigure": Reconfigures,
        "freeze": Freezes,
        "spare members": LooksAtSpares,
        "lease": KeepsLease,
    },
    "health": {"sizing": TellsSizing},
}


def capabilities(port: str, provider: type) -> tuple[str, ...]:
    """The names of those that a plugin's class has."""
    return tuple(name for name, protocol in CAPABILITIES.get(port, {}).items() if _has(provider, protocol))


def _has(provider: type, protocol: type) -> bool:
    return all(hasattr(provider, name) for name in vars(protocol) if not name.startswith("_"))
