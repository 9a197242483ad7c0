"""What the kernel holds a group of processes to (cgroup v2), and the whole host where nothing limits it."""

from console.cluster.snapshot import Size
from plugins._commands import Commands, Unread

ROOT = "/sys/fs/cgroup"
FILES = ("memory.max", "memory.current", "cpu.max")
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


def filled(size: Size, host: Size) -> Size:
    """Without a limit it is the whole host."""
    return Size(
        cpus=host.cpus if size.cpus is None else size.cpus,
        memory_bytes=host.memory_bytes if size.memory_bytes is None else size.memory_bytes,
    )
