"""How much an application's vendor asks for, by the number of users; the numbers come from its plugin."""

from dataclasses import dataclass

from console.cluster.snapshot import Node, Size

GB = 10**9
"""Vendors' tables count in powers of ten, and a machine shows a little less than it was sold with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one node of one tier needs at least."""

    cpus: int
    memory_bytes: int
    memory_most_bytes: int
    """The upper end where the vendor gives a range, else the same."""
    disk_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingRow:
    """What is needed up to so many users."""

    users: int
    app: Need
    member: Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """A vendor's whole table, the smallest row first."""

    source: str
    """Where the vendor says so."""
    rows: tuple[SizingRow, ...]

    def row(self, users: int) -> SizingRow | None:
        """The row for so many users; None when the table ends before."""
        return next((row for row in self.rows if users <= row.users), None)


def held(node: Node) -> Size:
    """What a node may use: by its size where it has one, else what the host has."""
    size = node.size or Size()
    return Size(
        cpus=node.cpus if size.cpus is None else size.cpus,
        memory_bytes=node.memory_bytes if size.memory_bytes is None else size.memory_bytes,
        cache_bytes=size.cache_bytes,
        workers=size.workers,
    )


def lacks(node: Node, need: Need) -> list[str]:
    """What a node has less of than it needs, in words; what is not known is said by `unread`."""
    has, found = held(node), []
    if has.cpus is not None and has.cpus < need.cpus:
        found.append(f"{has.cpus:g} of {need.cpus} cpus")
    if has.memory_bytes is not None and has.memory_bytes < need.memory_bytes:
        found.append(f"{gb(has.memory_bytes)} of {gb(need.memory_bytes)} memory")
    if node.disk_bytes is not None and node.disk_bytes < need.disk_bytes:
        found.append(f"{gb(node.disk_bytes)} of {gb(need.disk_bytes)} disk")
    return found


def unread(node: Node) -> bool:
    """Its size cannot be told."""
    return held(node).cpus is None or held(node).memory_bytes is None


def gb(count: float) -> str:
    """`12 GB`, `3.9 GB`."""
    return f"{count / GB:.0f} GB" if count >= 10 * GB else f"{count / GB:.1f} GB".replace(".0 ", " ")
