"""systemd: a node's service as a unit, and its size as that unit's limits, read back from the kernel."""

import math
import shlex

import msgspec

from console.cluster.snapshot import ServiceState, Size
from console.cluster.views import ServiceView, SizeView
from console.ports.plugins import Context
from console.ports.protocols import Refused, ShellError, Unclear, Verb
from plugins._cgroups import filled, held_to, whole_host
from plugins._commands import Commands, Unread, first_line, properties
from plugins._sizes import require_from_outside

STATES = {
    "active": ServiceState.RUNNING,
    "reloading": ServiceState.RUNNING,
    "inactive": ServiceState.STOPPED,
    "failed": ServiceState.STOPPED,
}
"""Of ActiveState; on its way between them it is neither."""
SERVICE = ("LoadState", "ActiveState", "SubState", "Result", "ExecMainStatus")
LIMITS = ("LoadState", "ActiveState", "ControlGroup", "MainPID", "MemoryMax", "CPUQuotaPerSecUSec")
UNLIMITED = "infinity"
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
"""How systemd writes a time, as 1min 30s."""
DROP_INS, RUNTIME_DROP_INS = "/etc/systemd/system.control", "/run/systemd/system.control"
"""Where `set-property` writes down what it has set."""
NOT_READABLE = ("not seeing messages from other users", "insufficient permissions")
"""What journalctl says, with success, to whom it does not show the log of a unit."""
DEADLINE_S = 90.0
"""As long as systemd itself waits for a unit to stop, when it is not told otherwise."""


class _Unit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    unit: str
    """E.g. `mongod.service`."""
    sudo: bool = True
    """Run what changes something by `sudo -n`; reading needs no right."""
    deadline_s: float = DEADLINE_S

    def __post_init__(self) -> None:
        """Raises ValueError for a name that is none."""
        if not self.unit or self.unit.startswith("-") or any(character.isspace() for character in self.unit):
            raise ValueError(f"unit {self.unit!r}: expected the name of a unit, as mongod.service")


class SystemdService:
    """One unit, started and stopped."""

    class Settings(_Unit, kw_only=True, forbid_unknown_fields=True):
        """A node's `service` table."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._unit = settings.unit
        self._commands = Commands(context, settings.deadline_s, sudo=settings.sudo)

    async def look(self) -> ServiceView:
        """By its ActiveState; of a failed one, the last line of its log where we may read it."""
        node = self._commands.node
        try:
            told = await _shown(self._commands, self._unit, SERVICE)
            state, reason = STATES.get(told["ActiveState"], ServiceState.UNKNOWN), _reason(told)
            if told["ActiveState"] == "failed":
                reason += await self._last_words()
            forbidden = await self._commands.forbidden([self._words("stop"), self._words("start")])
        except Unread as problem:
            return ServiceView(node=node, state=ServiceState.UNKNOWN, reason=str(problem))
        return ServiceView(node=node, state=state, reason=reason, forbidden=forbidden)

    async def turn(self, verb: Verb) -> None:
        """Returns when systemd says that it is so. Raises Refused with its words, or Unclear."""
        try:
            await self._commands.change(self._words(verb))
        except Refused as refusal:
            raise Refused(f"{refusal}{await self._last_words()}") from None

    def command(self, verb: Verb) -> str:
        """As it would be typed on the node."""
        return self._commands.line(self._words(verb))

    async def log(self, lines: int) -> str:
        """Of the journal; by sudo only where our user may not read it. Raises ShellError with the mend."""
        words = self._log_words(lines)
        done = await self._commands.log(words)
        if any(hint in done.stderr for hint in NOT_READABLE):
            try:
                done = await self._commands.log(self._commands.words(words))
            except ShellError as problem:
                raise ShellError(f"{problem}; or add our user there to the group systemd-journal") from None
            if any(hint in done.stderr for hint in NOT_READABLE):
                where = self._commands.where
                raise ShellError(f"our user may not read the journal of {where}: add it to the group systemd-journal")
        return done.stdout

    def log_command(self, lines: int) -> str:
        """As it would be typed on the node."""
        return shlex.join(self._log_words(lines))

    def _log_words(self, lines: int) -> list[str]:
        form = ["--output=short-iso", "--utc", "--no-pager"]
        return ["journalctl", f"--unit={self._unit}", f"--lines={lines}", *form]

    def _words(self, verb: Verb) -> list[str]:
        return ["systemctl", verb, self._unit]

    async def _last_words(self) -> str:
        """The last line of the unit's log; empty where it cannot be read."""
        try:
            log = await self._commands.read(
                ["journalctl", f"--unit={self._unit}", "--lines=1", "--output=cat", "--quiet", "--no-pager"]
            )
        except Unread:
            return ""
        return f"; its log ends with: {line}" if (line := first_line(log)) else ""


class SystemdSize:
    """The memory and the cpus that one unit may use, live and for every start to come."""

    class Settings(_Unit, kw_only=True, forbid_unknown_fields=True):
        """A node's `size` table."""

        live: bool = True
        """The service takes a new size at once; false for one that reads it when it starts, as mongod its cache."""
        persistent: bool = True
        """False: the size is lost when the host restarts (`--runtime`)."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._unit = settings.unit
        self._commands = Commands(context, settings.deadline_s, sudo=settings.sudo)
        self._host = Size()
        """The whole host: what a unit without a limit has."""

    async def look(self) -> SizeView:
        """Of a running unit, what the kernel holds it to; of a stopped one, what it will be held to."""
        node, live = self._commands.node, self._settings.live
        try:
            told = await _shown(self._commands, self._unit, LIMITS)
            self._host = await whole_host(self._commands)
            if told["ActiveState"] == "active" and told["ControlGroup"]:
                size, counted = await held_to(self._commands, told["ControlGroup"])
                in_use_bytes = await self._resident_bytes(told["MainPID"]) if counted is None else counted
            else:
                size, in_use_bytes = _configured(told), 0
            size = filled(size, self._host)
            forbidden = await self._commands.forbidden([self._words(size)])
        except (Unread, ValueError) as problem:
            return SizeView(node=node, size=None, reason=str(problem), live=live)
        return SizeView(
            node=node,
            size=size,
            in_use_bytes=in_use_bytes,
            most=self._host,
            live=live,
            forbidden=forbidden,
        )

    async def resize(self, size: Size) -> None:
        """Raises Refused with systemd's words, or where it could not keep the new size; or Unclear."""
        words, node = self._words(size), self._commands.node
        try:
            told = await _shown(self._commands, self._unit, ("Id", *LIMITS))
            before = filled(_configured(told), await whole_host(self._commands))
        except (Unread, ValueError) as problem:
            raise Refused(f"{node}: {problem}; nothing was changed") from None
        await self._commands.change(words)
        # systemd says yes too where it could not write its drop-in: such a limit is gone at the next reload.
        if lost := await self._not_kept(told["Id"], size):
            await self._commands.change(self._words(before.only(size)))
            raise Refused(f"{node}: {lost}; the size before is set again")

    async def _not_kept(self, unit: str, size: Size) -> str:
        """Why a size that is set would not last; empty: it does. Raises Unclear."""
        folder = f"{DROP_INS if self._settings.persistent else RUNTIME_DROP_INS}/{unit}.d"
        for limit in self._limits(size):
            name, _, value = limit.partition("=")
            path = f"{folder}/50-{name}.conf"
            try:
                kept = (await self._commands.read(["cat", path], statuses=(0, 1))).splitlines()
            except Unread as problem:
                raise Unclear(f"{self._commands.node}: {name} is set, and not known to be kept: {problem}") from None
            if f"{name}={_whole_percent(value)}" not in kept:
                return f"{limit} is not kept in {path}, and systemd does not say why: is its disk full?"
        return ""

    def resize_command(self, size: Size) -> str:
        """As it would be typed on the node. Raises Refused for what no unit has."""
        return self._commands.line(self._words(size))

    async def _resident_bytes(self, main_pid: str) -> int | None:
        """Of the service's main process and its children: where the kernel counts nothing for the unit."""
        done = await self._commands.completed(["ps", "-o", "rss=", "--pid", main_pid, "--ppid", main_pid])
        kib = done.stdout.split()
        return sum(map(int, kib)) * 1024 if kib and all(word.isdecimal() for word in kib) else None

    def _words(self, size: Size) -> list[str]:
        require_from_outside(size, self._commands.node, "a unit")
        given = [] if self._settings.persistent else ["--runtime"]
        return ["systemctl", "set-property", *given, self._unit, *self._limits(size)]

    def _limits(self, size: Size) -> list[str]:
        words = []
        if size.memory_bytes is not None:
            most = self._host.memory_bytes
            limit = UNLIMITED if most is not None and size.memory_bytes >= most else str(size.memory_bytes)
            words.append(f"MemoryMax={limit}")
        if size.cpus is not None:
            whole = self._host.cpus is not None and size.cpus >= self._host.cpus
            words.append("CPUQuota=" if whole else f"CPUQuota={size.cpus * 100:g}%")
        return words


def _whole_percent(value: str) -> str:
    """As systemd writes it down: percents without a fraction."""
    return f"{float(value.rstrip('%')):.0f}%" if value.endswith("%") else value


async def _shown(commands: Commands, unit: str, names: tuple[str, ...]) -> dict[str, str]:
    """Properties of a unit that is there. Raises Unread."""
    told = properties(await commands.read(["systemctl", "show", unit, f"--property={','.join(names)}"]))
    if told.get("LoadState") in ("not-found", "masked", "error", "bad-setting"):
        state = told["LoadState"].replace("-", " ")
        raise Unread(f"unit {unit} on {commands.where}: {state}; see `systemctl list-units --type=service` there")
    missing = [name for name in names if name not in told]
    if missing:
        raise Unread(f"systemctl on {commands.where} does not tell {', '.join(missing)} of {unit}")
    return told


def _reason(told: dict[str, str]) -> str:
    if told["ActiveState"] == "active":
        return ""
    words = told["ActiveState"]
    if told["SubState"] not in (words, "dead"):
        words += f" ({told['SubState']})"
    if told["Result"] not in ("success", ""):
        words += f": {told['Result']}"
        if told["Result"] == "exit-code":
            words += f", status {told['ExecMainStatus']}"
    return words


def _configured(told: dict[str, str]) -> Size:
    memory, quota = told["MemoryMax"], told["CPUQuotaPerSecUSec"]
    return Size(
        cpus=None if quota in (UNLIMITED, "") else _seconds(quota),
        memory_bytes=int(memory) if memory.isdecimal() else None,
    )


def _seconds(text: str) -> float:
    """`1min 30s` or `500ms`, in seconds. Raises ValueError."""
    total = 0.0
    for word in text.split():
        number = word.rstrip("abcdefghijklmnopqrstuvwxyz")
        total += float(number) * SECONDS.get(word[len(number) :], math.nan)
    if math.isnan(total):
        raise ValueError(f"{text!r} is no time that systemd writes")
    return total


PROVIDES = {"service": SystemdService, "size": SystemdSize}
