"""What can be tried before anything is connected to: the cluster file, its secrets, the journal's directory."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from console.ports.clusterfile import ClusterFile, ClusterFileError
from console.ports.connections.row import Failed
from console.ports.plugins import Plugins
from console.ports.reach import Reach
from console.ports.secrets import KINDS, resolve

LEAST_BYTES = 64 * 2**20
"""So much room the journal should have."""


class Found:
    """The cluster file and its ports, once they are known to be right."""

    def __init__(self, path: Path, plugins: Plugins) -> None:
        self.file: ClusterFile | None = None
        self.reach: Reach | None = None
        self._path = path
        self._plugins = plugins

    async def valid(self) -> str:
        """Read anew: an operator may just have mended it. Raises Failed."""
        try:
            self.file = await asyncio.to_thread(ClusterFile.read, self._path, self._plugins)
        except ClusterFileError as mistake:
            readable = os.access(self._path, os.R_OK)
            edit = f"edit {self._path}, then: watchkeeper config check"
            back = f"put {self._path} back, and let this user read it; or take another file with --cluster"
            raise Failed(str(mistake), edit if readable else back) from None
        return f"{self._path} is valid"

    async def usable(self) -> str:
        """Every plugin takes its settings. Raises Failed."""
        assert self.file is not None
        try:
            self.reach = await asyncio.to_thread(Reach.of, self.file)
        except ClusterFileError as mistake:
            raise Failed(str(mistake), f"edit {self._path}, then: watchkeeper config check") from None
        return "every plugin takes its settings"


def named_secrets(file: ClusterFile) -> Iterator[tuple[str, object]]:
    """Every reference to a secret, with its path into the file."""
    table: Any = msgspec.to_builtins(file.table)
    yield from _secrets(table, "$")


def _secrets(value: object, at: str) -> Iterator[tuple[str, object]]:
    match value:
        case dict() if len(value) == 1 and next(iter(value)) in KINDS:
            yield at, value
        case dict():
            for key, inner in value.items():
                yield from _secrets(inner, f"{at}.{key}")
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from _secrets(inner, f"{at}[{index}]")


async def resolved(reference: object) -> str:
    """Raises Failed."""
    try:
        await asyncio.to_thread(resolve, reference)
    except ValueError as problem:
        says, _, mends = str(problem).partition("; ")
        raise Failed(says, mends or "write it there, or name another place in the cluster file") from None
    return "is there, and not shown"


async def writable(state_dir: Path) -> str:
    """Raises Failed."""
    there = next(folder for folder in (state_dir, *state_dir.parents) if folder.exists())
    journal = state_dir / "journal.sqlite3"
    for path, may in ((there, os.W_OK | os.X_OK), (journal, os.R_OK | os.W_OK)):
        if path.exists() and not os.access(path, may):
            raise Failed(
                f"{path} is not ours to write: nothing can be changed without a journal",
                f"give it to this user with chown, or take another directory with --state-dir (now {state_dir})",
            )
    disk = os.statvfs(there)
    if disk.f_bavail * disk.f_frsize < LEAST_BYTES:
        raise Failed(f"the disk of {there} is full", f"make room: {LEAST_BYTES // 2**20} MiB at least")
    return f"{state_dir} can be written"
