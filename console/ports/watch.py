"""Watches one cluster: every source in its own task, with its own pace, none able to delay or end another."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime

from console.cluster.merge import Board
from console.cluster.snapshot import Health, Snapshot
from console.cluster.views import BalancerView, HealthView, HostView, View
from console.ports.clusterfile import WatchTable
from console.ports.protocols import BalancerPort, Shells
from console.ports.reach import Reach

PUBLISH_EVERY_S = 0.05
"""Changes within this time are told as one."""
HURRY_EVERY_S = 0.25
"""How often everything is looked at while an action runs."""
LOOK_DEADLINE_S = 8.0
"""The longest that one complete look may take; a source that has not answered by then is told as it stands."""


class Source:
    """One thing that is polled: at its own pace with jitter, at once when asked, faster in a hurry."""

    def __init__(self, look: Callable[[], Awaitable[View]], every_s: float) -> None:
        self.look = look
        self.every_s = every_s
        self.now = asyncio.Event()
        self.looked_at_s = float("-inf")
        """When the newest finished look began."""


class Watch:
    """The stream of snapshots of one cluster."""

    def __init__(self, reach: Reach, board: Board, paces: WatchTable) -> None:
        self._reach = reach
        self._board = board
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Condition()
        self._hurries = 0
        self._version = 0
        self.sources = [*_health(reach, board, paces), *_balancers(reach, paces), *_hosts(reach, paces)]

    async def __aenter__(self) -> "Watch":
        self._tasks = [asyncio.get_running_loop().create_task(self._poll(source)) for source in self.sources]
        if self._reach.replica_set:
            self._tasks.append(asyncio.get_running_loop().create_task(self._follow_members()))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def snapshot(self) -> Snapshot:
        """The picture as it stands now, ages included."""
        return self._board.snapshot(time.monotonic(), datetime.now(UTC))

    async def follow(self) -> AsyncGenerator[Snapshot]:
        """The picture now, then each different one; newest wins, at most one in PUBLISH_EVERY_S."""
        version, seen, told_s = self._version, self.snapshot(), time.monotonic()
        yield seen
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._version != version)  # noqa: B023 - read at once
            await asyncio.sleep(max(0.0, told_s + PUBLISH_EVERY_S - time.monotonic()))
            version, newest = self._version, self.snapshot()
            if newest != seen:
                seen, told_s = newest, time.monotonic()
                yield newest

    async def look(self) -> Snapshot:
        """One complete look begun after this call: every source asked anew, within LOOK_DEADLINE_S."""
        began_s = time.monotonic()
        for source in self.sources:
            source.now.set()
        # What has not answered by then stands in the snapshot as what it is: unknown, with its age.
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_DEADLINE_S):
                await asyncio.gather(self._look_at_members(), self._looked_since(began_s))
        return self.snapshot()

    def hurry(self) -> "Hurry":
        """Within this context, everything is looked at four times a second."""
        return Hurry(self)

    async def _looked_since(self, began_s: float) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: all(source.looked_at_s >= began_s for source in self.sources))

    async def _look_at_members(self) -> None:
        if self._reach.replica_set:
            for view in await self._reach.replica_set.look():
                await self._put(view)

    async def _poll(self, source: Source) -> None:
        while True:
            began_s = time.monotonic()
            source.now.clear()
            view = await source.look()
            source.looked_at_s = began_s
            await self._put(view)
            pace_s = min(source.every_s, HURRY_EVERY_S) if self._hurries else source.every_s
            try:
                async with asyncio.timeout(pace_s * random.uniform(0.9, 1.1)):
                    await source.now.wait()
            except TimeoutError:
                continue

    async def _follow_members(self) -> None:
        assert self._reach.replica_set
        async with aclosing(self._reach.replica_set.follow()) as views:  # type: ignore[type-var]
            async for view in views:
                await self._put(view)

    async def _put(self, view: View) -> None:
        self._board.put(view, time.monotonic())
        self._version += 1
        async with self._changed:
            self._changed.notify_all()


class Hurry:
    """While entered, the watch polls faster."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __enter__(self) -> None:
        self._watch._hurries += 1
        for source in self._watch.sources:
            source.now.set()

    def __exit__(self, *_: object) -> None:
        self._watch._hurries -= 1


def _health(reach: Reach, board: Board, paces: WatchTable) -> list[Source]:
    check = reach.health
    if check is None:
        return []

    def source(name: str, address: str, port: int | None) -> Source:
        async def look() -> HealthView:
            return await check.look(name, address, port)

        return Source(look, paces.health_s)

    return [source(node.name, node.address, node.port) for node in board.layout.role("app")]


def _balancers(reach: Reach, paces: WatchTable) -> list[Source]:
    def source(port: BalancerPort) -> Source:
        async def look() -> BalancerView:
            return await port.look()

        return Source(look, paces.balancers_s)

    return [source(port) for port in reach.balancers.values()]


def _hosts(reach: Reach, paces: WatchTable) -> list[Source]:
    facts, shells = reach.facts, reach.shells

    def source(node: str, host: str, shells: Shells) -> Source:
        async def look() -> HostView:
            if facts is None:
                return HostView(node=node, health=Health.UNKNOWN, reason="no [facts] plugin")
            return await facts.look(node, shells.on(host))

        return Source(look, paces.hosts_s)

    return [source(node, host, shells) for node, host in reach.hosts.items()] if shells else []
