"""A site's own scripts: how a node's service is started and stopped, and how the node is resized and read."""

import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import fields

import msgspec

from console.cluster.snapshot import ServiceState, Size
from console.cluster.text import clean
from console.cluster.views import ServiceView, SizeView
from console.ports.plugins import Context
from console.ports.protocols import Refused, ShellError, Verb
from plugins._commands import SHOWN_CHARACTERS, Commands, Unread, first_line

FIELD = re.compile(r"{([a-z_]*)}")
FIELDS = tuple(field.name for field in fields(Size))
STATES = {
    **dict.fromkeys(("running", "active"), ServiceState.RUNNING),
    **dict.fromkeys(("stopped", "inactive", "failed", "dead"), ServiceState.STOPPED),
}
"""What the first word of a service's state means; on its way between them (systemd's `deactivating`) it is neither."""


class CommandService:
    """A service that is turned by commands."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """A node's `service` table."""

        state: list[str]
        """Prints a word: running or active; stopped, inactive, failed or dead; any other leaves it unknown."""
        start: list[str] = []
        stop: list[str] = []
        logs: list[str] = []
        """Prints the last {lines} lines of its log, the oldest first."""
        sudo: bool = False
        """Run what changes something by `sudo -n`."""
        deadline_s: float = 60.0

    def __init__(self, settings: Settings, context: Context) -> None:
        self._commands = Commands(context, settings.deadline_s, sudo=settings.sudo)
        self._node = context.name
        self._settings = settings

    async def look(self) -> ServiceView:
        """By the first word that the command prints."""
        try:
            word = (await _printed(self._commands, self._settings.state)).split()[0].lower()
            declared = [argv for argv in (self._settings.stop, self._settings.start) if argv]
            forbidden = await self._commands.forbidden(declared)
        except Unread as problem:
            return ServiceView(node=self._node, state=ServiceState.UNKNOWN, reason=str(problem))
        state = STATES.get(word, ServiceState.UNKNOWN)
        reason = "" if state is ServiceState.RUNNING else clean(word, SHOWN_CHARACTERS)
        return ServiceView(node=self._node, state=state, reason=reason, forbidden=forbidden)

    async def turn(self, verb: Verb) -> None:
        """Raises Refused with the command's own words, or Unclear."""
        await self._commands.change(self._declared(verb))

    def command(self, verb: Verb) -> str:
        """As it would be typed on the node. Raises Refused when it is not declared."""
        return self._commands.line(self._declared(verb))

    async def log(self, lines: int) -> str:
        """What the command prints. Raises ShellError with the mend."""
        if not self._settings.logs:
            mend = 'add `logs = ["tail", "-n", "{lines}", "/path/of/its.log"]`'
            raise ShellError(f"logs is not declared in the service table of {self._node}: {mend}")
        return (await self._commands.log(self._log_words(lines))).stdout

    def log_command(self, lines: int) -> str:
        """As it would be typed on the node; empty where it is not declared."""
        return shlex.join(self._log_words(lines))

    def _log_words(self, lines: int) -> list[str]:
        return [word.replace("{lines}", str(lines)) for word in self._settings.logs]

    def _declared(self, verb: Verb) -> list[str]:
        argv = self._settings.start if verb == "start" else self._settings.stop
        if not argv:
            raise Refused(f"{verb} is not declared in the service table of {self._node}")
        return argv


class CommandSize:
    """A size that is read and changed by commands."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """A node's `size` table."""

        read: list[str]
        """Prints `key=value` lines: cpus, memory_bytes, cache_bytes, workers, in_use_bytes.

        And, where there is a limit, most_cpus, most_memory_bytes, most_cache_bytes, most_workers.
        """
        set: list[str] = []
        """Words with {cpus}, {memory_bytes}, {cache_bytes}, {workers}: numbers, empty for what stays as it is."""
        live: bool = False
        """A new size takes effect at once; otherwise at the next start of the service."""
        sudo: bool = False
        """Run what changes something by `sudo -n`."""
        deadline_s: float = 60.0

        def __post_init__(self) -> None:
            """Raises ValueError for a field that there is none of."""
            for name in (name for word in self.set for name in FIELD.findall(word)):
                if name not in FIELDS:
                    raise ValueError(f"set: no field {{{name}}}; there are: {', '.join(FIELDS)}")

    def __init__(self, settings: Settings, context: Context) -> None:
        self._commands = Commands(context, settings.deadline_s, sudo=settings.sudo)
        self._node = context.name
        self._settings = settings

    async def look(self) -> SizeView:
        """What the reading command prints."""
        try:
            told = _parsed(await _printed(self._commands, self._settings.read))
            sized = _size(told)
            forbidden = await self._commands.forbidden([self._filled(sized)] if self._settings.set else [])
        except (Unread, ValueError) as problem:
            return SizeView(node=self._node, size=None, reason=str(problem), live=self._settings.live)
        return SizeView(
            node=self._node,
            size=sized,
            most=_size(told, "most_"),
            in_use_bytes=_whole(told.get("in_use_bytes")),
            live=self._settings.live,
            forbidden=forbidden,
        )

    async def resize(self, size: Size) -> None:
        """Raises Refused with the command's own words, or Unclear."""
        await self._commands.change(self._filled(size))

    def resize_command(self, size: Size) -> str:
        """As it would be typed on the node. Raises Refused when it is not declared."""
        return self._commands.line(self._filled(size))

    def _filled(self, size: Size) -> list[str]:
        if not self._settings.set:
            raise Refused(f"set is not declared in the size table of {self._node}")

        def number(name: str) -> str:
            value = getattr(size, name)
            return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

        return [FIELD.sub(lambda found: number(found[1]), word) for word in self._settings.set]


async def _printed(commands: Commands, argv: list[str]) -> str:
    """What a reading command prints. Raises Unread with the reason."""
    done = await commands.completed(argv)
    # systemctl is-active answers with a status as well as with a word.
    if not done.stdout.strip():
        raise Unread(first_line(done.stderr) or f"exit status {done.status} and no word")
    return done.stdout


def _parsed(text: str) -> dict[str, float]:
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and value:
            found[name.strip()] = _number(value, line)
    if not found:
        raise ValueError(f"not `key=value` lines: {clean(text, SHOWN_CHARACTERS)!r}")
    return found


def _size(told: Mapping[str, float], prefix: str = "") -> Size:
    return Size(
        cpus=told.get(f"{prefix}cpus"),
        memory_bytes=_whole(told.get(f"{prefix}memory_bytes")),
        cache_bytes=_whole(told.get(f"{prefix}cache_bytes")),
        workers=_whole(told.get(f"{prefix}workers")),
    )


def _number(value: str, line: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{clean(line, SHOWN_CHARACTERS)!r} is not a number")
    return number


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


PROVIDES = {"service": CommandService, "size": CommandSize}
