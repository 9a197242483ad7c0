"""nginx's processes on a host: the master, the workers that take new requests, and since when they do."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from console.ports.protocols import Completed, Shell

TICKS_S = 100
"""Of the clock that /proc counts a process's start in: the same on every Linux machine."""
WORKER = "nginx: worker process"
"""What a worker calls itself while it takes new requests; later it is shutting down."""
SLACK_S = 2.0
"""The second at which a host was booted is told as a whole one: nearer than this, old and new are not told apart."""


class NotSeen(Exception):
    """The processes could not be looked at; the message says why."""


class NotRunning(Exception):
    """There is no such process."""


@dataclass(frozen=True, slots=True)
class Running:
    """One nginx."""

    master: int
    uptime_s: int
    workers: frozenset[int]
    """Those that take new requests."""
    since_s: float
    """When the oldest of them started, by the host's wall clock."""


async def running(shell: Shell, pid_file: str, deadline_s: float) -> Running:
    """Who runs now. Raises NotSeen, NotRunning or ShellError."""

    async def run(*argv: str) -> Completed:
        return await shell.run(argv, timeout_s=deadline_s)

    told = await run("cat", "--", pid_file)
    if not told.stdout.strip().isdecimal():
        raise NotSeen(f"there is no pid in {pid_file}: nginx is not running, or `pid_file` is another")
    master = int(told.stdout)
    children = await run("cat", f"/proc/{master}/task/{master}/children")
    if children.status:
        raise NotRunning(f"process {master} of {pid_file} is gone")
    pids = [int(pid) for pid in children.stdout.split()]
    about = [f"/proc/{pid}/{file}" for pid in (master, *pids) for file in ("stat", "cmdline")]
    seen = await run("grep", "-aH", "", "/proc/uptime", "/proc/stat", *about)
    lines: dict[str, list[str]] = {}
    for line in seen.stdout.splitlines():
        path, _, text = line.partition(":")
        lines.setdefault(path, []).append(text)
    return _running(master, pids, lines)


def _running(master: int, pids: Sequence[int], lines: dict[str, list[str]]) -> Running:
    try:
        up_s = float(lines["/proc/uptime"][0].split()[0])
        [booted_s] = (float(line.split()[1]) for line in lines["/proc/stat"] if line.startswith("btime "))
        starts_s = {pid: _started_s(lines[f"/proc/{pid}/stat"][0]) for pid in (master, *pids) if _told(lines, pid)}
        uptime_s = int(up_s - starts_s[master])
    except (KeyError, IndexError, ValueError) as problem:
        raise NotSeen(f"/proc reads otherwise than expected: {problem!r}") from None
    workers = {pid for pid in pids if pid in starts_s and _title(lines, pid) == WORKER}
    if not workers:
        raise NotSeen(f"no worker of process {master} takes requests")
    return Running(master, uptime_s, frozenset(workers), booted_s + min(starts_s[pid] for pid in workers))


def _told(lines: dict[str, list[str]], pid: int) -> bool:
    """A worker may end while it is looked at."""
    return f"/proc/{pid}/stat" in lines


def _title(lines: dict[str, list[str]], pid: int) -> str:
    return lines.get(f"/proc/{pid}/cmdline", [""])[0].rstrip("\0 ")


def _started_s(stat: str) -> float:
    """Seconds after boot; the fields are counted behind the name, which may hold anything."""
    return int(stat.rpartition(")")[2].split()[19]) / TICKS_S


async def replaced(shell: Shell, pid_file: str, before: frozenset[int], within_s: float, deadline_s: float) -> bool:
    """New workers have taken over from all of these."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        try:
            workers = (await running(shell, pid_file, deadline_s)).workers
        except (NotSeen, NotRunning):
            workers = frozenset[int]()
        if workers and not workers & before:
            return True
        await asyncio.sleep(0.1)
    return False
