"""Containers by the command line that docker and podman share: state and size by `inspect`, changes by their verbs."""

import re
from typing import Any

import msgspec

from console.cluster.snapshot import ServiceState, Size
from console.cluster.views import ServiceView, SizeView
from console.ports.plugins import Context
from console.ports.protocols import Verb
from plugins._cgroups import cgroup_of, filled, held_to, whole_host
from plugins._commands import Commands, Unread
from plugins._sizes import require_from_outside

NANO = 1_000_000_000
PERIOD_US = 100_000
"""Of the scheduler, where none is told."""
STATES = {
    "running": ServiceState.RUNNING,
    "paused": ServiceState.RUNNING,
    "created": ServiceState.STOPPED,
    "configured": ServiceState.STOPPED,
    "exited": ServiceState.STOPPED,
    "stopped": ServiceState.STOPPED,
    "dead": ServiceState.STOPPED,
}
"""Of State.Status; restarting and removing are neither."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
STOP_S = 30
"""How long the container may take to end before the engine kills it."""


class Container(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every container is told in its table."""

    container: str
    """Its name."""
    sudo: bool = False
    """Run the engine's commands by `sudo -n`: where our user is not in its group."""
    deadline_s: float = 60.0

    def __post_init__(self) -> None:
        """Raises ValueError for a name that is none."""
        if not NAME.fullmatch(self.container):
            raise ValueError(f"container {self.container!r}: expected a name of letters, digits, `_`, `.` and `-`")


class ContainerService:
    """One container, started and stopped."""

    program = ""

    class Settings(Container, kw_only=True, forbid_unknown_fields=True):
        """A node's `service` table."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._name = settings.container
        self._commands = Commands(context, settings.deadline_s, sudo=settings.sudo)

    async def look(self) -> ServiceView:
        """By its State."""
        node = self._commands.node
        try:
            state = (await _inspected(self._commands, self.program, self._name))["State"]
            forbidden = await self._commands.forbidden([self._words("stop"), self._words("start")])
        except Unread as problem:
            return ServiceView(node=node, state=ServiceState.UNKNOWN, reason=str(problem))
        word = str(state.get("Status", ""))
        known = STATES.get(word, ServiceState.UNKNOWN)
        return ServiceView(node=node, state=known, reason=_reason(word, state), forbidden=forbidden)

    async def turn(self, verb: Verb) -> None:
        """Raises Refused with the engine's words, or Unclear."""
        await self._commands.change(self._words(verb))

    def command(self, verb: Verb) -> str:
        """As it would be typed on the node."""
        return self._commands.line(self._words(verb))

    async def log(self, lines: int) -> str:
        """Both its outputs, in the order of their times. Raises ShellError with the mend."""
        done = await self._commands.log(self._commands.words(self._log_words(lines)))
        if not done.stderr.strip():
            return done.stdout
        both = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        return "\n".join(sorted(both, key=lambda line: line.partition(" ")[0])[-lines:])

    def log_command(self, lines: int) -> str:
        """As it would be typed on the node."""
        return self._commands.line(self._log_words(lines))

    def _log_words(self, lines: int) -> list[str]:
        return [self.program, "logs", "--timestamps", "--tail", str(lines), self._name]

    def _words(self, verb: Verb) -> list[str]:
        patience = ["--time", str(STOP_S)] if verb == "stop" else []
        return [self.program, verb, *patience, self._name]


class ContainerSize:
    """The memory and the cpus of one container, changed while it runs."""

    program = ""

    class Settings(Container, kw_only=True, forbid_unknown_fields=True):
        """A node's `size` table."""

        live: bool = True
        """The program takes a new size at once; false for one that reads it when it starts, as mongod its cache."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._name = settings.container
        self._commands = Commands(context, settings.deadline_s, sudo=settings.sudo)
        self._host = Size()

    async def look(self) -> SizeView:
        """Of a running container, what the kernel holds it to; of a stopped one, what it will be held to."""
        node, live = self._commands.node, self._settings.live
        try:
            told = await _inspected(self._commands, self.program, self._name)
            self._host = await whole_host(self._commands)
            if told["State"].get("Status") == "running":
                cgroup = await cgroup_of(self._commands, int(told["State"].get("Pid") or 0))
                size, in_use_bytes = await held_to(self._commands, cgroup)
            else:
                size, in_use_bytes = _configured(told["HostConfig"]), 0
            size = filled(size, self._host)
            forbidden = await self._commands.forbidden([self._words(size)])
        except Unread as problem:
            return SizeView(node=node, size=None, reason=str(problem), live=live)
        return SizeView(
            node=node, size=size, in_use_bytes=in_use_bytes, most=self._host, live=live, forbidden=forbidden
        )

    async def resize(self, size: Size) -> None:
        """Raises Refused with the engine's words, or Unclear."""
        await self._commands.change(self._words(size))

    def resize_command(self, size: Size) -> str:
        """As it would be typed on the node. Raises Refused for what no container has."""
        return self._commands.line(self._words(size))

    def _words(self, size: Size) -> list[str]:
        require_from_outside(size, self._commands.node, "a container")
        words = [self.program, "update"]
        if size.memory_bytes is not None:
            # Swap in the same call: the engine refuses memory above the swap limit that stands.
            words += ["--memory", str(size.memory_bytes), "--memory-swap", str(size.memory_bytes)]
        if size.cpus is not None:
            words += ["--cpus", f"{size.cpus:g}"]
        return [*words, self._name]


def _reason(word: str, state: dict[str, Any]) -> str:
    if word == "running":
        health = str((state.get("Health") or {}).get("Status", ""))
        return f"its own health check says {health}" if health not in ("", "none", "healthy") else ""
    said = [word]
    if state.get("OOMKilled"):
        said.append("killed for want of memory")
    if state.get("ExitCode"):
        said.append(f"exit status {state['ExitCode']}")
    if state.get("Error"):
        said.append(str(state["Error"]))
    return ", ".join(said)


def _configured(limits: dict[str, Any]) -> Size:
    """0 stands for no limit; cpus may be told as a share of a period."""
    quota, period = limits.get("CpuQuota") or 0, limits.get("CpuPeriod") or PERIOD_US
    cpus = (limits.get("NanoCpus") or 0) / NANO or max(0, quota) / period
    return Size(cpus=cpus or None, memory_bytes=limits.get("Memory") or None)


async def _inspected(commands: Commands, program: str, name: str) -> dict[str, Any]:
    """The container's document. Raises Unread."""
    words = [program, "inspect", "--type", "container", "--format", "{{json .}}", name]
    text = await commands.read(commands.words(words))
    try:
        found = msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        raise Unread(f"{program} on {commands.where} does not answer in JSON: {text[:60]!r}") from None
    document: Any = found[0] if isinstance(found, list) and found else found  # podman 4 tells a list of one
    if not isinstance(document, dict) or not {"State", "HostConfig"} <= document.keys():
        raise Unread(f"{program} inspect {name} tells neither State nor HostConfig")
    return document
