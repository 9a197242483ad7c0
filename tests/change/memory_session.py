"""A session on a cluster in memory, for the tests of engine and session."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from plugins.memory import World, cluster_file, world

_numbers = itertools.count()


@asynccontextmanager
async def memory_session(
    state_dir: Path, *, read_only: bool = False, name: str = "", more: str = ""
) -> AsyncIterator[tuple[Session, World]]:
    """A session, looked at once, and the world that it shows: one of its own, or that of a name."""
    plugins = Plugins((bundled("plugins"),))
    name = name or f"world{next(_numbers)}"
    file = ClusterFile.decode(cluster_file(name) + more, Path("memory.toml"), plugins)
    async with Session.open(file, state_dir, read_only=read_only) as session:
        await session.look("app2", "db1", "db2", "db4")
        yield session, world(name)
