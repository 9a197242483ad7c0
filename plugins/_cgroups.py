"""What the kernel holds a group of processes to (cgroup v2 or v1), and the whole host where nothing limits it."""

from collections.abc import Mapping

from console.cluster.snapshot import Size
from plugins._commands import Commands, Unread

ROOT = "/sys/fs/cgroup"
V2 = ("memory.max", "memory.current", "cpu.max")
V1 = (
    "memory/{}/memory.limit_in_bytes",
    "memory/{}/memory.usage_in_bytes",
    "cpu/{}/cpu.cfs_quota_us",
    "cpu/{}/cpu.cfs_period_us",
)
KIB = 1024
BEYOND_BYTES = 2**62
"""How v1 says that there is no limit: more than any host has."""


async def whole_host(commands: Commands) -> Size:
    """All memory and all cpus. Raises Unread."""
    memory = await commands.read(["cat", "/proc/meminfo"])
    kib = next((line.split()[1] for line in memory.splitlines() if line.startswith("MemTotal:")), "")
    cpus = (await commands.read(["nproc", "--all"])).strip()
    if not kib.isdecimal() or not cpus.isdecimal():
        raise Unread(f"{commands.where} tells neither MemTotal nor its number of cpus")
    return Size(cpus=float(cpus), memory_bytes=int(kib) * KIB)


async def cgroup_of(commands: Commands, process_id: int) -> str:
    """The path of a process's group: of the memory controller, where there are several. Raises Unread."""
    lines = (await commands.read(["cat", f"/proc/{process_id}/cgroup"])).splitlines()
    groups = {names: path for _, names, path in (line.split(":", 2) for line in lines if line.count(":") >= 2)}
    if found := groups.get("memory") or groups.get(""):
        return found
    raise Unread(f"{commands.where} tells no cgroup of process {process_id}")


async def held_to(commands: Commands, cgroup: str) -> tuple[Size, int | None]:
    """The limits, None where there is none, and the bytes in use now where they are counted. Raises Unread."""
    group = cgroup.strip("/")
    paths = [*(f"{ROOT}/{group}/{name}" for name in V2), *(f"{ROOT}/{path.format(group)}" for path in V1)]
    # Some of them are not there, whatever the version: what there is, is told all the same.
    found = _files((await commands.completed(["head", "-v", "-n", "1", *paths])).stdout)
    told = {path.rpartition("/")[2]: found[path] for path in paths if path in found}
    try:
        return (_v2(told) if "memory.max" in told or "cpu.max" in told else _v1(told)), _count(told)
    except ValueError as problem:
        raise Unread(f"the limits of {cgroup} on {commands.where} cannot be read: {problem}") from None


def filled(size: Size, host: Size) -> Size:
    """Without a limit it is the whole host."""
    return Size(
        cpus=host.cpus if size.cpus is None else size.cpus,
        memory_bytes=host.memory_bytes if size.memory_bytes is None else min(size.memory_bytes, host.memory_bytes or 0),
    )


def _files(text: str) -> dict[str, str]:
    """First lines by path, as `head -v` prints them."""
    found, path = {}, ""
    for line in text.splitlines():
        if line.startswith("==> ") and line.endswith(" <=="):
            path = line[4:-4]
        elif line and path:
            found[path] = line.strip()
    return found


def _v2(told: Mapping[str, str]) -> Size:
    limit, (quota, _, period) = told.get("memory.max", "max"), told.get("cpu.max", "max").partition(" ")
    return Size(
        cpus=None if quota == "max" else int(quota) / int(period),
        memory_bytes=None if limit == "max" else int(limit),
    )


def _v1(told: Mapping[str, str]) -> Size:
    limit, quota = int(told.get("memory.limit_in_bytes", BEYOND_BYTES)), int(told.get("cpu.cfs_quota_us", -1))
    return Size(
        cpus=quota / int(told["cpu.cfs_period_us"]) if quota > 0 else None,
        memory_bytes=limit if limit < BEYOND_BYTES else None,
    )


def _count(told: Mapping[str, str]) -> int | None:
    current = told.get("memory.current", told.get("memory.usage_in_bytes"))
    return None if current is None else int(current)
