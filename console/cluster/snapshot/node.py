"""The hosts."""

from dataclasses import dataclass, field

from console.cluster.snapshot.words import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One host: what it is and what it is for."""

    name: str
    address: str
    roles: tuple[str, ...] = ()
    domain: str = ""
    cpus: int | None = None
    memory_bytes: int | None = None
    memory_used_bytes: int | None = field(default=None, compare=False)
    disk_bytes: int | None = None
    disk_used_bytes: int | None = field(default=None, compare=False)
    load1: float | None = field(default=None, compare=False)
    health: Health = Health.UNKNOWN
    reason: str = ""
    age_s: float | None = field(default=None, compare=False)
