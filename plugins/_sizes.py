"""What of a size can be given from outside: memory and cpus, and nothing that stands in a service's own file."""

from console.cluster.snapshot import Size
from console.ports.protocols import Refused

IN_ITS_FILE = {"cache_bytes": "cache", "workers": "workers"}


def require_from_outside(size: Size, node: str, kind: str) -> None:
    """Raises Refused for what no `kind` (a unit, a container) has."""
    for field, word in IN_ITS_FILE.items():
        if getattr(size, field) is not None:
            raise Refused(f"{node}: {kind} has no {word}: set it in the service's own file")
