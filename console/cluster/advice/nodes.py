"""Advice on the size of single nodes: memory, cache, and what the vendor asks for."""

from collections.abc import Iterator

from console.cluster.advice.advice import WRITES, Advice, resize
from console.cluster.headroom import FULL
from console.cluster.sizing import Sizing, gb, lacks, unread
from console.cluster.snapshot import Snapshot

MEMORY_FULL = 0.9
"""More than this part of a host's memory in use is too much."""


def memory(snapshot: Snapshot) -> Iterator[Advice]:
    """Whose host has hardly any left."""
    for node in snapshot.nodes:
        used, whole = node.memory_used_bytes, node.memory_bytes
        if used and whole and used > MEMORY_FULL * whole and not node.spare:
            wanted = used / FULL
            yield Advice(
                subject=node.name,
                says=f"Give {node.name} {gb(wanted)} of memory.",
                because=(f"{gb(used)} of {gb(whole)} are in use; at {FULL:.0%} there is room for a rise",),
                action=resize(node),
            )


def cache(snapshot: Snapshot) -> Iterator[Advice]:
    """Whose data is larger than the cache; that is right as long as what is used fits."""
    for member in snapshot.replica_set.members:
        data, held = member.data_bytes, member.cache_bytes
        if data and held and data > held:
            node = snapshot.node(member.name)
            yield Advice(
                subject=member.name,
                says=f"If {member.name} reads much from disk, give it a cache of up to {gb(data)}.",
                because=(f"its cache holds {gb(held)} of {gb(data)} of data", WRITES),
                action=resize(node) if node else "",
            )


def vendor(snapshot: Snapshot, sizing: Sizing | None, users: int | None) -> Iterator[Advice]:
    """What nodes lack of what the vendor asks for so many users."""
    if sizing is None:
        return
    row = None if users is None else sizing.row(users)
    if users is None:
        yield Advice(
            subject=snapshot.cluster,
            says="How many people use it is not known here: --users N compares it with the vendor's table.",
            because=(sizing.source,),
        )
    elif row is None:
        yield Advice(
            subject=snapshot.cluster,
            says=f"Ask the vendor: the table ends at {sizing.rows[-1].users} users.",
            because=(sizing.source,),
        )
    else:
        for node in snapshot.nodes:
            need = row.app if "app" in node.roles else row.member if "member" in node.roles else None
            if need is not None and (short := lacks(node, need)):
                yield Advice(
                    subject=node.name,
                    says=f"Give {node.name} what is missing: it has {', '.join(short)}.",
                    because=(f"that is what the vendor asks for up to {row.users} users: {sizing.source}",),
                    action=resize(node),
                )
            elif need is not None and unread(node):
                yield Advice(subject=node.name, says=f"The size of {node.name} cannot be read: compare it by hand.")
