"""What is wrong with the hosts, and with the names of things."""

from collections.abc import Iterator

from console.cluster.finding import Diagnosis, info, warning
from console.cluster.snapshot import Finding, Health, Node, Snapshot

DISK_LIMIT_PERCENT = 90
GIB = 2**30


def host_unknown(snapshot: Snapshot) -> Iterator[Finding]:
    """Nothing is known of the host itself; its services may well be seen."""
    for node in snapshot.nodes:
        if node.shell and node.health is Health.UNKNOWN:
            yield info("host-unknown", node.name, f"The host of {node.name} is not known: {_reason(node)}.")


def host_down(snapshot: Snapshot) -> Iterator[Finding]:
    """The host says no or cannot be there."""
    for node in snapshot.nodes:
        if node.health is Health.DOWN:
            yield warning("host-down", node.name, f"The host of {node.name} is down: {_reason(node)}.")


def disk_nearly_full(snapshot: Snapshot) -> Iterator[Finding]:
    """More of its disk is used than the limit."""
    for node in snapshot.nodes:
        if not node.disk_bytes or node.disk_used_bytes is None:
            continue
        percent = 100 * node.disk_used_bytes / node.disk_bytes
        if percent > DISK_LIMIT_PERCENT:
            used, whole = node.disk_used_bytes / GIB, node.disk_bytes / GIB
            says = (
                f"The disk of {node.name} is {percent:.0f} % full: {used:.0f} of {whole:.0f} GiB "
                f"(limit {DISK_LIMIT_PERCENT} %)."
            )
            yield warning("disk-nearly-full", node.name, says)


def looks_alike(snapshot: Snapshot) -> Iterator[Finding]:
    """A name holds characters that can be mistaken for others, or had some that cannot be shown."""
    tiers = (snapshot.app_servers, snapshot.balancers, snapshot.replica_set.members, snapshot.nodes)
    for name in sorted({thing.name for tier in tiers for thing in tier}):
        if not name.isascii() or "\\" in name:
            shown = name if name.isascii() else ascii(name)[1:-1]
            yield warning("looks-alike", name, f"The name '{shown}' may be mistaken for another.")


def _reason(node: Node) -> str:
    return node.reason or "no reason given"


DIAGNOSES: tuple[Diagnosis, ...] = (host_unknown, host_down, disk_nearly_full, looks_alike)
