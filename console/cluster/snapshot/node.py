"""The hosts."""

from dataclasses import dataclass, field, fields

from console.cluster.snapshot.words import Health, ServiceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a node may use, as it is read inside the node; None where it cannot be told."""

    cpus: float | None = None
    memory_bytes: int | None = None
    cache_bytes: int | None = None
    """Of a database member: the most that WiredTiger's cache may hold."""
    workers: int | None = None
    """Of an application server: requests that it works on at once."""

    def only(self, named: "Size") -> "Size":
        """The values that another size names; None for the others."""
        return Size(**{f.name: getattr(self, f.name) for f in fields(Size) if getattr(named, f.name) is not None})


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
    shell: bool = True
    """The cluster file gives a way to its shell; without one nothing is asked of the host itself."""
    spare: bool = False
    """Prepared and not in use: it stands in no pool and in no replica set, and is not counted."""
    has_service: bool = False
    """The cluster file says how its service is started and stopped."""
    service: ServiceState = ServiceState.UNKNOWN
    service_reason: str = ""
    service_forbidden: str = ""
    """Why our user may not start and stop it."""
    service_age_s: float | None = field(default=None, compare=False)
    has_size: bool = False
    """The cluster file says how its size is read and changed."""
    size: Size | None = None
    """None while it could not be read."""
    size_reason: str = ""
    size_forbidden: str = ""
    """Why our user may not change it."""
    size_age_s: float | None = field(default=None, compare=False)
    size_live: bool = False
    """A new size takes effect at once; otherwise at the next start of the service."""
    size_most: Size = Size()
    """The largest that it can be given, where that is told."""
    in_use_bytes: int | None = field(default=None, compare=False)
    """Memory that its service holds now."""
    age_s: float | None = field(default=None, compare=False)
