"""What a watch polls: one look at one thing, and the view that stands for it when a plugin breaks."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from console.cluster.layout import Layout
from console.cluster.snapshot import Health, ServiceState, SpareMember
from console.cluster.views import BalancerView, HealthView, HostView, LeaseView, ServiceView, SizeView, SpareView, View
from console.ports.capabilities import offered
from console.ports.clusterfile import WatchTable
from console.ports.protocols import (
    BalancerPort,
    HealthCheck,
    HostFacts,
    KeepsLease,
    LeaseStore,
    LooksAtSpares,
    ServicePort,
    Shells,
    SizePort,
)
from console.ports.reach import Reach

SPARES_S = 2.0
"""How often a spare member is looked at: within FRESH_S, so that a plan may stand on it."""


class Source:
    """One thing that is polled: at its own pace with jitter, at once when asked, faster in a hurry."""

    def __init__(
        self,
        look: Callable[[], Awaitable[View]],
        broken: Callable[[str], View],
        every_s: float,
        *,
        background: bool = False,
        node: str = "",
    ) -> None:
        self.every_s = every_s
        self.background = background
        """Nothing waits for it: neither a preflight nor a proof."""
        self.node = node
        """Where it is the service or the size of a node, or a spare: waited for only while an action touches it."""
        self.looked_at_s = float("-inf")
        """When the newest finished look began, by the monotonic clock."""
        self._look = look
        self._broken = broken
        self._now = asyncio.Event()

    def ask(self) -> None:
        """Look as soon as the look that is going on, if any, has ended."""
        self._now.set()

    async def views(self, hurry_s: Callable[["Source"], float | None]) -> AsyncIterator[tuple[View, float]]:
        """Each view with the second at which its look began, for ever; a broken plugin is a view that says so."""
        if self.node:
            await self._asked_within(random.uniform(0.0, self.every_s))  # not every host at once when a console opens
        while True:
            began_s = time.monotonic()
            self._now.clear()
            try:
                view = await self._look()
            except Exception as broken:  # noqa: BLE001 - a plugin may raise anything; it must not end the watch
                view = self._broken(f"its plugin failed: {type(broken).__name__}: {broken}")
            self.looked_at_s = began_s
            yield view, began_s
            pace_s = hurry_s(self) or self.every_s
            await self._asked_within(min(self.every_s, pace_s) * random.uniform(0.9, 1.1))

    async def _asked_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._now.wait()


def sources(reach: Reach, layout: Layout, paces: WatchTable) -> list[Source]:
    """Every source that the cluster file gives: application servers, balancers, hosts."""
    found: list[Source] = []
    if reach.health:
        found += [_health(reach.health, n.name, n.address, n.port, paces.health_s) for n in layout.role("app")]
    found += [_balancer(name, port, paces.balancers_s) for name, port in reach.balancers.items()]
    if isinstance(reach.replica_set, LooksAtSpares):
        found += [_spare(reach.replica_set, name) for name in reach.replica_set.spares]
    if reach.facts and reach.shells:
        for node, host in reach.hosts.items():
            found.append(_host(reach.facts, reach.shells, node, host, paces.hosts_s))
    found += [_service(port, node, paces.services_s) for node, port in reach.services.items()]
    found += [_size(port, node, paces.services_s) for node, port in reach.sizes.items()]
    if isinstance(reach.replica_set, KeepsLease):
        found.append(_lease(reach.replica_set.lease, paces.lease_s))
    return found


def _health(check: HealthCheck, name: str, address: str, port: int | None, every_s: float) -> Source:
    def broken(why: str) -> HealthView:
        return HealthView(server=name, health=Health.UNKNOWN, reason=why)

    return Source(lambda: check.look(name, address, port), broken, every_s)


def _balancer(name: str, port: BalancerPort, every_s: float) -> Source:
    def broken(why: str) -> BalancerView:
        return BalancerView(balancer=name, health=Health.UNKNOWN, reason=why)

    async def look() -> BalancerView:
        return offered(port, await port.look())

    return Source(look, broken, every_s)


def _spare(port: LooksAtSpares, name: str) -> Source:
    def broken(why: str) -> SpareView:
        return SpareView(itself=SpareMember(name=name, address="", health=Health.UNKNOWN, reason=why))

    return Source(lambda: port.look_at_spare(name), broken, SPARES_S, node=name)


def _host(facts: HostFacts, shells: Shells, node: str, host: str, every_s: float) -> Source:
    def broken(why: str) -> HostView:
        return HostView(node=node, health=Health.UNKNOWN, reason=why)

    return Source(lambda: facts.look(node, shells.on(host)), broken, every_s, background=True)


def _service(port: ServicePort, node: str, every_s: float) -> Source:
    def broken(why: str) -> ServiceView:
        return ServiceView(node=node, state=ServiceState.UNKNOWN, reason=why)

    return Source(port.look, broken, every_s, background=True, node=node)


def _size(port: SizePort, node: str, every_s: float) -> Source:
    def broken(why: str) -> SizeView:
        return SizeView(node=node, size=None, reason=why)

    return Source(port.look, broken, every_s, background=True, node=node)


def _lease(store: LeaseStore, every_s: float) -> Source:
    def broken(why: str) -> LeaseView:
        return LeaseView(health=Health.UNKNOWN, reason=why)

    return Source(store.look, broken, every_s, background=True)
