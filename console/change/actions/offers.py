"""What the balancers can do in the places of a server: where there is no drain, a plan goes without, and says so."""

from collections.abc import Iterable

from console.change.ops import Place
from console.change.plan import Check
from console.cluster.finding import listed
from console.cluster.snapshot import AppServer, PoolMember, Snapshot


def drains(snapshot: Snapshot, at: PoolMember | Place) -> bool:
    """Its balancer can drain a server there; where that is not told, the command itself will tell."""
    backend = snapshot.backend(at.balancer, at.backend)
    return backend is None or not backend.refuses_drain


def lasts(snapshot: Snapshot, pool: PoolMember) -> bool:
    """What is changed there outlives a reload by itself."""
    backend = snapshot.backend(pool.balancer, pool.backend)
    return backend is not None and backend.lasts


def drain_checks(snapshot: Snapshot, server: AppServer) -> tuple[Check, ...]:
    """Where a place has no drain: that, and what does the same there."""
    return tuple(
        Check(
            says=f"{pool.balancer} drains servers in {pool.backend}",
            ok=False,
            value=f"{backend.refuses_drain}; `maint {server.name}` sends it no new client and lets requests in flight "
            "finish",
            limit="yes",
        )
        for pool in server.pools
        if (backend := snapshot.backend(pool.balancer, pool.backend)) and backend.refuses_drain
    )


def undrained_notes(snapshot: Snapshot, server: AppServer) -> tuple[str, ...]:
    """Where nothing is drained and waited for before maintenance, and why."""
    undrained: dict[str, list[PoolMember]] = {}
    for pool in server.pools:
        if (backend := snapshot.backend(pool.balancer, pool.backend)) and backend.refuses_drain:
            undrained.setdefault(backend.refuses_drain, []).append(pool)
    uncounted = [pool for pool in server.pools if drains(snapshot, pool) and pool.sessions is None]
    notes = [
        f"No drain and no wait in {_places(pools)}, for {why}: maintenance sends {server.name} no new client, requests "
        "in flight finish by themselves, and how many are left cannot be seen."
        for why, pools in undrained.items()
    ]
    if uncounted:
        notes.append(f"How many sessions {server.name} has in {_places(uncounted)} is not known: nothing waits there.")
    return tuple(notes)


def _places(pools: Iterable[PoolMember]) -> str:
    return listed(f"{pool.backend} on {pool.balancer}" for pool in pools)
