"""The services and sizes of the world's nodes."""

import asyncio
from dataclasses import fields, replace

from console.cluster.snapshot import ServiceState, Size
from console.cluster.views import ServiceView, SizeView
from console.ports.protocols import Refused, Verb

from .port import Port

GIB = 2**30


class MemoryService(Port):
    """One node's service: stopped is dead, started is back."""

    async def look(self) -> ServiceView:
        """At once."""
        stopped = self.name in self.world.stopped
        return ServiceView(node=self.name, state=ServiceState.STOPPED if stopped else ServiceState.RUNNING)

    async def turn(self, verb: Verb) -> None:
        """Raises Refused, as the world wants it."""
        self.world.commands.append(f"{self.name}: {self.command(verb)}")
        await asyncio.sleep(self.world.turns_in_s)
        if verb == "start" and self.name in self.world.will_not_start:
            raise Refused(f"{self.name}: job failed, see its log")
        if verb == "stop" and self.name not in self.world.stopped:
            self.world.stopped.add(self.name)
            self.world.kill(self.name)
        elif verb == "start" and self.name in self.world.stopped:
            self.world.stopped.discard(self.name)
            self.world.revive(self.name)

    async def log(self, lines: int) -> str:
        """A line for each command of the node."""
        return "\n".join(line for line in self.world.commands if line.startswith(f"{self.name}: "))

    def log_command(self, lines: int) -> str:
        """In the words of nobody."""
        return f"log {lines} {self.name}"

    def command(self, verb: Verb) -> str:
        """In systemd's words."""
        return f"systemctl {verb} {self.name}"


class MemorySize(Port):
    """One node's size."""

    async def look(self) -> SizeView:
        """At once."""
        return SizeView(node=self.name, size=self._size, in_use_bytes=self.world.in_use_bytes)

    async def resize(self, size: Size) -> None:
        """Raises Refused, as the world wants it; where it ignores sizes, the answer is that all is well."""
        self.world.commands.append(f"{self.name}: {self.resize_command(size)}")
        if self.name in self.world.ignores_sizes:
            return
        given = {f.name: value for f in fields(Size) if (value := getattr(size, f.name)) is not None}
        self.world.sizes[self.name] = replace(self._size, **given)

    def resize_command(self, size: Size) -> str:
        """In nobody's words."""
        given = {f.name: value for f in fields(Size) if (value := getattr(size, f.name)) is not None}
        return "resize " + " ".join(f"{name}={value}" for name, value in given.items())

    @property
    def _size(self) -> Size:
        more = Size(cache_bytes=GIB) if self.name.startswith("db") else Size(workers=8)
        return self.world.sizes.get(self.name, replace(more, cpus=2.0, memory_bytes=4 * GIB))
