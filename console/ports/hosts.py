"""Each host as it is reached from here: the way, its key, how long an answer takes, and what we may do there."""

import asyncio
import time
from dataclasses import dataclass, field, replace

from console.ports.protocols import HostKey, Route, Shell, ShellError, TrustsHosts
from console.ports.reach import Reach

LOOK_DEADLINE_S = 20.0
"""The longest that one host may take, its jump hosts included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLine:
    """One host, a node of the cluster or one that others are reached through."""

    name: str
    host: str
    """The name that its shell goes by."""
    nodes: tuple[str, ...] = ()
    """Which nodes it is; none: it is only on the way to some."""
    route: Route | None = None
    """None where the shell's plugin does not tell it."""
    key: HostKey | None = None
    """None while it has not been seen, or where the plugin does not tell it."""
    round_trip_ms: float | None = None
    problem: str = ""
    """Why it cannot be reached, with the mend; empty: it answers."""
    forbidden: tuple[str, ...] = ()
    """What of that which the cluster's plugins need our user may not do."""


@dataclass(frozen=True, slots=True)
class Hops:
    """The hosts that a cluster needs, each after those that it is reached through."""

    order: tuple[str, ...]
    nodes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The nodes that each host is."""

    def name(self, host: str) -> str:
        """What a person calls it."""
        return ", ".join(self.nodes.get(host, ())) or host.rpartition(",")[2]


async def hops(reach: Reach) -> Hops:
    """Every host, jump hosts first; one whose way is not known stands there without."""
    nodes: dict[str, tuple[str, ...]] = {}
    for node, host in reach.hosts.items():
        nodes[host] = (*nodes.get(host, ()), node)
    order: dict[str, None] = {}
    for host in nodes:
        for jump in await _jumps(reach, host):
            order.setdefault(jump)
        order.setdefault(host)
    return Hops(tuple(order), nodes)


async def look(reach: Reach) -> tuple[HostLine, ...]:
    """Every host asked once, all at the same time; what cannot be seen is said in its line."""
    found = await hops(reach)
    return tuple(await asyncio.gather(*(_look(reach, found, host) for host in found.order)))


async def _look(reach: Reach, found: Hops, host: str) -> HostLine:
    line = HostLine(name=found.name(host), host=host, nodes=found.nodes.get(host, ()))
    try:
        async with asyncio.timeout(LOOK_DEADLINE_S):
            if isinstance(reach.shells, TrustsHosts):
                line = replace(line, route=await reach.shells.route(host))
            if reach.shells is None:
                return replace(line, problem="the cluster file has no [shell] table")
            line = replace(line, round_trip_ms=await round_trip_ms(reach.shells.on(host)))
            line = replace(line, forbidden=await forbidden(reach, line.nodes))
    except TimeoutError:
        line = replace(line, problem=f"{line.name} did not answer within {LOOK_DEADLINE_S:g} s")
    except ShellError as problem:
        line = replace(line, problem=str(problem))
    return replace(line, key=await _key(reach, host))


async def round_trip_ms(shell: Shell) -> float:
    """Of one command, over a connection that is there by then. Raises ShellError."""
    await shell.run(["true"])
    began_s = time.monotonic()
    await shell.run(["true"])
    return (time.monotonic() - began_s) * 1000


async def forbidden(reach: Reach, nodes: tuple[str, ...]) -> tuple[str, ...]:
    """What the service and the size of a node would need and our user may not do, as their plugins tell it."""
    services = await asyncio.gather(*(reach.services[node].look() for node in nodes if node in reach.services))
    sizes = await asyncio.gather(*(reach.sizes[node].look() for node in nodes if node in reach.sizes))
    told = (*(view.forbidden for view in services), *(view.forbidden for view in sizes))
    return tuple(dict.fromkeys(what for what in told if what))


async def _key(reach: Reach, host: str) -> HostKey | None:
    if not isinstance(reach.shells, TrustsHosts):
        return None
    try:
        async with asyncio.timeout(LOOK_DEADLINE_S):
            return await reach.shells.shown(host)
    except (ShellError, TimeoutError):
        return None  # why it cannot be reached is said already


async def _jumps(reach: Reach, host: str) -> tuple[str, ...]:
    if not isinstance(reach.shells, TrustsHosts):
        return ()
    try:
        return (await reach.shells.route(host)).jumps
    except ShellError:
        return ()  # said when it is looked at
