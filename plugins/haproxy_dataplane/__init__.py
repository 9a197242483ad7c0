"""HAProxy by its Data Plane API, version 3: what is changed at run time is written into its configuration as well."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from console.cluster.snapshot import Admin, Health
from console.cluster.views import BalancerView
from console.ports.plugins import Context
from console.ports.protocols import Refused, Unclear
from plugins._api import Api, NotSeen, Where, said
from plugins.haproxy.runtime import safe_address, safe_name

from .model import Section, Told, backend_of, pool_member, server_of

HAPROXY = ("services", "haproxy")
SETTLES_S = 20.0
"""How long a reload, or the last connection to a server that leaves, may take."""
SETTLES_EVERY_S = 0.25
WEIGHT_MOST = 256


class DataPlane:
    """One HAProxy, by the Data Plane API beside it."""

    class Settings(Where, kw_only=True, forbid_unknown_fields=True):
        """One `[[balancers]]` table; `url` as in `https://lb1:5555/v3`."""

        backends: tuple[str, ...] = ()
        """The backends to look at; empty: all that have servers."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._name = context.name
        self._api = Api(settings, login=settings.login)
        self._changing = asyncio.Lock()

    async def look(self) -> BalancerView:
        """Everything in one look; what cannot be seen is said in the reason."""
        try:
            itself = _info(await self._get("runtime", "info"))
            stats = _stats(await self._get("stats", "native", type="server"))
            wanted = self._settings.backends or tuple(name for name, servers in stats.items() if servers)
            there = [name for name in wanted if name in stats]
            sections = {name: await self._section(name, stats[name]) for name in there}
            missing = [name for name in wanted if name not in stats]
            return BalancerView(
                balancer=self._name,
                health=Health.UP,
                reason=f"it has no backend {', '.join(missing)} with servers" if missing else "",
                version=str(itself.get("version", "")),
                uptime_s=int(itself.get("uptime", 0)),
                process_id=int(itself["pid"]),
                writable=True,  # whoever may read this API may write by it: it knows no other users
                backends=tuple(there),
                pools=tuple(backend_of(name, section) for name, section in sections.items()),
                servers=tuple(
                    pool_member(self._name, backend, name, section)
                    for backend, section in sections.items()
                    for name in section.running
                ),
            )
        except NotSeen as problem:
            # That its API is gone says nothing of HAProxy itself.
            reason = f"its Data Plane API cannot be asked: {problem}"
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            reason = f"its Data Plane API answers otherwise than documented: {problem!r}"
        return BalancerView(balancer=self._name, health=Health.UNKNOWN, reason=reason)

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Maintenance and its end are written as well; of a drain, HAProxy's configuration knows nothing.

        Idempotent. Raises Refused or Unclear.
        """
        async with self._changing:
            written = await self._written(backend, server)
            if written is not None and admin is not Admin.DRAIN:
                rest = {key: value for key, value in written.items() if key != "maintenance"}
                down = {"maintenance": "enabled"} if admin is Admin.MAINT else {}
                await self._write(backend, server, written, {**rest, **down})
            await self._run(backend, server, {"admin_state": admin.value}, wrote=written is not None)

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """The request that takes effect; the same is written before it."""
        return self._told("PUT", "runtime", backend, server, {"admin_state": admin.value})

    async def set_weight(self, backend: str, server: str, weight: int) -> None:
        """0 to 256, written as well; idempotent. Raises Refused or Unclear."""
        _safe_weight(weight)
        async with self._changing:
            written = await self._written(backend, server)
            if written is not None:
                await self._write(backend, server, written, {**written, "weight": weight})
            await self._run(backend, server, {"weight": weight}, wrote=written is not None)

    def weight_command(self, backend: str, server: str, weight: int) -> str:
        """The request that takes effect; the same is written before it."""
        return self._told("PUT", "runtime", backend, server, {"weight": _safe_weight(weight)})

    async def add_server(self, backend: str, server: str, *, address: str, weight: int, options: str) -> None:
        """Written in maintenance; HAProxy is reloaded where it cannot be added without. Raises Refused or Unclear."""
        body = server_of(safe_name(server), safe_address(address), _safe_weight(weight), options)
        async with self._changing:
            await self._configure("POST", "backends", safe_name(backend), "servers", body=body)
            await self._until(backend, server, there=True)

    def add_server_command(self, backend: str, server: str, *, address: str, weight: int, options: str) -> str:
        """The request. Raises Refused for words that it cannot carry."""
        body = server_of(safe_name(server), safe_address(address), _safe_weight(weight), options)
        path = (*HAPROXY, "configuration", "backends", safe_name(backend), "servers")
        return self._api.command("POST", *path, body=body)

    async def enable_check(self, backend: str, server: str) -> None:
        """Written with it. Idempotent. Raises Refused or Unclear."""
        async with self._changing:
            written = await self._written(backend, server)
            if written is None:
                raise Refused(f"{self._name}: {server} stands not in the configuration of {backend}")
            await self._write(backend, server, written, {**written, "check": "enabled"})

    def enable_check_command(self, backend: str, server: str) -> str:
        """The request, which is sent where the check is not written yet."""
        return self._told("PUT", "configuration", backend, server, {"check": "enabled"})

    async def delete_server(self, backend: str, server: str) -> None:
        """One in maintenance, once its last connection is gone; one that is not there is deleted.

        Raises Refused or Unclear.
        """
        async with self._changing:
            until_s = time.monotonic() + SETTLES_S
            while (entry := await self._entry(backend, safe_name(server))) is not None:
                if entry.admin is not Admin.MAINT:
                    raise Refused(f"{self._name}: only a server in maintenance is deleted, and {server} is not")
                if not entry.sessions:
                    break
                if time.monotonic() >= until_s:
                    raise Refused(f"{self._name}: {server} still has {entry.sessions} sessions")
                await asyncio.sleep(SETTLES_EVERY_S)
            if await self._written(backend, server, strict=False) is not None:
                await self._configure("DELETE", "backends", backend, "servers", server)
            await self._api.ask("DELETE", *HAPROXY, "runtime", "backends", backend, "servers", server)
            await self._until(backend, server, there=False)

    def delete_server_command(self, backend: str, server: str) -> str:
        """The request that deletes it from the configuration; the same is done at run time after it."""
        return self._told("DELETE", "configuration", backend, server, None)

    async def close(self) -> None:
        """Let go of connections."""
        await self._api.close()

    async def _section(self, name: str, stats: Mapping[str, Told]) -> Section:
        """Raises NotSeen."""
        written = await self._get("configuration", "backends", name, "servers")
        running = await self._get("runtime", "backends", name, "servers")
        conf = await self._get("configuration", "backends", name)
        return Section(conf, {one["name"]: one for one in written}, {one["name"]: one for one in running}, stats)

    async def _entry(self, backend: str, server: str) -> Any:
        """The server as it is now, or None. Raises Refused."""
        view = await self.look()
        if view.health is not Health.UP:
            raise Refused(f"{self._name}: {view.reason}; nothing was changed")
        return next((one for one in view.servers if (one.backend, one.server) == (backend, server)), None)

    async def _written(self, backend: str, server: str, *, strict: bool = True) -> dict[str, Any] | None:
        """Its configuration; None where only run time knows it. Raises Refused where neither does."""
        path = ("configuration", "backends", safe_name(backend), "servers", safe_name(server))
        answer = await self._api.ask("GET", *HAPROXY, *path)
        if answer.ok and isinstance(answer.body, dict):
            return answer.body
        if answer.status != 404:
            raise Refused(f"{self._name}: {said(answer)}; nothing was changed")
        if strict and await self._entry(backend, server) is None:
            raise Refused(f"{self._name}: no server {server} in backend {backend}")
        return None

    async def _write(self, backend: str, server: str, before: Told, after: Told) -> None:
        if after != before:
            await self._configure("PUT", "backends", backend, "servers", server, body=after)

    async def _configure(self, method: str, *path: str, body: object = None) -> None:
        """A change of the configuration as it was just seen: one that is not of its version is refused."""
        try:
            version = await self._get("configuration", "version")
        except NotSeen as problem:
            raise Refused(f"{self._name}: {problem}; nothing was changed") from None
        answer = await self._api.ask(method, *HAPROXY, "configuration", *path, body=body, version=str(version))
        if not answer.ok:
            raise Refused(f"{self._name}: {said(answer)}; nothing was changed")

    async def _run(self, backend: str, server: str, body: Told, *, wrote: bool) -> None:
        answer = await self._api.ask("PUT", *HAPROXY, "runtime", "backends", backend, "servers", server, body=body)
        if not answer.ok and wrote:
            raise Unclear(f"{self._name}: it is written, and at run time: {said(answer)}")
        if not answer.ok:
            raise Refused(f"{self._name}: {said(answer)}; nothing was changed")

    async def _until(self, backend: str, server: str, *, there: bool) -> None:
        """Until run time is as it was written: it may take a reload. Raises Unclear."""
        until_s = time.monotonic() + SETTLES_S
        while time.monotonic() < until_s:
            view = await self.look()
            found = (backend, server) in {(one.backend, one.server) for one in view.servers}
            if view.health is Health.UP and found is there:
                return
            await asyncio.sleep(SETTLES_EVERY_S)
        raise Unclear(f"{self._name}: it is written, and not seen at run time within {SETTLES_S:g} s")

    async def _get(self, *path: str, **query: str) -> Any:
        return await self._api.get(*HAPROXY, *path, **query)

    def _told(self, method: str, where: str, backend: str, server: str, body: object) -> str:
        path = (*HAPROXY, where, "backends", safe_name(backend), "servers", safe_name(server))
        return self._api.command(method, *path, body=body)


def _safe_weight(weight: int) -> int:
    if not 0 <= weight <= WEIGHT_MOST:
        raise Refused(f"expected a weight from 0 to {WEIGHT_MOST}, got {weight}")
    return weight


def _info(told: Any) -> Told:
    """What its process says; older versions put it into a list."""
    first: Told = (told[0] if isinstance(told, list) else told)["info"]
    return first


def _stats(told: Any) -> dict[str, dict[str, Told]]:
    """Every server's numbers by backend and name; older versions put them into a list."""
    found: dict[str, dict[str, Told]] = {}
    for one in (told[0] if isinstance(told, list) else told)["stats"]:
        found.setdefault(one["backend_name"], {})[one["name"]] = one["stats"]
    return found


PROVIDES = {"balancer": DataPlane}
