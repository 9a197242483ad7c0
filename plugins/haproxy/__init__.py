"""HAProxy through its Runtime API: what it says of its servers, and the commands that drain and return them."""

import asyncio
import time
from collections.abc import Mapping, Sequence

import msgspec

from console.cluster.snapshot import Admin, Health
from console.cluster.views import BalancerView
from console.ports.plugins import Context
from console.ports.protocols import LineChange, RawDocument, Refused, Unclear
from plugins.haproxy.written import WrittenConfig

from .answers import ParseError, Process, Row, States, complete, parse_info, parse_stat, parse_states
from .config import BackendFacts, read_config
from .joining import experimental, joined
from .persisting import Written
from .raw import documents
from .runtime import NotAnswered, NotReached, Runtime, safe_address, safe_name, safe_words
from .servers import pool_members

CONFIG_EVERY_S = 30.0
DELETE_PATIENCE_S = 20.0
"""How long a server that is to be deleted may still have connections."""
DELETE_EVERY_S = 0.25
ONLY_READS = "its socket is not of level admin: put `level admin` on its stats socket line"


class HAProxy:
    """One HAProxy process, by its stats socket."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """One `[[balancers]]` table."""

        socket: str
        """`unix:///path`, `tcp://host:port` or `ssh://node/path`."""
        backends: list[str] = []
        """The backends to look at; empty: all that have servers."""
        config: str = ""
        """Path of haproxy.cfg beside the socket: tells what the runtime does not, and is written by `persist`."""
        checker: tuple[str, ...] = ("/usr/sbin/haproxy", "-c", "-f", "{config}")
        """What says whether a new haproxy.cfg is right, before it takes the place of the old one."""
        sudo: bool = False
        """haproxy.cfg is written, and checked, by `sudo -n`."""
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
        self._version = ""
        self._written = Written(settings, context, self._runtime)

    async def look(self) -> BalancerView:
        """Everything in one look; what cannot be seen is said in the reason."""
        try:
            process, rows, states = await self._read()
            writable = self._level[1] if self._level else None
            self._version = process.version
            await self._refresh_config()
            servers = pool_members(self._name, rows, states, self._config, process.version)
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
                writable_reason="" if writable is not False else ONLY_READS,
                backends=tuple(name for name in wanted if name in present),
                pools=tuple(
                    self._written.told(joined(name, rows, self._config, process.version))
                    for name in wanted
                    if name in present
                ),
                servers=tuple(server for server in servers if server.backend in wanted),
            )
        except (NotReached, NotAnswered) as problem:
            return BalancerView(balancer=self._name, health=problem.health, reason=str(problem))
        except ParseError as problem:
            reason = f"its answer cannot be read: {problem}"
            return BalancerView(balancer=self._name, health=Health.UNKNOWN, reason=reason)

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """The three answers that a look is made of."""
        return await documents(self._runtime)

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

    async def add_server(self, backend: str, server: str, *, address: str, weight: int, options: str) -> None:
        """Into maintenance. Raises Refused or Unclear."""
        command = self.add_server_command(backend, server, address=address, weight=weight, options=options)
        await self._change(command, "New server registered.")

    def add_server_command(self, backend: str, server: str, *, address: str, weight: int, options: str) -> str:
        """The exact line that goes to the socket. Raises Refused for words that it cannot carry."""
        place = f"{safe_name(backend)}/{safe_name(server)}"
        words = ["add server", place, safe_address(address), *safe_words(options), f"weight {weight}"]
        return self._allowed(" ".join(words))

    async def enable_check(self, backend: str, server: str) -> None:
        """Idempotent. Raises Refused or Unclear."""
        await self._change(self.enable_check_command(backend, server))

    def enable_check_command(self, backend: str, server: str) -> str:
        """The exact line that goes to the socket. Raises Refused for a name that is none."""
        return f"enable health {safe_name(backend)}/{safe_name(server)}"

    async def delete_server(self, backend: str, server: str) -> None:
        """Asked again while connections are left, for DELETE_PATIENCE_S. Raises Refused or Unclear."""
        command = self.delete_server_command(backend, server)
        until_s = time.monotonic() + DELETE_PATIENCE_S
        while True:
            answer = await self._ask(command)
            if answer in ("Server deleted.", "No such server."):
                return
            if "still has connections" not in answer or time.monotonic() >= until_s:
                raise Refused(f"{self._name}: {answer}")
            await asyncio.sleep(DELETE_EVERY_S)

    def delete_server_command(self, backend: str, server: str) -> str:
        """The exact line that goes to the socket. Raises Refused for a name that is none."""
        return self._allowed(f"del server {safe_name(backend)}/{safe_name(server)}")

    async def set_weight(self, backend: str, server: str, weight: int) -> None:
        """Idempotent. Raises Refused or Unclear."""
        await self._change(self.weight_command(backend, server, weight))

    def weight_command(self, backend: str, server: str, weight: int) -> str:
        """The exact line that goes to the socket. Raises Refused for a name that is none."""
        # Never in percent: of a small weight that silently makes 0.
        return f"set server {safe_name(backend)}/{safe_name(server)} weight {weight}"

    async def write_lines(self, changes: Sequence[LineChange]) -> None:
        """Checked by HAProxy before it stands there; nothing is reloaded. Raises Refused or Unclear."""
        try:
            await self._written.file.write(changes)
        finally:
            self._config_due_s = float("-inf")

    def write_lines_command(self, changes: Sequence[LineChange]) -> str:
        """What is written, a line each, and what checks it. Raises Refused where there is no file to write."""
        return self._written.file.command(changes)

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
            found = await read_config(self._settings.config, self._runtime, self._settings.deadline_s)
            # What was read before still holds better than nothing.
            self._config = self._config if found is None else found
            await self._written.read(self._settings.deadline_s)
            self._config_due_s = time.monotonic() + CONFIG_EVERY_S

    def _allowed(self, command: str) -> str:
        return f"experimental-mode on; {command}" if experimental(self._version) else command

    async def _change(self, command: str, success: str = "") -> None:
        answer = await self._ask(command)
        # Silence is success, but where there is a word for it, before which a warning may stand.
        if not answer.endswith(success) if success else answer:
            raise Refused(f"{self._name}: {answer or 'it said nothing'}")

    async def _ask(self, command: str) -> str:
        try:
            answer = (await self._runtime.ask(command, self._runtime.deadline())).strip()
        except NotReached as problem:
            raise Refused(f"{self._name} cannot be told: {problem}") from None
        except NotAnswered as problem:
            raise Unclear(f"'{command}' was sent to {self._name}: {problem}") from None
        if answer == "Permission denied":
            raise Refused(f"{self._name}: Permission denied; put `level admin` on its stats socket line")
        return answer


def _missing(backends: list[str]) -> str:
    return f"it has no backend {', '.join(backends)} with servers" if backends else ""


PROVIDES = {"balancer": HAProxy, "config": WrittenConfig}
