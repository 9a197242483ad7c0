"""Proxmox VE: a node as one of its virtual machines, by its HTTP API.

Every change is a task that is awaited. What the guest cannot take while it runs is pending until its next start.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from console.cluster.snapshot import ServiceState, Size
from console.cluster.views import ServiceView, SizeView
from console.ports.plugins import Context
from console.ports.protocols import Refused, Unclear, Verb
from console.ports.secrets import Secret
from plugins._api import Api, NotSeen, Place, said
from plugins._sizes import require_from_outside

MIB = 2**20
TASK_EVERY_S = 0.5
STATES = {"running": ServiceState.RUNNING, "paused": ServiceState.RUNNING, "stopped": ServiceState.STOPPED}
HOTPLUG_DEFAULT = "network,disk,usb"
VERBS: Mapping[Verb, str] = {"start": "start", "stop": "shutdown"}
SIZED = ("memory", "cores", "sockets", "vcpus")


class _Machine(Place, kw_only=True, forbid_unknown_fields=True):
    proxmox_node: str
    """The name of the hypervisor in Proxmox."""
    vmid: int
    token_id: str
    """`user@realm!name` of an API token."""
    token: Secret
    task_deadline_s: float = 120.0
    """How long a task may take: a guest has to shut down."""

    def __post_init__(self) -> None:
        """Raises ValueError for a token's name that is none, and as Place does."""
        super().__post_init__()
        if "@" not in self.token_id or "!" not in self.token_id:
            raise ValueError(f"token_id {self.token_id!r}: expected user@realm!name")


class _Guest:
    """One machine's part of the API."""

    def __init__(self, settings: _Machine) -> None:
        self._node = ("api2", "json", "nodes", settings.proxmox_node)
        self._path = (*self._node, "qemu", str(settings.vmid))
        self._name = f"virtual machine {settings.vmid}"
        self._task_deadline_s = settings.task_deadline_s
        token = f"PVEAPIToken={settings.token_id}={settings.token.reveal()}"
        self._api = Api(settings, headers={"Authorization": token})

    async def read(self, *path: str) -> Any:
        """The data of an answer. Raises NotSeen."""
        return _data(await self._api.get(*self._path, *path))

    async def task(self, *path: str, form: Mapping[str, str]) -> None:
        """Ask for something, and return when its task has ended well. Raises Refused or Unclear."""
        answer = await self._api.ask("POST", *self._path, *path, form=form)
        if not answer.ok:
            raise Refused(f"{self._name}: {said(answer)}")
        upid = answer.body.get("data") if isinstance(answer.body, dict) else None
        if isinstance(upid, str) and upid.startswith("UPID:"):
            await self._ended(upid)

    def command(self, *path: str, form: Mapping[str, str]) -> str:
        """The request, without its credentials."""
        return " ".join([self._api.command("POST", *self._path, *path), *(f"{k}={v}" for k, v in form.items())])

    async def close(self) -> None:
        """Let go of connections."""
        await self._api.close()

    async def _ended(self, upid: str) -> None:
        until_s = time.monotonic() + self._task_deadline_s
        while True:
            try:
                task = _data(await self._api.get(*self._node, "tasks", upid, "status"))
            except NotSeen as problem:
                raise Unclear(f"task {upid} cannot be followed: {problem}") from None
            if task.get("status") == "stopped":
                if task.get("exitstatus") != "OK":
                    raise Refused(f"{self._name}: {task.get('exitstatus') or 'its task failed'}")
                return
            if time.monotonic() > until_s:
                raise Unclear(f"task {upid} has not ended within {self._task_deadline_s:g} s")
            await asyncio.sleep(TASK_EVERY_S)


class ProxmoxService:
    """One virtual machine, started and shut down; its guest is asked, and never cut off."""

    class Settings(_Machine, kw_only=True, forbid_unknown_fields=True):
        """A node's `service` table."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._guest = _Guest(settings)
        self._task_deadline_s = settings.task_deadline_s
        self._node = context.name

    async def look(self) -> ServiceView:
        """By its status."""
        try:
            status = await self._guest.read("status", "current")
            word = str(status.get("qmpstatus") or status.get("status"))
        except NotSeen as problem:
            return ServiceView(node=self._node, state=ServiceState.UNKNOWN, reason=str(problem))
        lock = f"; locked: {status['lock']}" if status.get("lock") else ""
        state = STATES.get(word, ServiceState.UNKNOWN)
        return ServiceView(
            node=self._node,
            state=state,
            reason=(word if word != "running" else "") + lock,
            forbidden=f"the machine is locked ({status['lock']})" if lock else "",
        )

    async def turn(self, verb: Verb) -> None:
        """Returns when its task has ended. Raises Refused with Proxmox's words, or Unclear."""
        wanted = ServiceState.RUNNING if verb == "start" else ServiceState.STOPPED
        if (await self.look()).state is wanted:
            return
        await self._guest.task("status", VERBS[verb], form=self._form(verb))

    def command(self, verb: Verb) -> str:
        """The request, without its credentials."""
        return self._guest.command("status", VERBS[verb], form=self._form(verb))

    async def close(self) -> None:
        """Let go of connections."""
        await self._guest.close()

    def _form(self, verb: Verb) -> dict[str, str]:
        return {"timeout": f"{self._task_deadline_s:.0f}", "forceStop": "0"} if verb == "stop" else {}


class ProxmoxSize:
    """The memory and the cores of one virtual machine."""

    class Settings(_Machine, kw_only=True, forbid_unknown_fields=True):
        """A node's `size` table."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._guest = _Guest(settings)
        self._node = context.name
        self._sockets = 1

    async def look(self) -> SizeView:
        """Of a running machine, what it has; of one that is off, its configuration; what is pending, as the reason."""
        try:
            config = await self._guest.read("config")
            status = await self._guest.read("status", "current")
            pending = _pending(await self._guest.read("pending"))
            self._sockets = int(config.get("sockets", 1))
            running = status.get("status") == "running"
            cpus = float(status["cpus"]) if running else float(int(config.get("cores", 1)) * self._sockets)
            memory_bytes = int(status["maxmem"]) if running else int(config.get("memory", 512)) * MIB
        except NotSeen as problem:
            return SizeView(node=self._node, size=None, reason=str(problem))
        except (KeyError, ValueError, TypeError, AttributeError) as problem:
            return SizeView(node=self._node, size=None, reason=f"an answer that is not as documented: {problem}")
        return SizeView(
            node=self._node,
            size=Size(cpus=cpus, memory_bytes=memory_bytes),
            in_use_bytes=int(status.get("mem", 0)) if running else 0,
            reason=f"pending until it is stopped and started: {pending}" if pending else "",
            live=_live(config),
            forbidden=f"the machine is locked ({status['lock']})" if status.get("lock") else "",
        )

    async def resize(self, size: Size) -> None:
        """Returns when its task has ended. Raises Refused with Proxmox's words, or Unclear."""
        await self._guest.task("config", form=self._form(size))

    def resize_command(self, size: Size) -> str:
        """The request, without its credentials. Raises Refused for what no machine has."""
        return self._guest.command("config", form=self._form(size))

    async def close(self) -> None:
        """Let go of connections."""
        await self._guest.close()

    def _form(self, size: Size) -> dict[str, str]:
        require_from_outside(size, self._node, "a virtual machine")
        form = {}
        if size.memory_bytes is not None:
            form["memory"] = str(size.memory_bytes // MIB)
        if size.cpus is not None:
            if size.cpus % self._sockets:
                cpus = f"{size.cpus:g}"
                raise Refused(f"{self._node} has {self._sockets} sockets: {cpus} cpus cannot be shared among them")
            form["cores"] = f"{size.cpus / self._sockets:.0f}"
        return form


def _data(document: Any) -> Any:
    """Raises NotSeen for an answer without any."""
    if not isinstance(document, dict) or "data" not in document:
        raise NotSeen("an answer without `data`")
    return document["data"]


def _pending(rows: list[dict[str, Any]]) -> str:
    """What waits for the next start, for a person."""
    waiting = [row for row in rows if row.get("key") in SIZED and ("pending" in row or row.get("delete"))]
    return ", ".join(
        f"{row['key']} {row.get('pending', 'removed')} (is {row.get('value', 'not set')})" for row in waiting
    )


def _live(config: dict[str, Any]) -> bool:
    """Cores and memory are taken while it runs only where both are hot-pluggable, which for memory needs numa."""
    hotplug = str(config.get("hotplug", HOTPLUG_DEFAULT))
    kinds = {"network", "disk", "usb", "cpu", "memory"} if hotplug == "1" else set(hotplug.split(","))
    return {"cpu", "memory"} <= kinds and str(config.get("numa", "0")) == "1"


PROVIDES = {"service": ProxmoxService, "size": ProxmoxSize}
