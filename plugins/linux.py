"""A Linux host's own word of its size and load, by one command through its shell."""

import asyncio
import shlex

import msgspec

from console.cluster.snapshot import Health
from console.cluster.views import HostView
from console.ports.plugins import Context
from console.ports.protocols import RawDocument, Shell, ShellError
from plugins._raw import asked

COMMAND = ("sh", "-c", "nproc; cat /proc/meminfo /proc/loadavg; df -P -k /")
SHOWN_CHARACTERS = 60


class Linux:
    """Reads cpus, memory, the root disk and the load."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The `[facts]` table."""

        deadline_s: float = 5.0

        def __post_init__(self) -> None:
            """Raises ValueError for a deadline that no look could keep."""
            if self.deadline_s <= 0:
                raise ValueError("deadline_s must be more than 0")

    def __init__(self, settings: Settings, context: Context) -> None:
        self._deadline_s = settings.deadline_s
        self._context = context

    async def look(self, node: str, shell: Shell) -> HostView:
        """One look within the deadline."""
        try:
            async with asyncio.timeout(self._deadline_s):
                completed = await shell.run(COMMAND, timeout_s=self._deadline_s)
            return parse(node, completed.stdout)
        except TimeoutError:
            reason = f"no answer within {self._deadline_s:g} s"
        except ShellError as problem:
            reason = str(problem)
        except ValueError as problem:
            said = completed.stderr.strip()[:SHOWN_CHARACTERS]
            reason = f"its answer cannot be read: {problem}" + (f"; it says: {said}" if said else "")
        return HostView(node=node, health=Health.UNKNOWN, reason=reason)

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """What the command printed."""
        title = f"{shlex.join(COMMAND)}  on {node}"
        shells, host = self._context.shells, self._context.hosts.get(node)
        if shells is None or host is None:
            return (RawDocument(title=title, problem=f"{node} has no shell"),)

        async def ask() -> str:
            async with asyncio.timeout(self._deadline_s):
                done = await shells.on(host).run(COMMAND, timeout_s=self._deadline_s)
            said = [done.stdout, f"(exit status {done.status})" if done.status else "", done.stderr]
            return "\n".join(part.strip("\n") for part in said if part)

        try:
            return (await asked(title, ask, (ShellError,)),)
        except TimeoutError:
            return (RawDocument(title=title, problem=f"no answer within {self._deadline_s:g} s"),)


def parse(node: str, text: str) -> HostView:
    """What the command printed, as a view. Raises ValueError."""
    lines = text.splitlines()
    memory_kib = dict(_memory(line) for line in lines if line.startswith(("MemTotal:", "MemAvailable:")))
    load = [words for line in lines if len(words := line.split()) == 5 and "/" in words[3]]
    disk = [line.rsplit(maxsplit=5) for line in lines if line.endswith(" /")]
    if len(memory_kib) != 2 or len(load) != 1 or len(disk) != 1 or len(disk[0]) != 6:
        raise ValueError(f"not what nproc, /proc/meminfo, /proc/loadavg and df say: {text[:SHOWN_CHARACTERS]!r}")
    _, disk_kib, disk_used_kib, *_ = disk[0]
    return HostView(
        node=node,
        health=Health.UP,
        cpus=int(lines[0]),
        memory_bytes=memory_kib["MemTotal"] * 1024,
        # What programs hold; the kernel's caches are free for the asking.
        memory_used_bytes=(memory_kib["MemTotal"] - memory_kib["MemAvailable"]) * 1024,
        disk_bytes=int(disk_kib) * 1024,
        disk_used_bytes=int(disk_used_kib) * 1024,
        load1=float(load[0][0]),
    )


def _memory(line: str) -> tuple[str, int]:
    match line.replace(":", " ").split():
        case [name, amount, "kB"]:
            return name, int(amount)
    raise ValueError(f"{line[:SHOWN_CHARACTERS]!r} is no line of /proc/meminfo")


PROVIDES = {"facts": Linux}
