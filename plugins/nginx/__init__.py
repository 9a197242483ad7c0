"""nginx without an API: its upstream blocks read from its files, edited there, and loaded by a reload.

It drains nobody, checks nobody but by the requests that fail, and tells nothing of a server's sessions and requests.
"""

import asyncio
import time
from collections.abc import Callable

import msgspec

from console.cluster.snapshot import Admin, Health
from console.cluster.views import BalancerView
from console.ports.plugins import Context
from console.ports.protocols import Refused, Shell, ShellError
from plugins._local import LocalShell
from plugins._names import named
from plugins.nginx.written import WrittenConfig

from .configuration import Configuration, Written, said_not_loaded
from .edits import safe_name, safe_weight, statement, with_added, with_down, with_weight, without
from .pools import NO_DRAIN, backend_of, pool_member
from .process import NotRunning, NotSeen, Running
from .upstreams import ServerLine, Upstream

LOCAL = "local"
TRIED_EVERY_S = 30.0
"""How often the right to change its files is tried."""


class Nginx:
    """One nginx, by the shell of its host."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """One `[[balancers]]` table."""

        host: str = ""
        """The node whose shell runs its commands; empty: the balancer's own name; `local`: this machine."""
        upstreams: list[str] = []
        """The upstreams to look at; empty: all that have servers."""
        program: tuple[str, ...] = ("/usr/sbin/nginx",)
        """How nginx is called, with `-c` and `-p` where it runs with them."""
        pid_file: str = "/run/nginx.pid"
        sudo: bool = False
        """Its files are read and changed, and nginx is called, by `sudo -n`."""
        deadline_s: float = 5.0
        reload_s: float = 10.0
        """How long new workers may take to take over."""

        def __post_init__(self) -> None:
            """Raises ValueError for a deadline that no look could keep."""
            if self.deadline_s <= 0 or self.reload_s <= 0:
                raise ValueError("deadline_s and reload_s must be more than 0")

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._name = context.name
        self._lines = context.lines
        host = settings.host or context.name
        self._configuration = Configuration(
            host,
            _shell(host, context),
            settings.program,
            settings.pid_file,
            sudo=settings.sudo,
            deadline_s=settings.deadline_s,
        )
        self._version: tuple[int, str] = (0, "")
        self._refuses: str | None = None
        self._tried_at_s = float("-inf")

    async def look(self) -> BalancerView:
        """What its files say, once its workers have loaded them; what cannot be seen is said in the reason."""
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                process = await self._configuration.processes()
                written = await self._configuration.written()
                if self._version[0] != process.master:
                    self._version = process.master, await self._configuration.version()
                return await self._view(process, written)
        except NotRunning as problem:
            return BalancerView(balancer=self._name, health=Health.DOWN, reason=str(problem))
        except (NotSeen, ShellError) as problem:
            return BalancerView(balancer=self._name, health=Health.UNKNOWN, reason=str(problem))
        except TimeoutError:
            reason = f"no answer within {self._settings.deadline_s:g} s"
            return BalancerView(balancer=self._name, health=Health.UNKNOWN, reason=reason)

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Idempotent. Raises Refused or Unclear."""
        self._can(admin)
        down = admin is Admin.MAINT
        await self._edit(backend, self._line(server), lambda text, line: with_down(text, line, down))

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """What is done to the file, and that it is loaded. Raises Refused for a drain, which nginx has not."""
        self._can(admin)
        does = "marked down" if admin is Admin.MAINT else "no longer marked down"
        return self._told(backend, server, does)

    async def set_weight(self, backend: str, server: str, weight: int) -> None:
        """1 to 256; idempotent. Raises Refused or Unclear."""
        safe_weight(weight)
        await self._edit(backend, self._line(server), lambda text, line: with_weight(text, line, weight))

    def weight_command(self, backend: str, server: str, weight: int) -> str:
        """What is done to the file, and that it is loaded. Raises Refused for a weight that nginx does not know."""
        return self._told(backend, server, f"given weight={safe_weight(weight)}")

    async def add_server(self, backend: str, server: str, *, address: str, weight: int, options: str) -> None:
        """Marked down. Raises Refused or Unclear."""
        safe_name(server)
        added = statement(address, weight, options)

        def last(upstream: Upstream) -> ServerLine:
            there = self._named(upstream)
            if server in there or address in {line.address for line in there.values()}:
                raise Refused(f"{self._name}: {server} stands in upstream {upstream.name} already")
            if server not in named(self._lines, [*(line.address for line in there.values()), address]):
                raise Refused(f"{self._name}: {address} is not where the cluster file has {server}")
            return upstream.servers[-1]

        await self._edit(backend, last, lambda text, line: with_added(text, line, added))

    def add_server_command(self, backend: str, server: str, *, address: str, weight: int, options: str) -> str:
        """The line that is written, and that it is loaded. Raises Refused for words that it cannot hold."""
        safe_name(server)
        return self._told(backend, "", f"`{statement(address, weight, options)}` added")

    async def enable_check(self, backend: str, server: str) -> None:
        """Raises Refused: there is none."""
        raise Refused(f"{self._name}: nginx has no health check that could be enabled")

    def enable_check_command(self, backend: str, server: str) -> str:
        """Raises Refused: there is none."""
        raise Refused(f"{self._name}: nginx has no health check that could be enabled")

    async def delete_server(self, backend: str, server: str) -> None:
        """One that is marked down; requests in flight finish in the old workers. Raises Refused or Unclear."""
        safe_name(server)

        def delete(text: str, line: ServerLine) -> str:
            if not line.down:
                raise Refused(f"{self._name}: only a server that is marked down is deleted, and {server} is not")
            return without(text, line)

        view = await self.look()
        if view.health is Health.UP and (backend, server) not in {(s.backend, s.server) for s in view.servers}:
            return
        await self._edit(backend, self._line(server), delete)

    def delete_server_command(self, backend: str, server: str) -> str:
        """What is done to the file, and that it is loaded."""
        return self._told(backend, server, "deleted")

    async def close(self) -> None:
        """Nothing is kept open: the shell belongs to the cluster."""

    async def _view(self, process: Running, written: Written) -> BalancerView:
        late = self._configuration.not_loaded(process, written)
        wanted = self._settings.upstreams or [name for name, found in written.upstreams.items() if found.servers]
        found = [written.upstreams[name] for name in wanted if name in written.upstreams]
        unseen = [file for upstream in found for file in upstream.files if file in late]
        if unseen:
            raise NotSeen(said_not_loaded(list(dict.fromkeys(unseen))))
        refuses = said_not_loaded(late) if late else await self._refusal(found)
        missing = [name for name in wanted if name not in written.upstreams]
        return BalancerView(
            balancer=self._name,
            health=Health.UP,
            reason=f"it has no upstream {', '.join(missing)}" if missing else "",
            version=self._version[1],
            uptime_s=process.uptime_s,
            process_id=process.master,
            writable=not refuses,
            writable_reason=refuses,
            backends=tuple(upstream.name for upstream in found),
            pools=tuple(map(backend_of, found)),
            servers=tuple(
                pool_member(self._name, upstream, name, line)
                for upstream in found
                for name, line in self._named(upstream).items()
            ),
        )

    async def _refusal(self, found: list[Upstream]) -> str:
        """Why it may not be changed, tried now and then."""
        if self._refuses is None or time.monotonic() >= self._tried_at_s + TRIED_EVERY_S:
            self._refuses, self._tried_at_s = await self._configuration.refuses_edits(found), time.monotonic()
        return self._refuses

    def _named(self, upstream: Upstream) -> dict[str, ServerLine]:
        by_address = {line.address: line for line in upstream.servers}
        names = named(self._lines, by_address)
        return {name: by_address[address] for name, address in names.items()}

    def _line(self, server: str) -> Callable[[Upstream], ServerLine]:
        safe_name(server)

        def pick(upstream: Upstream) -> ServerLine:
            there = self._named(upstream)
            if server not in there:
                raise Refused(f"{self._name}: no server {server} in upstream {upstream.name}")
            return there[server]

        return pick

    async def _edit(
        self, backend: str, pick: Callable[[Upstream], ServerLine], change: Callable[[str, ServerLine], str]
    ) -> None:
        await self._configuration.edit(safe_name(backend), pick, change, self._settings.reload_s)

    def _can(self, admin: Admin) -> None:
        if admin is Admin.DRAIN:
            raise Refused(f"{self._name}: {NO_DRAIN}; `maint` sends no new client and lets requests in flight finish")

    def _told(self, backend: str, server: str, does: str) -> str:
        subject = f"server {safe_name(server)} " if server else ""
        return f"upstream {safe_name(backend)}: {subject}{does}; {self._configuration.reload_command}"


def _shell(host: str, context: Context) -> Shell:
    if host == LOCAL:
        return LocalShell()
    if context.shells is None:
        raise ValueError(f'its commands need a [shell] table, or host = "{LOCAL}" where it runs on this machine')
    return context.shells.on(host)


PROVIDES = {"balancer": Nginx, "config": WrittenConfig}
