"""How to reach a host: the user's SSH configuration, known hosts, keys and jump hosts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncssh

from console.ports.protocols import ShellError

DEFAULT_KNOWN_HOSTS = "~/.ssh/known_hosts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The settings of the plugin, as they hold for every host."""

    config: Path
    known_hosts: Path | None
    username: str
    agent: bool
    connect_timeout_s: float
    keepalive_s: float
    nodes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hop:
    """One host as a jump list writes it: `[user@]host[:port]`."""

    host: str
    user: str = ""
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Hop":
        """Raises ShellError for a port that is no number."""
        user, _, place = text.strip().rpartition("@")
        host, colon, port = place.rpartition(":")
        bare_ipv6 = place.count(":") > 1 and not place.startswith("[")
        if not colon or bare_ipv6 or place.endswith("]"):
            return cls(place.strip("[]"), user)
        if not port.isdecimal():
            raise ShellError(f"jump host '{text}': expected [user@]host[:port]")
        return cls(host.strip("[]"), user, int(port))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a connection is made with, and what an error about it has to name."""

    name: str
    address: str
    """What is connected to, unless the configuration's HostName says otherwise."""
    options: asyncssh.SSHClientConnectionOptions
    known_hosts: asyncssh.SSHKnownHosts
    known_hosts_files: tuple[Path, ...]
    """Where those are read from, whether it is there or not; the first is the user's own."""
    jump: str
    """The jump host's own list, nearest last; empty: none."""

    @property
    def host(self) -> str:
        """The host name or address that is dialled."""
        return cast(str, self.options.config.get("Hostname", self.address))

    @property
    def port(self) -> int:
        """The port that is dialled."""
        return self.options.port

    @property
    def keys(self) -> str:
        """The keys that are offered, for a person."""
        named = cast(list[str], self.options.config.get("IdentityFile", []))
        files = ", ".join(named) if named else "the default keys of ~/.ssh"
        return f"{files} and the agent" if self.options.agent_path else f"{files}, no agent"


async def target(spec: str, way: Way) -> Target:
    """Read the configuration anew, as an operator may just have mended it. Raises ShellError, OSError, ValueError."""
    found = await _target(spec, way)
    seen, jump = [spec], found.jump
    while jump:
        seen.append(jump)
        if jump in seen[:-1]:
            raise ShellError(f"the jump hosts of {spec} lead round in a circle: {', '.join(seen)}")
        jump = (await _target(jump, way)).jump
    return found


async def jumps(spec: str, way: Way) -> tuple[str, ...]:
    """The jump lists that lead to a host, the nearest to us first. Raises ShellError, OSError, ValueError."""
    found, jump = list[str](), (await target(spec, way)).jump
    while jump:
        found.insert(0, jump)
        jump = (await _target(jump, way)).jump
    return tuple(found)


async def _target(spec: str, way: Way) -> Target:
    before, _, last = spec.rpartition(",")
    hop = Hop.parse(last)
    options = await asyncssh.SSHClientConnectionOptions.construct(
        None,
        host=hop.host,
        config=[str(way.config)] if way.config.is_file() else None,
        connect_timeout=way.connect_timeout_s,
        login_timeout=way.connect_timeout_s,
        keepalive_interval=way.keepalive_s,
        **({"port": hop.port} if hop.port else {}),
        **({"username": hop.user or way.username} if hop.user or way.username else {}),
        **({} if way.agent else {"agent_path": None}),
    )
    proxy = options.config.get("ProxyJump")
    # A configuration's `Host *` may send everything through a jump host, itself included.
    jump = before or (proxy if isinstance(proxy, str) and Hop.parse(proxy.split(",")[0]).host != hop.host else "")
    files = _known_hosts_files(options, way)
    return Target(
        name=hop.host,
        # An alias is what the configuration gives a HostName; any other name is a node's.
        address=way.nodes.get(hop.host, hop.host),
        options=options,
        known_hosts=asyncssh.read_known_hosts([str(path) for path in files if path.is_file()]),
        known_hosts_files=files,
        jump=jump,
    )


def _known_hosts_files(options: asyncssh.SSHClientConnectionOptions, way: Way) -> tuple[Path, ...]:
    """Always a list, as asyncssh trusts everybody when it is given none; an empty one trusts nobody."""
    if way.known_hosts:
        return (way.known_hosts,)
    named = [cast(list[str], options.config.get(key, [])) for key in ("UserKnownHostsFile", "GlobalKnownHostsFile")]
    files = [file for names in named for file in names] or [DEFAULT_KNOWN_HOSTS]
    return tuple(Path(file).expanduser() for file in files)
