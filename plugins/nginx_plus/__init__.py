"""NGINX Plus by its API: servers drained, taken down, weighed, added and deleted while it runs."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from console.cluster.snapshot import Admin, Backend, Health
from console.cluster.views import BalancerView
from console.ports.plugins import Context
from console.ports.protocols import Refused
from plugins._api import Answer, Api, NotSeen, Where, said
from plugins._names import named
from plugins.nginx.edits import safe_name, safe_weight, statement

from .peers import Peer, pool_member

TRIED_EVERY_S = 30.0
"""How often the right to change it is tried."""
NO_SUCH_ID = "4294967295"
"""A server that cannot be: a change of it is refused, for that reason only where changes are let through."""
DELETE_PATIENCE_S = 20.0
"""How long a server that is to be deleted may still have connections."""
DELETE_EVERY_S = 0.25
STATES: Mapping[Admin, Mapping[str, bool]] = {
    Admin.READY: {"down": False, "drain": False},
    Admin.DRAIN: {"down": False, "drain": True},
    Admin.MAINT: {"down": True, "drain": False},
}
STATIC = "the upstream has no `zone` in nginx's configuration: it is static"


class NginxPlus:
    """One NGINX Plus."""

    class Settings(Where, kw_only=True, forbid_unknown_fields=True):
        """One `[[balancers]]` table; `url` as in `http://lb1:8080/api/9`."""

        upstreams: tuple[str, ...] = ()
        """The upstreams to look at; empty: all that have servers."""
        state_file: bool = False
        """The upstreams have a `state` file: what is changed outlives a reload. The API does not tell."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._name = context.name
        self._lines = context.lines
        self._api = Api(settings, login=settings.login)
        self._refuses = ""
        self._tried_at_s = float("-inf")

    async def look(self) -> BalancerView:
        """Everything in one look; what cannot be seen is said in the reason."""
        try:
            itself, seen = await self._api.get("nginx"), await self._api.get("http", "upstreams")
            wanted = self._settings.upstreams or [name for name, one in seen.items() if one.get("peers")]
            there = [name for name in wanted if name in seen]
            peers = {name: await self._peers(name, seen[name]) for name in there}
            missing = [name for name in wanted if name not in seen]
            refuses = await self._refusal(there)
            return BalancerView(
                balancer=self._name,
                health=Health.UP,
                reason=f"it has no upstream {', '.join(missing)} with a zone" if missing else "",
                version=str(itself.get("version", "")),
                process_id=int(itself.get("ppid") or itself["pid"]),
                writable=not refuses,
                writable_reason=refuses,
                backends=tuple(there),
                pools=tuple(self._backend(name, found) for name, found in peers.items()),
                servers=tuple(
                    pool_member(self._name, upstream, name, peer, lasts=self._settings.state_file)
                    for upstream, found in peers.items()
                    for name, peer in self._named(found).items()
                ),
            )
        except NotSeen as problem:
            return BalancerView(balancer=self._name, health=problem.health, reason=str(problem))
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            reason = f"its API answers otherwise than documented: {problem!r}"
            return BalancerView(balancer=self._name, health=Health.UNKNOWN, reason=reason)

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Idempotent. Raises Refused or Unclear."""
        await self._patch(backend, server, STATES[admin])

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """The request; the server's id is looked up when it goes out."""
        return self._told("PATCH", backend, server, STATES[admin])

    async def set_weight(self, backend: str, server: str, weight: int) -> None:
        """1 to 256; idempotent. Raises Refused or Unclear."""
        await self._patch(backend, server, {"weight": safe_weight(weight)})

    def weight_command(self, backend: str, server: str, weight: int) -> str:
        """The request. Raises Refused for a weight that nginx does not know."""
        return self._told("PATCH", backend, server, {"weight": safe_weight(weight)})

    async def add_server(self, backend: str, server: str, *, address: str, weight: int, options: str) -> None:
        """Down. Raises Refused or Unclear."""
        safe_name(server)
        body = _body(address, weight, options)
        there = await self._find(backend)
        if server in there or address in {peer.address for peer in there.values()}:
            raise Refused(f"{self._name}: {server} stands in upstream {backend} already")
        if server not in named(self._lines, [*(peer.address for peer in there.values()), address]):
            raise Refused(f"{self._name}: {address} is not where the cluster file has {server}")
        await self._change("POST", "http", "upstreams", backend, "servers", body=body)

    def add_server_command(self, backend: str, server: str, *, address: str, weight: int, options: str) -> str:
        """The request. Raises Refused for words that it cannot carry."""
        safe_name(server)
        path = ("http", "upstreams", safe_name(backend), "servers")
        return self._api.command("POST", *path, body=_body(address, weight, options))

    async def enable_check(self, backend: str, server: str) -> None:
        """Where its upstream is checked it is, as soon as it is not down. Raises Refused."""
        if server not in await self._find(backend):
            raise Refused(f"{self._name}: no server {server} in upstream {backend}")

    def enable_check_command(self, backend: str, server: str) -> str:
        """Nothing goes out."""
        return f"upstream {safe_name(backend)} checks server {safe_name(server)} by itself"

    async def delete_server(self, backend: str, server: str) -> None:
        """One that is down, once its last connection is gone; one that is not there is deleted.

        Raises Refused or Unclear.
        """
        safe_name(server)
        until_s = time.monotonic() + DELETE_PATIENCE_S
        while (peer := (await self._find(backend)).get(server)) and peer.seen.get("active"):
            if time.monotonic() >= until_s:
                raise Refused(f"{self._name}: {server} still has {peer.seen['active']} connections")
            await asyncio.sleep(DELETE_EVERY_S)
        if peer is None:
            return
        if peer.admin is not Admin.MAINT:
            raise Refused(f"{self._name}: only a server that is down is deleted, and {server} is not")
        await self._change("DELETE", "http", "upstreams", backend, "servers", str(peer.conf["id"]))

    def delete_server_command(self, backend: str, server: str) -> str:
        """The request; the server's id is looked up when it goes out."""
        return self._told("DELETE", backend, server, None)

    async def close(self) -> None:
        """Let go of connections."""
        await self._api.close()

    async def _peers(self, upstream: str, seen: Mapping[str, Any]) -> list[Peer]:
        """Raises NotSeen."""
        conf = await self._api.get("http", "upstreams", upstream, "servers")
        by_id = {peer["id"]: peer for peer in seen["peers"]}
        return [Peer(one, by_id.get(one["id"], {})) for one in conf if "parent" not in one or one["id"] in by_id]

    async def _find(self, backend: str) -> dict[str, Peer]:
        """The servers of an upstream by name. Raises Refused."""
        try:
            seen = await self._api.get("http", "upstreams", safe_name(backend))
            return self._named(await self._peers(backend, seen))
        except NotSeen as problem:
            raise Refused(f"{self._name}: {problem}; nothing was changed") from None

    async def _patch(self, backend: str, server: str, body: Mapping[str, object]) -> None:
        safe_name(server)
        peer = (await self._find(backend)).get(server)
        if peer is None:
            raise Refused(f"{self._name}: no server {server} in upstream {backend}")
        await self._change("PATCH", "http", "upstreams", backend, "servers", str(peer.conf["id"]), body=body)

    async def _change(self, method: str, *path: str, body: object = None) -> None:
        answer = await self._api.ask(method, *path, body=body)
        if not answer.ok:
            raise Refused(f"{self._name}: {_mended(answer)}")

    async def _refusal(self, upstreams: list[str]) -> str:
        """Why it may not be changed, tried now and then by a change of what is not there."""
        if upstreams and time.monotonic() >= self._tried_at_s + TRIED_EVERY_S:
            try:
                path = ("http", "upstreams", upstreams[0], "servers", NO_SUCH_ID)
                answer = await self._api.ask("PATCH", *path, body={})
                self._refuses = "" if answer.status == 404 else _mended(answer)
            except Exception as problem:  # noqa: BLE001 - a dry run of whatever kind that fails says no
                self._refuses = str(problem)
            self._tried_at_s = time.monotonic()
        return self._refuses

    def _named(self, peers: list[Peer]) -> dict[str, Peer]:
        by_address = {peer.address: peer for peer in peers}
        return {name: by_address[address] for name, address in named(self._lines, by_address).items()}

    def _backend(self, name: str, peers: list[Peer]) -> Backend:
        like = next((peer for peer in peers if not peer.conf.get("backup")), None)
        return Backend(
            name=name,
            options=like.options if like else "",
            line="server {address} weight={weight};",
            checks=any(peer.checked for peer in peers),
            lasts=self._settings.state_file,
        )

    def _told(self, method: str, backend: str, server: str, body: object) -> str:
        path = ("http", "upstreams", safe_name(backend), "servers")
        return self._api.command(method, *path, safe_name(server), body=body)


def _body(address: str, weight: int, options: str) -> dict[str, object]:
    statement(address, weight, options)  # refuses what could be more than it seems
    values: dict[str, object] = {}
    for key, _, value in (word.partition("=") for word in options.split()):
        values[key] = int(value) if value.isdecimal() else value
    return {"server": address, "weight": weight, **values, "down": True}


MENDS: Mapping[str, str] = {
    "MethodDisabled": "put `api write=on;` into its API's location",
    "UpstreamStatic": STATIC,
}


def _mended(answer: Answer) -> str:
    """What it says, and what mends it where that is known."""
    error = answer.body.get("error", {}) if isinstance(answer.body, dict) else {}
    mend = MENDS.get(str(error.get("code")), "")
    return f"{said(answer)}{': ' if mend else ''}{mend}"


PROVIDES = {"balancer": NginxPlus}
