"""Hosts in the connection test: the way, the key, the login, the clock, and what our user may do there."""

import asyncio
import socket
import time
from collections.abc import Mapping
from functools import partial

from console.ports.connections.row import Attempt, Failed, Skipped, Trial, Tries, Verdict
from console.ports.hosts import Hops, forbidden, hops, round_trip_ms
from console.ports.protocols import Route, Shell, ShellError, Shells, TrustsHosts
from console.ports.reach import Reach

CLOCK_LIMIT_S = 3.0
"""Clocks that are further apart make logs hard to read, and leases hard to trust."""


async def hosts(trial: Trial, reach: Reach) -> list[Tries]:
    """One for each host; jump hosts, too."""
    if reach.shells is None:
        return []
    way = await hops(reach)
    return [_host(trial, reach, reach.shells, way, host) for host in way.order]


async def _host(trial: Trial, reach: Reach, shells: Shells, way: Hops, host: str) -> None:
    name, shell = way.name(host), shells.on(host)
    attempts: dict[str, Attempt] = {}
    if isinstance(shells, TrustsHosts):
        routes: list[Route] = []
        row = await trial.tried(name, "way", partial(_way, shells, host, routes))
        if row.verdict is Verdict.FAILED:
            return
        if not routes[0].jumps:
            attempts |= reached(routes[0].address, routes[0].port)
        attempts["host key"] = partial(_key, shells, host, name)
    attempts["login"] = partial(_login, shell)
    attempts["clock"] = partial(_clock, shell)
    attempts["rights"] = partial(_rights, reach, way.nodes.get(host, ()))
    await trial.one_by_one(name, attempts)


def reached(address: str, port: int) -> Mapping[str, Attempt]:
    """Whether a name is known, and somebody listens there."""
    return {"name": partial(_resolves, address), "port": partial(_listens, address, port)}


async def _way(shells: TrustsHosts, host: str, routes: list[Route]) -> str:
    try:
        routes.append(await shells.route(host))
    except ShellError as problem:
        raise Failed(str(problem), "correct the SSH configuration") from None
    route = routes[0]
    through = f" through {', '.join(jump.rpartition(',')[2] for jump in route.jumps)}" if route.jumps else ""
    return f"{route.user}@{route.address}:{route.port}{through}"


async def _resolves(address: str) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(address, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Failed(f"name {address} cannot be resolved") from None
    return ", ".join(dict.fromkeys(str(one[4][0]) for one in found))


async def _listens(address: str, port: int) -> str:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError as error:
        says = "connection refused" if isinstance(error, ConnectionRefusedError) else error.strerror or str(error)
        raise Failed(f"port {port} of {address}: {says}", otherwise="look at the firewalls in between") from None
    writer.close()
    return f"port {port} answers"


async def _key(shells: TrustsHosts, host: str, name: str) -> str:
    try:
        key = await shells.shown(host)
    except ShellError as problem:
        raise Failed(str(problem)) from None
    if key.trust == "unknown":
        raise Failed(f"not known yet: {key.kind} {key.fingerprint}", f"watchkeeper hosts trust {name.split(',')[0]}")
    if key.trust == "changed":
        raise Failed("it CHANGED: another machine, a new installation, or somebody in between", key.says)
    return f"known: {key.kind} {key.fingerprint}"


async def _login(shell: Shell) -> str:
    try:
        return f"answers in {await round_trip_ms(shell):.0f} ms"
    except ShellError as problem:
        mends = "give this user a key there, or name another user in the [shell] table"
        raise Failed(str(problem), otherwise=mends) from None


async def _clock(shell: Shell) -> str:
    asked_s = time.time()
    said = (await shell.run(["date", "+%s"])).stdout.strip()
    if not said.isdecimal():
        raise Skipped("it does not tell its clock")
    off_s = int(said) + 0.5 - (asked_s + time.time()) / 2
    if abs(off_s) > CLOCK_LIMIT_S:
        raise Failed(
            f"its clock is {abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} ours",
            "have both follow a time server (chrony, systemd-timesyncd)",
        )
    return f"within {CLOCK_LIMIT_S:g} s of ours"


async def _rights(reach: Reach, nodes: tuple[str, ...]) -> str:
    if not any(node in reach.services or node in reach.sizes for node in nodes):
        raise Skipped("the cluster file tells no service and no size of it")
    if may_not := await forbidden(reach, nodes):
        raise Failed("; ".join(may_not), "allow exactly that in the sudoers of this user there")
    return "what plans need may be done there"
