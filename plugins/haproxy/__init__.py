"""HAProxy through its Runtime API: what it says of its servers, and the commands that drain and return them."""

import time
from collections.abc import Mapping

import msgspec

from console.cluster.snapshot import Admin, Health
from console.cluster.views import BalancerView
from console.ports.plugins import Context
from console.ports.protocols import Refused, Unclear

from .answers import ParseError, Process, Row, States, complete, parse_info, parse_stat, parse_states
from .config import BackendFacts, read_config
from .runtime import NotAnswered, NotReached, Runtime, safe_name
from .servers import pool_members

CONFIG_EVERY_S = 30.0


class HAProxy:
    """One HAProxy process, by its stats socket."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """One `[[balancers]]` table."""

        socket: str
        """`unix:///path`, `tcp://host:port` or `ssh://node/path`."""
        backends: list[str] = []
        """The backends to look at; empty: all that have servers."""
        config: str = ""
        """Path of haproxy.cfg beside the socket: tells what the runtime does not. Only read."""
        deadline_s: float = 2.0

        def __post_init__(self) -> None:
            """Raises ValueError for a deadline that no look could keep."""
            if self.deadline_s <= 0:
                raise ValueError("deadline_s must be more than 0")

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._name = context.name
        self._runtime = Runtime(settings.socket, context.shells, settings.deadline_s)
        self._level: tuple[int, bool] | None = None
        self._config: Mapping[str, BackendFacts] = {}
        self._config_due_s = float("-inf")

    async def look(self) -> BalancerView:
        """Everything in one look; what cannot be seen is said in the reason."""
        try:
            process, rows, states = await self._read()
            writable = self._level[1] if self._level else None
            await self._refresh_config()
            servers = pool_members(self._name, rows, states, self._config)
            present = tuple(dict.fromkeys(server.backend for server in servers))
            wanted = tuple(self._settings.backends) or present
            return BalancerView(
                balancer=self._name,
                health=Health.UP,
                reason=_missing([name for name in wanted if name not in present]),
                version=process.version,
                uptime_s=process.uptime_s,
                process_id=process.process_id,
                writable=writable,
                backends=tuple(name for name in wanted if name in present),
                servers=tuple(server for server in servers if server.backend in wanted),
            )
        except (NotReached, NotAnswered) as problem:
            return BalancerView(balancer=self._name, health=problem.health, reason=str(problem))
        except ParseError as problem:
            reason = f"its answer cannot be read: {problem}"
            return BalancerView(balancer=self._name, health=Health.UNKNOWN, reason=reason)

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Idempotent. Raises Refused or Unclear."""
        await self._change(self.admin_command(backend, server, admin))

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """The exact line that goes to the socket. Raises Refused for a name that is none."""
        return f"set server {safe_name(backend)}/{safe_name(server)} state {admin.value}"

    async def end_sessions(self, backend: str, server: str) -> None:
        """Requests in flight fail. Raises Refused or Unclear."""
        await self._change(self.end_sessions_command(backend, server))

    def end_sessions_command(self, backend: str, server: str) -> str:
        """The exact line that goes to the socket. Raises Refused for a name that is none."""
        return f"shutdown sessions server {safe_name(backend)}/{safe_name(server)}"

    async def close(self) -> None:
        """Nothing is kept open: every command has its own connection."""

    async def _read(self) -> tuple[Process, list[Row], States]:
        until = self._runtime.deadline()

        async def ask(command: str) -> str:
            return complete(await self._runtime.ask(command, until))

        process = parse_info(await ask("show info"))
        if self._level is None or self._level[0] != process.process_id:
            self._level = process.process_id, (await ask("show cli level")).strip() == "admin"
        rows = parse_stat(await ask("show stat"))
        return process, rows, parse_states(await ask("show servers state"))

    async def _refresh_config(self) -> None:
        if self._settings.config and time.monotonic() >= self._config_due_s:
            self._config = await read_config(self._settings.config, self._runtime, self._settings.deadline_s)
            self._config_due_s = time.monotonic() + CONFIG_EVERY_S

    async def _change(self, command: str) -> None:
        try:
            answer = (await self._runtime.ask(command, self._runtime.deadline())).strip()
        except NotReached as problem:
            raise Refused(f"{self._name} cannot be told: {problem}") from None
        except NotAnswered as problem:
            raise Unclear(f"'{command}' was sent to {self._name}: {problem}") from None
        if answer == "Permission denied":
            raise Refused(f"{self._name}: Permission denied; put `level admin` on its stats socket line")
        if answer:
            raise Refused(f"{self._name}: {answer}")


def _missing(backends: list[str]) -> str:
    return f"it has no backend {', '.join(backends)} with servers" if backends else ""


PROVIDES = {"balancer": HAProxy}
