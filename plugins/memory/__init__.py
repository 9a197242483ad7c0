"""A cluster in memory, behind the same ports as a real one: for tests, and held to the truth by the contract suite."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Sequence

import msgspec

from console.cluster.snapshot import Admin
from console.cluster.views import BalancerView, HealthView, HostView, MemberView
from console.ports.plugins import Context
from console.ports.protocols import Completed, Refused, Shell, ShellError, Unclear

from .world import WORLDS, Balancer, World, world

__all__ = ["WORLDS", "World", "cluster_file", "world"]


class _Port:
    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The table of any port of this plugin."""

        world: str = "default"

    def __init__(self, settings: Settings, context: Context) -> None:
        self.world = world(settings.world)
        self.name = context.name

    async def close(self) -> None:
        """Nothing is held."""


class MemoryHealth(_Port):
    """Answers as the world's application servers do."""

    async def look(self, server: str, address: str, port: int | None) -> HealthView:
        """At once."""
        return self.world.health_view(server)


class MemoryBalancer(_Port):
    """One balancer of the world."""

    async def look(self) -> BalancerView:
        """At once."""
        return self.world.balancer_view(self.name)

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """As the world wants it: done, refused, or without an answer."""
        balancer = self._asked(self.admin_command(backend, server, admin))
        if balancer.applies or not balancer.loses_answers:
            balancer.admins[backend, server] = admin
        self._answer(balancer)

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """In HAProxy's words."""
        return f"set server {backend}/{server} state {admin}"

    async def end_sessions(self, backend: str, server: str) -> None:
        """No session is left."""
        balancer = self._asked(self.end_sessions_command(backend, server))
        self.world.sessions[server] = 0
        self._answer(balancer)

    def end_sessions_command(self, backend: str, server: str) -> str:
        """In HAProxy's words."""
        return f"shutdown sessions server {backend}/{server}"

    def _asked(self, command: str) -> Balancer:
        balancer = self.world.balancers[self.name]
        self.world.commands.append(f"{self.name}: {command}")
        if not self.world.up(self.name):
            raise Refused(f"{self.name} cannot be reached")
        if balancer.refuses:
            raise Refused(balancer.refuses)
        return balancer

    def _answer(self, balancer: Balancer) -> None:
        if balancer.loses_answers:
            raise Unclear(f"the connection to {self.name} was lost after the command was sent")


class MemoryReplicaSet(_Port):
    """The world's replica set."""

    async def follow(self) -> AsyncIterator[MemberView]:
        """Every member now, then every member whenever the world has told of a change, or a moment has passed."""
        while True:
            for view in await self.look():
                yield view
            try:
                async with asyncio.timeout(0.1), self.world.changed:
                    await self.world.changed.wait()
            except TimeoutError:
                continue

    async def look(self) -> tuple[MemberView, ...]:
        """At once."""
        return tuple(self.world.member_view(member) for member in self.world.members)

    async def step_down(
        self, address: str, *, period_s: int, catch_up_s: int, term: int, follow: Sequence[tuple[str, str]] = ()
    ) -> None:
        """As MongoDB does: refused without a caught-up candidate, else a new Primary in the next term."""
        here = self.world
        here.commands.append(f"step down {address}")
        if here.primary is None or f"{here.primary}:27017" != address or here.term != term:
            raise Refused(f"{address} is not Primary any more")
        if not here.electable():
            raise Refused("MongoDB refused: No electable secondaries caught up")
        if here.step_down_answer != "dropped":
            successor, here.primary = here.electable()[0], None
            await here.tell()
            await asyncio.sleep(here.election_s)
            here.primary, here.term = successor, here.term + 1
            await here.tell()
        if here.step_down_answer != "ok":
            raise Unclear(f"the connection to {address} was lost after the command was sent")

    def step_down_command(
        self, address: str, *, period_s: int, catch_up_s: int, follow: Sequence[tuple[str, str]] = ()
    ) -> str:
        """In MongoDB's words."""
        return f"db.adminCommand({{replSetStepDown: {period_s}}})  on {address}"


class MemoryShell:
    """A host that runs nothing."""

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0) -> Completed:
        """Nothing is run, and that is success."""
        return Completed(status=0, stdout="", stderr="")

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        """There are no sockets."""
        raise ShellError(f"there is no socket {path} in memory")


class MemoryShells(_Port):
    """The world's hosts."""

    def on(self, host: str) -> Shell:
        """Any host."""
        return MemoryShell()


class MemoryFacts(_Port):
    """What the world's hosts say of themselves."""

    async def look(self, node: str, shell: Shell) -> HostView:
        """At once."""
        return self.world.host_view(node)


def cluster_file(name: str = "default") -> str:
    """The text of a cluster file for a world: as a real one, all tables naming this plugin."""
    here = f'plugin = "memory"\nworld = "{name}"'
    tables = [f"[{table}]\n{here}" for table in ("replica_set", "health", "shell", "facts")]
    tables += [f'[[balancers]]\nname = "{balancer}"\n{here}' for balancer in ("lb1", "lb2")]
    tables += [_node("app", f"app{n}", n) for n in (1, 2, 3)]
    tables += [_node("balancer", f"lb{n}", n) for n in (1, 2)]
    tables += [_node("member", f"db{n}", n) for n in (1, 2, 3)]
    paces = "[watch]\nhealth_s = 0.05\nbalancers_s = 0.05\nhosts_s = 1.0"
    return "\n\n".join([f'name = "{name}"\nenvironment = "test"', *tables, paces]) + "\n"


def _node(role: str, name: str, number: int) -> str:
    domain = f"rack-{'abc'[number - 1]}"
    return f'[[nodes]]\nname = "{name}"\naddress = "{name}"\ndomain = "{domain}"\nroles = ["{role}"]'


PROVIDES = {
    "replica_set": MemoryReplicaSet,
    "balancer": MemoryBalancer,
    "health": MemoryHealth,
    "shell": MemoryShells,
    "facts": MemoryFacts,
}
