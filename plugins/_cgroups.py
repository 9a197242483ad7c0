"""What the kernel holds a group of processes to, and the whole host where nothing limits it."""

import re

from console.cluster.snapshot import Size
from plugins._commands import Commands, Unread

ROOT = "/sys/fs/cgroup"
FILES = ("memory.max", "memory.current", "cpu.max")
OLD_FILES = {
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    "cpu": ("cpu.cfs_quota_us", "cpu.cfs_period_us"),
}
"""Of cgroup v1, by controller: what RHEL 8 and Debian 10 start with."""
OLD_UNLIMITED_BYTES = 2**62
"""No limit is written as the largest number of whole pages there."""
KIB = 1024


async def whole_host(commands: Commands) -> Size:
    """All memory and all cpus. Raises Unread."""
    memory = await commands.read(["cat", "/proc/meminfo"])
    kib = next((line.split()[1] for line in memory.splitlines() if line.startswith("MemTotal:")), "")
    cpus = (await commands.read(["nproc", "--all"])).strip()
    if not kib.isdecimal() or not cpus.isdecimal():
        raise Unread(f"{commands.where} tells neither MemTotal nor its number of cpus")
    return Size(cpus=float(cpus), memory_bytes=int(kib) * KIB)


async def cgroup_of(commands: Commands, process_id: int) -> str:
    """The path of a process's group. Raises Unread where there is no cgroup v2."""
    for line in (await commands.read(["cat", f"/proc/{process_id}/cgroup"])).splitlines():
        if line.startswith("0::/"):
            return line.removeprefix("0::")
    raise Unread(f"{commands.where} has no cgroup v2")


async def held_to(commands: Commands, cgroup: str) -> tuple[Size, int]:
    """The limits, None where there is none, and the bytes in use now. Raises Unread."""
    try:
        return await _held_to(commands, cgroup)
    except Unread:
        if old := await _held_to_of_old(commands, cgroup):
            return old
        raise


async def _held_to(commands: Commands, cgroup: str) -> tuple[Size, int]:
    text = await commands.read(["head", "-v", "-n", "1", *(f"{ROOT}{cgroup}/{name}" for name in FILES)])
    lines = [line for line in text.splitlines() if line and not line.startswith("==>")]
    try:
        limit, current, cpu = lines
        quota, _, period = cpu.partition(" ")
        return Size(
            cpus=None if quota == "max" else int(quota) / int(period),
            memory_bytes=None if limit == "max" else int(limit),
        ), int(current)
    except ValueError:
        raise Unread(f"{ROOT}{cgroup} on {commands.where} does not tell {', '.join(FILES)}") from None


async def _held_to_of_old(commands: Commands, cgroup: str) -> tuple[Size, int] | None:
    """By cgroup v1; None where that is not what the host has. Raises Unread."""
    paths = [f"{ROOT}/{controller}{cgroup}/{name}" for controller, names in OLD_FILES.items() for name in names]
    # A unit is in no group of a controller by which nothing limits it: then its files are not there.
    text = await commands.read(["head", "-v", "-n", "1", *paths], statuses=(0, 1))
    told = dict(re.findall(r"^==> .*/([a-z._]+) <==\n(-?\d+)$", text, re.MULTILINE))
    if "memory.usage_in_bytes" not in told:
        return None
    limit, quota = int(told["memory.limit_in_bytes"]), int(told.get("cpu.cfs_quota_us", -1))
    return Size(
        cpus=None if quota < 0 else quota / int(told["cpu.cfs_period_us"]),
        memory_bytes=None if limit >= OLD_UNLIMITED_BYTES else limit,
    ), int(told["memory.usage_in_bytes"])


def filled(size: Size, host: Size) -> Size:
    """Without a limit it is the whole host."""
    return Size(
        cpus=host.cpus if size.cpus is None else size.cpus,
        memory_bytes=host.memory_bytes if size.memory_bytes is None else size.memory_bytes,
    )
