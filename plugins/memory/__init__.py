"""A cluster in memory, behind the same ports as a real one: for tests, and held to the truth by the contract suite."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from console.cluster.snapshot import Admin
from console.cluster.views import BalancerView, HealthView, HostView, MemberView
from console.ports.plugins import Context
from console.ports.protocols import Completed, Refused, Shell, ShellError, Unclear

from .views import address_of, balancer_view, health_view, host_view, member_view
from .world import BALANCERS, MEMBERS, SERVERS, WORLDS, Balancer, World, world

__all__ = ["WORLDS", "World", "cluster_file", "world"]

LOOK_EVERY_S = 0.1
"""How often members tell of themselves while nothing changes."""


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
        return health_view(self.world, server)


class MemoryBalancer(_Port):
    """One balancer of the world."""

    async def look(self) -> BalancerView:
        """At once."""
        return balancer_view(self.world, self.name)

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Sessions stay as they are. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.admins[backend, server] = admin

        self._change(self.admin_command(backend, server, admin), backend, server, apply)

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """In HAProxy's words."""
        return f"set server {backend}/{server} state {admin}"

    async def end_sessions(self, backend: str, server: str) -> None:
        """No session is left there. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.sessions[backend, server] = 0

        self._change(self.end_sessions_command(backend, server), backend, server, apply)

    def end_sessions_command(self, backend: str, server: str) -> str:
        """In HAProxy's words."""
        return f"shutdown sessions server {backend}/{server}"

    def _change(self, command: str, backend: str, server: str, apply: Callable[[Balancer], None]) -> None:
        balancer = self.world.balancers[self.name]
        self.world.commands.append(f"{self.name}: {command}")
        if not self.world.up(self.name):
            raise Refused(f"{self.name} cannot be told: {health_view(self.world, self.name).reason}")
        if balancer.refuses:
            raise Refused(f"{self.name}: {balancer.refuses}")
        if (backend, server) not in balancer.admins:
            raise Refused(f"{self.name}: No such server.")
        if balancer.applies:
            apply(balancer)
        if balancer.loses_answers:
            raise Unclear(f"'{command}' was sent to {self.name}: the connection was lost")


class MemoryReplicaSet(_Port):
    """The world's replica set."""

    async def follow(self) -> AsyncIterator[MemberView]:
        """Every member now, then all of them at once on each change of the world, or after a moment without any."""
        changed = self.world.follow()
        try:
            while True:
                changed.clear()
                for view in await self.look():
                    yield view
                try:
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await changed.wait()
                except TimeoutError:
                    continue
        finally:
            self.world.unfollow(changed)

    async def look(self) -> tuple[MemberView, ...]:
        """At once."""
        return tuple(member_view(self.world, member) for member in MEMBERS)

    async def step_down(
        self, address: str, *, period_s: int, catch_up_s: int, term: int, follow: Sequence[tuple[str, str]] = ()
    ) -> None:
        """As MongoDB does: refused without a candidate that has caught up, else a new Primary in the next term."""
        here = self.world
        here.commands.append(self.step_down_command(address, period_s=period_s, catch_up_s=catch_up_s))
        if here.primary is None or (address_of(here.primary), here.term) != (address, term):
            raise Refused(f"{address} is not Primary any more")
        successor = here.successor(here.primary, catch_up_s)
        if successor is None:
            raise Refused("MongoDB refused: No electable secondaries caught up")
        if here.step_down_applies:
            await here.hand_over(successor)
        if not here.step_down_answers:
            raise Unclear(f"the connection to {address} was lost after the command was sent")

    def step_down_command(
        self, address: str, *, period_s: int, catch_up_s: int, follow: Sequence[tuple[str, str]] = ()
    ) -> str:
        """In MongoDB's words."""
        first = [
            f'db.adminCommand({{replSetSyncFrom: "{source}"}})  on {member}, unless it does'
            for member, source in follow
        ]
        last = f"{{replSetStepDown: {period_s}, secondaryCatchUpPeriodSecs: {catch_up_s}}}"
        return "\n".join([*first, f"db.adminCommand({last})  on {address}"])


class MemoryShell:
    """A host that runs nothing."""

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0) -> Completed:
        """Nothing is run, and that is success."""
        return Completed(status=0, stdout="", stderr="")

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        """There are no sockets. Raises ShellError."""
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
        return host_view(node)


def cluster_file(world: str = "default") -> str:
    """The text of a cluster file for a world: as of a real cluster, all its tables naming this plugin."""
    ours = f'plugin = "memory"\nworld = "{world}"'
    tables = [f"[{table}]\n{ours}" for table in ("replica_set", "health", "shell", "facts")]
    tables += [f'[[balancers]]\nname = "{name}"\n{ours}' for name in BALANCERS]
    for role, names in (("app", SERVERS), ("balancer", BALANCERS), ("member", MEMBERS)):
        for name, rack in zip(names, "abc", strict=False):
            node = f'name = "{name}"\naddress = "{name}"\ndomain = "rack-{rack}"\nroles = ["{role}"]'
            tables.append(f"[[nodes]]\n{node}")
    paces = "[watch]\nhealth_s = 0.05\nbalancers_s = 0.05\nhosts_s = 1.0"
    return "\n\n".join([f'name = "{world}"\nenvironment = "test"', *tables, paces]) + "\n"


PROVIDES = {
    "replica_set": MemoryReplicaSet,
    "balancer": MemoryBalancer,
    "health": MemoryHealth,
    "shell": MemoryShells,
    "facts": MemoryFacts,
}
