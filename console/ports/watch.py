"""Watches one cluster: every source in its own task, with its own pace, none able to delay or end another."""

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from console.cluster.history import Sample
from console.cluster.merge import Board
from console.cluster.merge_pools import pool_place
from console.cluster.snapshot import Snapshot
from console.cluster.views import View
from console.ports.clusterfile import WatchTable
from console.ports.protocols import ReplicaSetPort
from console.ports.reach import Reach
from console.ports.source import Source, sources

PUBLISH_EVERY_S = 0.05
"""Changes within this time are told as one."""
QUIET_S = 0.25
"""Without news the picture is made anew this often: what nobody answers for any more grows old by itself."""
HURRY_EVERY_S = 0.25
"""How often everything is looked at while an action runs."""
TOUCHED_EVERY_S = 1.0
"""How often service and size of the node that it touches are looked at meanwhile: each look is a command there."""
LOOK_DEADLINE_S = 8.0
"""The longest that one complete look may take; a source that has not answered by then is told as it stands."""
RESTART_AFTER_S = 1.0
"""A replica-set plugin that broke is followed anew after this."""


class Watch:
    """The stream of snapshots of one cluster."""

    def __init__(self, reach: Reach, board: Board, paces: WatchTable) -> None:
        self._board = board
        self._replica_set = reach.replica_set
        self._sources = sources(reach, board.layout, paces)
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Condition()
        self._news = 0
        self._touched: list[str] = []
        """The nodes that actions touch now."""

    async def __aenter__(self) -> "Watch":
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._poll(source)) for source in self._sources]
        if self._replica_set:
            self._tasks.append(loop.create_task(self._follow_members(self._replica_set)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def snapshot(self) -> Snapshot:
        """The picture as it stands now, ages included."""
        return self._board.snapshot(time.monotonic(), datetime.now(UTC))

    @property
    def history(self) -> tuple[Sample, ...]:
        """A few numbers of each of the last moments, the oldest first."""
        return self._board.history

    def settle(self, server: str) -> None:
        """An operator has decided anew about this server: what a reload took from it is not missed any longer."""
        found = self.snapshot().app_server(server)
        self._board.settle([pool_place(entry) for entry in found.pools] if found else [])

    async def follow(self) -> AsyncGenerator[Snapshot]:
        """The picture now, then each different one; newest wins, at most one in PUBLISH_EVERY_S."""
        news, seen, told_s = self._news, self.snapshot(), time.monotonic()
        yield seen
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET_S), self._changed:
                    while self._news == news:
                        await self._changed.wait()
            await asyncio.sleep(max(0.0, told_s + PUBLISH_EVERY_S - time.monotonic()))
            news, newest = self._news, self.snapshot()
            if newest != seen:
                seen, told_s = newest, time.monotonic()
                yield newest

    async def look(self, *, background: bool = True, nodes: Collection[str] = ()) -> Snapshot:
        """One look begun after this call, within LOOK_DEADLINE_S: every source asked anew.

        Of nodes' services and sizes, only of those named: each is a command on its host.
        """
        began_s = time.monotonic()
        asked = [s for s in self._sources if (s.node in nodes if s.node else background or not s.background)]
        for source in asked:
            source.ask()
        # What has not answered by then stands in the snapshot as what it is: unknown, with its age.
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_DEADLINE_S):
                await asyncio.gather(self._look_at_members(), self._looked_since(began_s, asked))
        return self.snapshot()

    @contextmanager
    def hurry(self, node: str) -> Iterator[None]:
        """Within this block, everything that the proof of a change of that node may need is looked at often."""
        self._touched.append(node)
        for source in self._sources:
            if self._hurry_s(source) is not None:
                source.ask()
        try:
            yield
        finally:
            self._touched.remove(node)

    def _hurry_s(self, source: Source) -> float | None:
        if source.background:
            return TOUCHED_EVERY_S if source.node and source.node in self._touched else None
        return HURRY_EVERY_S if self._touched else None

    async def _looked_since(self, began_s: float, asked: list[Source]) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: all(source.looked_at_s >= began_s for source in asked))

    async def _look_at_members(self) -> None:
        if self._replica_set:
            began_s = time.monotonic()
            for view in await self._replica_set.look():
                await self._put(view, began_s)

    async def _poll(self, source: Source) -> None:
        async for view, began_s in source.views(self._hurry_s):
            await self._put(view, began_s)

    async def _follow_members(self, replica_set: ReplicaSetPort) -> None:
        while True:
            with suppress(Exception):  # a broken plugin: its members grow old and UNKNOWN until it is back
                async for view in replica_set.follow():
                    await self._put(view, time.monotonic())
            await asyncio.sleep(RESTART_AFTER_S)

    async def _put(self, view: View, at_s: float) -> None:
        """`at_s` is when the look began: what was true before an op proves nothing about it."""
        # While a change is under way every number may be its proof, or the end of it.
        self._news += self._board.put(view, at_s) or bool(self._touched)
        async with self._changed:
            self._changed.notify_all()
