"""The balancer that is held to the contract, and what of it may be touched."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from console.cluster.snapshot import Admin, Backend, Health, PoolMember
from console.cluster.views import BalancerView
from console.contract.behaviour import expect
from console.ports.protocols import (
    AddsServers,
    BalancerPort,
    EndsSessions,
    LineChange,
    Persists,
    SetsAdmin,
    SetsWeight,
)

Place = tuple[str, str]
"""(backend, server)."""


class _Able(BalancerPort, SetsAdmin, EndsSessions, AddsServers, SetsWeight, Persists):
    """A balancer with every capability: a behaviour names those that it needs, and uses no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerSubject:
    """A balancer, a server in two of its backends that may be touched, and one that may join."""

    port: BalancerPort
    name: str
    backend: str
    server: str
    new: str
    """A server that stands in no pool."""
    new_address: str
    """host:port, where somebody answers."""
    elsewhere: str = ""
    """Another backend in which the server stands, if any: a change in one must not be seen in the other."""
    sticky: frozenset[str] = frozenset()
    """The backends whose clients are pinned."""
    pins_added: bool = True
    """Clients can be pinned to a server that is added while it runs."""
    counts: bool = True
    """It tells the sessions of a server."""
    least_weight: int = 0
    before: Mapping[Place, PoolMember] = field(default_factory=dict)
    """Every place as it was before the first behaviour."""

    async def known(self) -> "BalancerSubject":
        """The same, with every place as it is now. Raises Broken where none is seen."""
        view = await self.look()
        expect(view.servers, f"expected servers in the pools of {self.name}: {view.reason}")
        return replace(self, before={(server.backend, server.server): server for server in view.servers})

    @property
    def able(self) -> _Able:
        """The port, as one that can do what a behaviour needs."""
        return cast(_Able, self.port)

    async def look(self) -> BalancerView:
        """One look, which has to be answered."""
        view = await self.port.look()
        expect(view.health is Health.UP, f"expected {self.name} to be up, got {view.health}: {view.reason}")
        return view

    async def places(self) -> dict[Place, PoolMember]:
        """Every server of every backend."""
        return {(server.backend, server.server): server for server in (await self.look()).servers}

    async def at(self, backend: str = "", server: str = "") -> PoolMember:
        """The server's place as it is now; in the first backend unless told."""
        place, places = (backend or self.backend, server or self.server), await self.places()
        expect(place in places, f"expected {place} in the pools, got {sorted(places)}")
        return places[place]

    async def pool(self) -> Backend:
        """What is told of the first backend."""
        pools = {pool.name: pool for pool in (await self.look()).pools}
        expect(self.backend in pools, f"expected to be told how servers join {self.backend}, got {sorted(pools)}")
        return pools[self.backend]

    async def restore(self) -> None:
        """As it was before."""
        for (backend, server), was in self.before.items():
            if isinstance(self.port, AddsServers) and (backend, server) not in await self.places():
                await self.port.add_server(backend, server, address=was.address, weight=was.weight, options=was.options)
                if was.checked:
                    await self.port.enable_check(backend, server)
            is_now = await self.at(backend, server)
            if isinstance(self.port, SetsAdmin) and is_now.admin is not was.admin:
                await self.port.set_admin(backend, server, was.admin)
            if isinstance(self.port, SetsWeight) and is_now.weight != was.weight:
                await self.port.set_weight(backend, server, was.weight)
        if isinstance(self.port, Persists) and (line := (await self.pool()).line_written(self.new)):
            await self.port.write_lines([LineChange(self.backend, self.new, line.line, None)])
        if (self.backend, self.new) in await self.places():
            await self.able.set_admin(self.backend, self.new, Admin.MAINT)
            await self.able.delete_server(self.backend, self.new)
