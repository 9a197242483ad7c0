"""Where `init` finds the configurations that it reads: files of this machine, or of hosts by their shells."""

import re
import shlex
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from console.cli.settings import Mistake, settings
from console.cluster.text import clean
from console.ports.beginning import Host
from console.ports.files import Here, There
from console.ports.plugins import Context
from console.ports.protocols import ShellError, Shells, TrustsHosts
from console.ports.protocols.written import Files, ReadsBalancer, Unread, WrittenBalancer

SHELL = "ssh"
"""The plugin that reaches hosts, and how an address says so."""
ADDRESS = re.compile(r"((?:[\w.+-]+@)?(?:\[[\w.:%]+\]|[\w.-]+)(?::\d{1,5})?)(/.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One configuration, and the balancer whose it is."""

    name: str
    plugin: str
    path: str
    host: str = ""
    """The name that the host's shell goes by: `[user@]host[:port]`; empty: this machine."""

    @classmethod
    def of(cls, said: str, plugin: str, number: int) -> "Place":
        """`[NAME=]FILE` or `[NAME=]ssh://[user@]host[:port]/FILE`. Raises Mistake."""
        name, remote, rest = said.partition(f"{SHELL}://")
        if not remote:
            name, _, path = said.rpartition("=")
            return cls(name=name or f"lb{number}", plugin=plugin, path=str(Path(path).expanduser()))
        if ":" in rest.partition("/")[0].rpartition("@")[0]:
            raise Mistake(f"--{plugin}: no password stands in an address: keys of ~/.ssh or the agent let you in")
        parts = ADDRESS.fullmatch(rest)
        if parts is None:
            raise Mistake(f"--{plugin} {said}: expected [NAME=]{SHELL}://[user@]host[:port]/path/of/the/file")
        name = name.removesuffix("=") or f"lb{number}"
        return cls(name=name, plugin=plugin, host=parts[1], path=parts[2])


Read = tuple[Place, WrittenBalancer, Host | None]
"""What was read, and where that is when it is not this machine."""


async def read(places: Sequence[Place]) -> list[Read]:
    """Each in turn, over one connection a host. Raises Mistake for the first that cannot be read."""
    found: list[Read] = []
    async with AsyncExitStack() as stack:
        shells: Shells | None = None
        for place in places:
            files: Files = Here()
            if place.host:
                if shells is None:
                    shells = _shells()
                    stack.push_async_callback(shells.close)
                files = await _there(place, shells)
            written = await _written(place, files)
            found.append((place, written, Host(address=files.address, shell=files.host) if files.host else None))
    return found


async def _written(place: Place, files: Files) -> WrittenBalancer:
    """Raises Mistake."""
    reads: type[ReadsBalancer] = settings().plugins.load(place.plugin, "config")
    try:
        return await reads.read(place.path, files)
    except Unread as problem:
        raise Mistake(f"--{place.plugin} {clean(str(problem), limit=1000)}") from None
    except ValueError as mistake:
        raise Mistake(f"--{place.plugin}: {clean(str(mistake), limit=1000)}") from None


def _shells() -> Shells:
    """As the user's own configuration says: there is no cluster file yet that says otherwise."""
    provider = settings().plugins.load(SHELL, "shell")
    made: Shells = provider(provider.Settings(), Context(name="shell"))
    return made


async def _there(place: Place, shells: Shells) -> There:
    """Raises Mistake for a host that is not known, jump hosts first, or does not let us in."""
    address = place.host
    try:
        if isinstance(shells, TrustsHosts):
            route = await shells.route(place.host)
            address = route.address
            for host in (*route.jumps, place.host):
                await _known(place, host, shells)
        await shells.on(place.host).run(["true"])
    except ShellError as problem:
        raise Mistake(f"--{place.plugin} {clean(str(problem), limit=1000)}") from None
    return There(place.host, address, shells.on(place.host))


async def _known(place: Place, host: str, shells: TrustsHosts) -> None:
    """Raises Mistake for a key that nobody has trusted yet: here is no cluster file that could name its host."""
    key = await shells.shown(host)
    if key.trust == "changed":
        raise Mistake(f"--{place.plugin} {key.says}")
    if key.trust == "unknown":
        raise Mistake(
            f"--{place.plugin} {clean(host)} is met for the first time, and shows {key.kind} {key.fingerprint}: "
            f"compare that with the host's own key, and connect once with: {_by_hand(host)}"
        )


def _by_hand(host: str) -> str:
    """As OpenSSH takes it."""
    before, _, last = host.rpartition(",")
    ported = re.search(r":\d+$", last) and (last.count(":") == 1 or "]" in last)
    return shlex.join(["ssh", *(["-J", before] if before else []), f"ssh://{last}" if ported else last])
