"""Several clusters: each looked at now and then, read-only and by itself, the worst first."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.cluster.snapshot import Finding, Severity, Snapshot
from console.ports.clusterfile import ClusterFile, ClusterFileError
from console.session import Session

PACE_S = 10.0
"""Between two looks at one cluster."""
DEADLINE_S = 20.0
"""For one look, from the first connection to the last answer."""
AT_ONCE = 8
"""Clusters that are looked at in the same moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at one cluster came to; neither snapshot nor problem: it has not come to its end."""

    name: str
    path: Path
    snapshot: Snapshot | None = None
    problem: str = ""
    """Why it cannot be looked at: its file, or that nothing answered in time."""
    at: datetime | None = None

    @property
    def worst(self) -> Finding | None:
        """The first of its findings, which stand in order."""
        return self.snapshot.findings[0] if self.snapshot and self.snapshot.findings else None

    @property
    def rank(self) -> tuple[int, int, str]:
        """The worst first: what cannot be seen is as bad as what is critical; what is not known yet comes last."""
        if self.snapshot is None:
            return (0, 0, self.name) if self.problem else (4, 0, self.name)
        left = self.snapshot.tolerates
        severity = list(Severity).index(self.worst.severity) if self.worst else 3
        return severity, min(left.app_servers, left.members), self.name


class Fleet:
    """The clusters that one operator knows, by name."""

    def __init__(self, paths: Mapping[str, Path], read: Callable[[Path], ClusterFile], state_dir: Path) -> None:
        self.paths = dict(paths)
        self.read = read
        """Raises ClusterFileError."""
        self._state_dir = state_dir

    async def once(self) -> tuple[Look, ...]:
        """One look at each, the worst first; never raises."""
        room = asyncio.Semaphore(AT_ONCE)
        looks = await asyncio.gather(*(self._look(name, room) for name in self.paths))
        return in_order(looks)

    async def follow(self) -> AsyncGenerator[tuple[Look, ...]]:
        """All of them, the worst first, again at each look that has come to its end."""
        looks = {name: Look(name=name, path=path) for name, path in self.paths.items()}
        came: asyncio.Queue[Look] = asyncio.Queue()
        room = asyncio.Semaphore(AT_ONCE)
        tasks = [asyncio.create_task(self._again(name, room, came)) for name in self.paths]
        try:
            yield in_order(looks.values())
            while True:
                look = await came.get()
                looks[look.name] = look
                yield in_order(looks.values())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _again(self, name: str, room: asyncio.Semaphore, came: "asyncio.Queue[Look]") -> None:
        while True:
            await came.put(await self._look(name, room))
            await asyncio.sleep(PACE_S)

    async def _look(self, name: str, room: asyncio.Semaphore) -> Look:
        path, snapshot, problem = self.paths[name], None, ""
        async with room:
            try:
                async with asyncio.timeout(DEADLINE_S):
                    file = await asyncio.to_thread(self.read, path)
                    async with Session.open(file, self._state_dir, read_only=True) as session:
                        snapshot = await session.look()
            except ClusterFileError as mistake:
                problem = str(mistake)
            except TimeoutError:
                problem = f"nothing came of it within {DEADLINE_S:g} s"
            except Exception as error:  # noqa: BLE001 - one cluster's bug must not take the others from the screen
                problem = f"{type(error).__name__}: {error}"
        return Look(name=name, path=path, snapshot=snapshot, problem=problem, at=datetime.now(UTC))


def in_order(looks: Iterable[Look]) -> tuple[Look, ...]:
    """The worst first."""
    return tuple(sorted(looks, key=lambda look: look.rank))
