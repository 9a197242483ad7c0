"""The lease alone, while its replica set is broken: never two holders, and a fence that only rises."""

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from console.change.lease import MARGIN
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.protocols import Claim, KeepsLease, LeaseStore, Refused, Unclear
from console.ports.reach import Reach

TTL_S = 3.0
CLIENTS = 4


@dataclass(frozen=True, order=True)
class Grant:
    """When a client believed that it alone had the lease, by the one clock of this machine."""

    began_s: float
    ended_s: float
    fence: int
    client: int


@dataclass
class History:
    """What the clients saw."""

    grants: list[Grant] = field(default_factory=list)
    refused: int = 0
    unclear: int = 0

    @property
    def overlaps(self) -> list[tuple[Grant, Grant]]:
        """Two that believed so at the same time."""
        ordered = sorted(self.grants)
        return [(one, two) for one, two in pairwise(ordered) if two.began_s < one.ended_s]

    @property
    def fences(self) -> list[int]:
        """In the order in which they were granted."""
        return [grant.fence for grant in sorted(self.grants)]


async def chaos(
    cluster_file: Path, seconds: float, seed: int, faults: Sequence[Callable[[], Awaitable[None]]]
) -> History:
    """Clients that take and give back the lease, while one fault after the other is done to its set."""
    file = ClusterFile.read(cluster_file, Plugins((bundled("plugins"),)))
    history, ends_s = History(), time.monotonic() + seconds
    reaches = [Reach.of(file) for _ in range(CLIENTS)]
    try:
        stores: list[LeaseStore] = []
        for reach in reaches:
            assert isinstance(reach.replica_set, KeepsLease)
            stores.append(reach.replica_set.lease)
        clients = [
            asyncio.create_task(_client(number, store, ends_s, random.Random(seed + number), history))
            for number, store in enumerate(stores)
        ]
        for fault in faults:
            await asyncio.sleep(seconds / (len(faults) + 1))
            await fault()
        await asyncio.gather(*clients)
    finally:
        for reach in reaches:
            await reach.close()
    return history


async def _client(number: int, store: LeaseStore, ends_s: float, chance: random.Random, history: History) -> None:
    while time.monotonic() < ends_s:
        rid, asked_s = secrets.token_hex(8), time.monotonic()
        about = {"owner": f"client {number}", "run": rid[:8], "says": "chaos", "reason": "chaos"}
        try:
            state = await store.acquire(Claim(**about, rid=rid, ttl_s=TTL_S))
        except Refused:
            history.refused += 1
        except Unclear:
            history.unclear += 1
        else:
            if state.rid == rid:
                began_s, deadline_s = time.monotonic(), asked_s + state.left_s - TTL_S * MARGIN
                await asyncio.sleep(chance.uniform(0, 0.4))
                history.grants.append(Grant(began_s, min(time.monotonic(), deadline_s), state.fence, number))
                with suppress(Refused, Unclear):
                    await store.release(rid)
        await asyncio.sleep(chance.uniform(0, 0.2))
