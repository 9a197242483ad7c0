"""Changes of the balancers' pools."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from console.cluster.snapshot import Admin
from console.ports.protocols import AddsServers, EndsSessions, Refused, SetsAdmin, SetsWeight, Unclear
from console.ports.reach import Reach


@dataclass(frozen=True, slots=True)
class Place:
    """One server in one backend of one balancer."""

    balancer: str
    backend: str
    server: str

    def __str__(self) -> str:
        return f"{self.balancer}: {self.backend}/{self.server}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A server as it is to stand in one place."""

    place: Place
    address: str
    """host:port, as that balancer reaches it."""
    weight: int
    options: str
    """Its parameters in the balancer's own words."""
    checked: bool = True
    """They configure a health check."""


@dataclass(frozen=True, slots=True)
class SetAdmin:
    """Give a server an administrative state, each place its own."""

    states: tuple[tuple[Place, Admin], ...]
    thorough: bool = False
    """Go on after a refusal: for an undo, which mends what it can."""

    async def apply(self, reach: Reach) -> None:
        """In order; the first refusal ends it, unless thorough, and the engine undoes what went before."""

        async def set_admin(place: Place, admin: Admin) -> None:
            await _sets_admin(reach, place).set_admin(place.backend, place.server, admin)

        await in_order((partial(set_admin, *state) for state in self.states), self.thorough)

    def command(self, reach: Reach) -> str:
        """A line a place."""
        return _lines(
            (place, _sets_admin(reach, place).admin_command(place.backend, place.server, admin))
            for place, admin in self.states
        )


@dataclass(frozen=True, slots=True)
class EndSessions:
    """End every session of a server; requests in flight fail."""

    places: tuple[Place, ...]

    async def apply(self, reach: Reach) -> None:
        """In order."""
        for place in self.places:
            await _ends_sessions(reach, place).end_sessions(place.backend, place.server)

    def command(self, reach: Reach) -> str:
        """A line a place."""
        return _lines(
            (place, _ends_sessions(reach, place).end_sessions_command(place.backend, place.server))
            for place in self.places
        )


@dataclass(frozen=True, slots=True)
class SetWeights:
    """Give a server a share of the traffic, each place its own."""

    weights: tuple[tuple[Place, int], ...]
    thorough: bool = False

    async def apply(self, reach: Reach) -> None:
        """In order; the first refusal ends it, unless thorough."""

        async def set_weight(place: Place, weight: int) -> None:
            await _sets_weight(reach, place).set_weight(place.backend, place.server, weight)

        await in_order((partial(set_weight, *weight) for weight in self.weights), self.thorough)

    def command(self, reach: Reach) -> str:
        """A line a place."""
        return _lines(
            (place, _sets_weight(reach, place).weight_command(place.backend, place.server, weight))
            for place, weight in self.weights
        )


@dataclass(frozen=True, slots=True)
class AddServers:
    """Let a server join: in maintenance, its health check enabled."""

    entries: tuple[Entry, ...]
    thorough: bool = False

    async def apply(self, reach: Reach) -> None:
        """Place by place; the first refusal ends it, unless thorough."""
        await in_order((partial(_add, reach, entry) for entry in self.entries), self.thorough)

    def command(self, reach: Reach) -> str:
        """One or two lines a place."""
        return _lines((entry.place, command) for entry in self.entries for command in _commands(reach, entry))


@dataclass(frozen=True, slots=True)
class DeleteServers:
    """Take a server that is in maintenance out of its places for good."""

    places: tuple[Place, ...]

    async def apply(self, reach: Reach) -> None:
        """In all places at once: each waits until the last connection to the server is gone."""

        async def delete(place: Place) -> None:
            await _adds_servers(reach, place).delete_server(place.backend, place.server)

        _raise_first(await asyncio.gather(*map(delete, self.places), return_exceptions=True))

    def command(self, reach: Reach) -> str:
        """A line a place."""
        return _lines(
            (place, _adds_servers(reach, place).delete_server_command(place.backend, place.server))
            for place in self.places
        )


async def in_order(changes: Iterable[Callable[[], Awaitable[None]]], thorough: bool) -> None:
    """One after the other; a refusal ends it unless thorough, and is told before what is unclear."""
    failures: list[BaseException] = []
    for change in changes:
        try:
            await change()
        except Unclear as unclear:
            # It may well have happened: the other places are asked too, and what is seen of all of them decides.
            failures.append(unclear)
        except Refused as refusal:
            failures.append(refusal)
            if not thorough:
                break
    _raise_first(failures)


def _raise_first(results: Iterable[BaseException | None]) -> None:
    failures = [result for result in results if result is not None]
    for failure in sorted(failures, key=lambda failed: isinstance(failed, Unclear)):
        raise failure


async def _add(reach: Reach, entry: Entry) -> None:
    port, place = _adds_servers(reach, entry.place), entry.place
    try:
        await port.add_server(
            place.backend, place.server, address=entry.address, weight=entry.weight, options=entry.options
        )
    except Unclear:
        with suppress(Refused):  # it may be there, and then it wants its check as well
            if entry.checked:
                await port.enable_check(place.backend, place.server)
        raise
    if entry.checked:
        await port.enable_check(place.backend, place.server)


def _commands(reach: Reach, entry: Entry) -> list[str]:
    port, place = _adds_servers(reach, entry.place), entry.place
    added = port.add_server_command(
        place.backend, place.server, address=entry.address, weight=entry.weight, options=entry.options
    )
    return [added, port.enable_check_command(place.backend, place.server)] if entry.checked else [added]


def _lines(commands: Iterable[tuple[Place, str]]) -> str:
    return "\n".join(f"{place.balancer}: {command}" for place, command in commands)


def _sets_admin(reach: Reach, place: Place) -> SetsAdmin:
    port = reach.balancer(place.balancer)
    if not isinstance(port, SetsAdmin):
        raise Refused(f"{place.balancer} cannot change a server's state: its plugin does not offer it")
    return port


def _ends_sessions(reach: Reach, place: Place) -> EndsSessions:
    port = reach.balancer(place.balancer)
    if not isinstance(port, EndsSessions):
        raise Refused(f"{place.balancer} cannot end sessions: its plugin does not offer it")
    return port


def _sets_weight(reach: Reach, place: Place) -> SetsWeight:
    port = reach.balancer(place.balancer)
    if not isinstance(port, SetsWeight):
        raise Refused(f"{place.balancer} cannot set weights: its plugin does not offer it")
    return port


def _adds_servers(reach: Reach, place: Place) -> AddsServers:
    port = reach.balancer(place.balancer)
    if not isinstance(port, AddsServers):
        raise Refused(f"{place.balancer} cannot add or delete servers: its plugin does not offer it")
    return port
