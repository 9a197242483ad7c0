"""libvirt: a node as a virtual machine, driven by virsh on its hypervisor."""

import asyncio
import re
import time

import msgspec

from console.cluster.snapshot import ServiceState, Size
from console.cluster.views import ServiceView, SizeView
from console.ports.plugins import Context
from console.ports.protocols import Refused, Unclear, Verb
from plugins._commands import Commands, Unread
from plugins._sizes import require_from_outside

STATES = {
    "running": ServiceState.RUNNING,
    "idle": ServiceState.RUNNING,
    "paused": ServiceState.RUNNING,
    "shut off": ServiceState.STOPPED,
    "crashed": ServiceState.STOPPED,
}
"""Of domstate; `in shutdown` and `pmsuspended` are neither."""
KIB = 1024
LOOK_EVERY_S = 0.5
COUNTS = re.compile(r"^(maximum|current)\s+(config|live)\s+(\d+)$", re.MULTILINE)


class _Domain(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    domain: str
    """The name of the virtual machine."""
    host: str
    """Where virsh runs: the hypervisor, or any host that reaches it; by node name or SSH name."""
    connect: str = "qemu:///system"
    """libvirt's own address of the hypervisor."""
    sudo: bool = False
    """Run virsh by `sudo -n`: where our user is not in the group libvirt."""
    deadline_s: float = 60.0

    def __post_init__(self) -> None:
        """Raises ValueError for a name that is none."""
        if not self.domain or self.domain.startswith("-"):
            raise ValueError(f"domain {self.domain!r}: expected the name of a virtual machine")


class _Virsh:
    def __init__(self, settings: _Domain, context: Context) -> None:
        self.name = settings.domain
        self.deadline_s = settings.deadline_s
        self.commands = Commands(context, settings.deadline_s, host=settings.host, sudo=settings.sudo)
        self._connect = settings.connect

    def words(self, verb: str, *arguments: str) -> list[str]:
        """One virsh command on the domain."""
        return ["virsh", "--quiet", "--connect", self._connect, verb, self.name, *arguments]

    async def ask(self, verb: str, *arguments: str) -> str:
        """What virsh prints. Raises Unread."""
        return (await self.commands.read(self.commands.words(self.words(verb, *arguments)))).strip()

    async def state(self) -> str:
        """As `domstate` says it. Raises Unread."""
        return await self.ask("domstate")


class LibvirtService:
    """One virtual machine, started and shut down; it is never destroyed."""

    class Settings(_Domain, kw_only=True, forbid_unknown_fields=True):
        """A node's `service` table."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._virsh = _Virsh(settings, context)
        self._node = context.name

    async def look(self) -> ServiceView:
        """By its state, with libvirt's reason for it."""
        try:
            said = await self._virsh.ask("domstate", "--reason")
            forbidden = await self._virsh.commands.forbidden([self._words("stop"), self._words("start")])
        except Unread as problem:
            return ServiceView(node=self._node, state=ServiceState.UNKNOWN, reason=str(problem))
        word = re.sub(r" \(.*\)$", "", said)
        state = STATES.get(word, ServiceState.UNKNOWN)
        return ServiceView(node=self._node, state=state, reason="" if word == "running" else said, forbidden=forbidden)

    async def turn(self, verb: Verb) -> None:
        """Returns when the guest is off, or on. Raises Refused with libvirt's words, or Unclear."""
        until_s = time.monotonic() + self._virsh.deadline_s
        wanted = ServiceState.RUNNING if verb == "start" else ServiceState.STOPPED
        try:
            if STATES.get(await self._virsh.state()) is wanted:
                return
            await self._virsh.commands.change(self._words(verb))
            # `shutdown` asks the guest, and answers at once.
            while (said := await self._virsh.state()) and STATES.get(said) is not wanted:
                if time.monotonic() > until_s:
                    raise Unclear(f"{self._virsh.name} was asked to {verb} and is {said} after {until_s:g} s")
                await asyncio.sleep(LOOK_EVERY_S)
        except Unread as problem:
            raise Unclear(f"{self._virsh.name}: {problem}") from None

    def command(self, verb: Verb) -> str:
        """As it would be typed on the hypervisor."""
        return self._virsh.commands.line(self._words(verb))

    def _words(self, verb: Verb) -> list[str]:
        return self._virsh.words("start" if verb == "start" else "shutdown")


class LibvirtSize:
    """The memory and the cpus of one virtual machine, live up to its maximum and in its configuration."""

    class Settings(_Domain, kw_only=True, forbid_unknown_fields=True):
        """A node's `size` table."""

        live: bool = True
        """False: the machine is shut down for a new size, which may then be beyond its present maximum."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._live = settings.live
        self._virsh = _Virsh(settings, context)
        self._node = context.name

    async def look(self) -> SizeView:
        """Of a running machine, what it has; of one that is off, what it will start with."""
        try:
            info = dict(_pairs(await self._virsh.ask("dominfo")))
            on = STATES.get(info.get("State", "")) is ServiceState.RUNNING
            counts = {(a, b): int(c) for a, b, c in COUNTS.findall(await self._virsh.ask("vcpucount"))}
            which = "live" if on else "config"
            size = Size(cpus=float(counts["current", which]), memory_bytes=_kib(info["Used memory"]))
            most = Size(cpus=float(counts["maximum", which]), memory_bytes=_kib(info["Max memory"]))
            in_use_bytes = await self._in_use_bytes() if on else 0
            forbidden = await self._virsh.commands.forbidden(self._words(size))
        except (KeyError, ValueError) as problem:
            reason = f"virsh does not answer as expected: {problem}"
            return SizeView(node=self._node, size=None, reason=reason, live=self._live)
        except Unread as problem:
            return SizeView(node=self._node, size=None, reason=str(problem), live=self._live)
        return SizeView(
            node=self._node,
            size=size,
            in_use_bytes=in_use_bytes,
            most=most if self._live else Size(),
            live=self._live,
            forbidden=forbidden,
        )

    async def resize(self, size: Size) -> None:
        """Command by command; the first refusal ends it. Raises Refused with libvirt's words, or Unclear."""
        for words in self._words(size):
            await self._virsh.commands.change(words)

    def resize_command(self, size: Size) -> str:
        """As it would be typed on the hypervisor. Raises Refused for what no machine has."""
        return "\n".join(self._virsh.commands.line(words) for words in self._words(size))

    def _words(self, size: Size) -> list[list[str]]:
        require_from_outside(size, self._node, "a virtual machine")
        if size.cpus is not None and size.cpus != int(size.cpus):
            raise Refused(f"{self._node}: a virtual machine has whole cpus, not {size.cpus:g}")
        commands = []
        if size.memory_bytes is not None:
            kib = str(size.memory_bytes // KIB)
            most = [] if self._live else [self._virsh.words("setmaxmem", kib, "--config")]
            commands += [*most, *(self._virsh.words("setmem", kib, where) for where in self._where)]
        if size.cpus is not None:
            count = str(int(size.cpus))
            most = [] if self._live else [self._virsh.words("setvcpus", count, "--maximum", "--config")]
            commands += [*most, *(self._virsh.words("setvcpus", count, where) for where in self._where)]
        return commands

    @property
    def _where(self) -> tuple[str, ...]:
        """One command each: not every driver takes both at once. What the machine refuses is not written down."""
        return ("--live", "--config") if self._live else ("--config",)

    async def _in_use_bytes(self) -> int | None:
        """What the guest uses by its balloon's word; None where it tells nothing."""
        done = await self._virsh.commands.completed(self._virsh.commands.words(self._virsh.words("dommemstat")))
        told = dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)
        if "available" not in told or not (unused := told.get("usable", told.get("unused"))):
            return None
        return (int(told["available"]) - int(unused)) * KIB


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _kib(text: str) -> int:
    number, unit = text.split()
    if unit != "KiB":
        raise ValueError(f"{text!r} is not in KiB")
    return int(number) * KIB


PROVIDES = {"service": LibvirtService, "size": LibvirtSize}
