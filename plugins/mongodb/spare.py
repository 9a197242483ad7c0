"""Prepared members before they are any: what a mongod tells without a login, and whether its peers' hosts reach it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pymongo.errors import OperationFailure, PyMongoError

from console.cluster.layout import Layout, NodeLine
from console.cluster.observed import node_at, split
from console.cluster.snapshot import Health, SpareMember
from console.cluster.views import SpareView
from console.ports.plugins import Context
from console.ports.protocols import Shell, ShellError

from .configuration import Document
from .documents import clock_ahead_s
from .errors import command_problem, connection_problem, is_connection_problem
from .member import Client, MemberWatch

REACH_S = 3.0
"""How long a member's host may take to try to open a connection to a spare, which itself is given 2 s."""
BY_BASH = ("timeout", "2", "bash", "-c", 'exec 3<>"/dev/tcp/$0/$1"')
BY_PYTHON = ("python3", "-c", "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)")

Connect = Callable[[str, bool], Client]
"""A client of an address, with the monitoring user's login or without any."""


class Spares:
    """The nodes of the cluster file that are prepared to be members."""

    def __init__(
        self, context: Context, watches: Mapping[str, MemberWatch], connect: Connect, port: int, deadline_s: float
    ) -> None:
        self._layout = Layout(cluster="", nodes=context.lines)
        self._context = context
        self._watches = watches
        self._connect = connect
        self._deadline_s = deadline_s
        self._addresses = {node.name: _address(node, port) for node in self._layout.role("member") if node.spare}
        self._clients: dict[str, Client] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """By the cluster file, whether they have joined or not."""
        return tuple(self._addresses)

    def address(self, name: str) -> str | None:
        """host:port of a prepared member; None where there is none of that name."""
        return self._addresses.get(name)

    async def look(self, name: str) -> SpareView:
        """One look; who has joined is looked at as a member, and no more as a spare."""
        address = self._addresses[name]
        members = self._members()
        spare = SpareMember(name=name, address=address)
        if address in members.values() or name in members:
            return SpareView(itself=replace(spare, reason="it has joined the set"))
        itself, reached = await asyncio.gather(self._itself(spare), self._reached(address, members))
        return SpareView(itself=replace(itself, reached_by=reached))

    async def close(self) -> None:
        """Let go of every client."""
        await asyncio.gather(*(client.close() for client in self._clients.values()))

    def _members(self) -> dict[str, str]:
        """The configured members, name and address: by the Primary, else by the newest configuration."""
        views = [watch.view for watch in self._watches.values()]
        newest = max(views, key=lambda view: (view.itself.writable, view.config_version or 0), default=None)
        addresses = [line.address for line in newest.config] if newest else []
        nodes = {address: node_at(self._layout, address, "member") for address in addresses}
        return {node.name if node else address: address for address, node in nodes.items()}

    async def _itself(self, spare: SpareMember) -> SpareMember:
        client = self._client(spare.address)
        try:
            began_s, at = time.monotonic(), datetime.now(UTC)
            hello = await client.admin.command("hello")
            middle = at + timedelta(seconds=(time.monotonic() - began_s) / 2)
            version = str((await client.admin.command("buildInfo"))["version"])
        except (PyMongoError, OSError, TimeoutError) as error:
            if is_connection_problem(error) or not isinstance(error, PyMongoError):
                health, reason = connection_problem(error, self._deadline_s)
                return replace(spare, health=health, reason=reason)
            return replace(spare, health=Health.UNKNOWN, reason=command_problem(error, "nobody"))
        topology = hello.get("topologyVersion") or {}
        # A mongod counts what it learns of its set: one that has never held a configuration stands at 0.
        fresh = topology.get("counter") == 0 if topology else None
        return replace(
            spare,
            health=Health.UP,
            set_name=str(hello.get("setName", "")),
            awaits_config=bool(hello.get("isreplicaset")) and not hello.get("setName"),
            version=version,
            compatibility=".".join(version.split(".")[:2]),
            clock_skew_s=self._skew_s(hello, middle),
            process_id=str(topology.get("processId", "")),
            empty=fresh,
            former=False if fresh else await self._former(spare.address),
        )

    async def _former(self, address: str) -> bool | None:
        """Only who was in our set knows our user, and keeps the set's identity after its removal."""
        ours = next((watch.set_id for watch in self._watches.values() if watch.set_id), None)
        client = self._connect(address, True)
        try:
            config = await client["local"]["system.replset"].find_one() or {}
        except OperationFailure:
            return False
        except (PyMongoError, OSError, TimeoutError):
            return None
        finally:
            await client.close()
        theirs = config.get("settings", {}).get("replicaSetId")
        return theirs == ours if ours and theirs else None

    def _skew_s(self, hello: Document, at: datetime) -> float | None:
        """Against the Primary's clock; against our own while there is no Primary."""
        ahead_s = clock_ahead_s(hello, at)
        primary = next((watch for watch in self._watches.values() if watch.view.itself.writable), None)
        base_s = primary.clock_ahead_s if primary else 0.0
        return None if ahead_s is None or base_s is None else ahead_s - base_s

    async def _reached(self, address: str, members: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
        """From each member's host; whose host has no shell, or does not answer, is left out: that is not known."""
        shells, hosts = self._context.shells, self._context.hosts
        names = [name for name in members if name in hosts] if shells else []
        opened = await asyncio.gather(*(opens(shells.on(hosts[name]), address) for name in names if shells))
        return tuple((name, is_so) for name, is_so in zip(names, opened, strict=True) if is_so is not None)

    def _client(self, address: str) -> Client:
        if address not in self._clients:
            self._clients[address] = self._connect(address, False)
        return self._clients[address]


async def opens(shell: Shell, address: str) -> bool | None:
    """A TCP connection from that host; None when the host would not try."""
    host, port = split(address)
    with suppress(ShellError):
        for words in (BY_BASH, BY_PYTHON):
            tried = await shell.run([*words, host, str(port)], timeout_s=REACH_S)
            if tried.status not in (126, 127) and "No such file" not in tried.stderr:
                return tried.status == 0
    return None


def _address(node: NodeLine, port: int) -> str:
    host, own = split(node.address)
    return f"[{host}]:{node.port or own or port}" if ":" in host else f"{host}:{node.port or own or port}"
