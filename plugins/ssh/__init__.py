"""Hosts over SSH: one verified, multiplexed connection each, as the user's own SSH configuration says."""

import asyncio
import logging
from pathlib import Path

import msgspec

from console.ports.plugins import Context
from console.ports.protocols import HostKey, Refused, Route, Shell, ShellError

from . import trust
from .host import Host
from .way import Way, jumps, target

DEFAULT_CONFIG = "~/.ssh/config"

# It tells of every connection and channel.
logging.getLogger("asyncssh").setLevel(logging.WARNING)


class SSH:
    """Every host of the cluster, and any alias of the SSH configuration; host keys are always verified."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The `[shell]` table."""

        config: str = DEFAULT_CONFIG
        known_hosts: str = ""
        """A file; empty: what the configuration names, or else `~/.ssh/known_hosts`."""
        username: str = ""
        """Empty: what the configuration says, or else the local user's name."""
        agent: bool = True
        """Ask the SSH agent for keys too."""
        connect_timeout_s: float = 5.0
        keepalive_s: float = 10.0

        def __post_init__(self) -> None:
            """Raises ValueError for a deadline that nothing can keep, or a file that is not there."""
            if self.connect_timeout_s <= 0 or self.keepalive_s <= 0:
                raise ValueError("connect_timeout_s and keepalive_s must be more than 0")
            if self.config != DEFAULT_CONFIG and not Path(self.config).expanduser().is_file():
                raise ValueError(f"config {self.config} does not exist; leave it out to use {DEFAULT_CONFIG}")
            if self.known_hosts and not Path(self.known_hosts).expanduser().is_file():
                raise ValueError(f"known_hosts {self.known_hosts} does not exist; make an empty file of that name")

    def __init__(self, settings: Settings, context: Context) -> None:
        self._way = Way(
            config=Path(settings.config).expanduser(),
            known_hosts=Path(settings.known_hosts).expanduser() if settings.known_hosts else None,
            username=settings.username,
            agent=settings.agent,
            connect_timeout_s=settings.connect_timeout_s,
            keepalive_s=settings.keepalive_s,
            nodes=context.nodes,
        )
        self._hosts: dict[str, Host] = {}

    def on(self, host: str) -> Shell:
        """The shell of a host, by node name or alias. Connects when first used."""
        return self._host(host)

    async def route(self, host: str) -> Route:
        """As the SSH configuration stands now. Raises ShellError."""
        try:
            found = await target(host, self._way)
            return Route(
                host=host,
                address=found.host,
                port=found.port,
                user=found.options.username,
                jumps=await jumps(host, self._way),
            )
        except (OSError, ValueError) as error:
            raise ShellError(f"{host}: the SSH configuration {self._way.config} cannot be used: {error}") from None

    async def shown(self, host: str) -> HostKey:
        """Through its jump hosts, which must be trusted already. Raises ShellError."""
        return await trust.shown(host, self._way, lambda jump: self._host(jump).connected())

    async def trust(self, key: HostKey) -> str:
        """One line more in the user's known_hosts file. Raises Refused."""
        try:
            written = await trust.trust(key, self._way)
        except (ShellError, OSError, ValueError) as error:
            raise Refused(f"{key.host}: the SSH configuration {self._way.config} cannot be used: {error}") from None
        for host in self._hosts.values():
            host.retry()
        return written

    async def close(self) -> None:
        """End every connection."""
        await asyncio.gather(*(host.close() for host in self._hosts.values()))

    def _host(self, spec: str) -> Host:
        if spec not in self._hosts:
            self._hosts[spec] = Host(spec, self._way, self._host)
        return self._hosts[spec]


PROVIDES = {"shell": SSH}
