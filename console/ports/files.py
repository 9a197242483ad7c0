"""The text files of a machine: of this one, or of a host through its shell; they are only read."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from console.cluster.text import clean
from console.ports.protocols import Shell, ShellError
from console.ports.protocols.written import Unread

LIMIT_BYTES = 4 * 2**20
MATCHING = 'IFS=; for file in $1; do if [ -f "$file" ]; then printf "%s\\n" "$file"; fi; done'
"""Unquoted, what `$1` holds is only matched: nothing in it is run, and blanks do not part it."""
COPY_IT = "copy it to this machine, and name the copy"
MENDS = {
    "No such file or directory": "name the path that it has there",
    "Permission denied": f"let this user read it there, or {COPY_IT}",
}


class Here:
    """Of this machine."""

    host = ""
    address = "127.0.0.1"

    async def read(self, path: str) -> str:
        """All of one. Raises Unread."""
        try:
            raw = await asyncio.to_thread(_head, Path(path))
        except OSError as error:
            raise Unread(f"{path} cannot be read: {error.strerror}") from None
        if len(raw) > LIMIT_BYTES:
            raise Unread(f"{path} is larger than {LIMIT_BYTES} bytes: it is no configuration")
        return raw.decode("utf-8", "replace")

    async def matching(self, pattern: str) -> Sequence[str]:
        """As a shell matches."""
        return await asyncio.to_thread(_matching, pattern)


class There:
    """Of a host; its shell says who we are there, and what we may read."""

    def __init__(self, host: str, address: str, shell: Shell) -> None:
        self.host = host
        self.address = address
        self._shell = shell

    async def read(self, path: str) -> str:
        """All of one. Raises Unread."""
        size = await self._said(path, "stat", "-L", "-c", "%s", "--", path)
        text = await self._said(path, "cat", "--", path) if int(size) <= LIMIT_BYTES else ""
        if len(text.encode()) < int(size):  # what is no UTF-8 takes more room when it is replaced, and never less
            raise Unread(f"{path} on {self.host} has {int(size)} bytes, more than a shell hands over: {COPY_IT}")
        return text

    async def matching(self, pattern: str) -> Sequence[str]:
        """As a shell matches. Raises Unread."""
        return sorted((await self._said(pattern, "sh", "-c", MATCHING, "sh", pattern)).splitlines())

    async def _said(self, path: str, *argv: str) -> str:
        try:
            done = await self._shell.run(argv)
        except ShellError as problem:
            raise Unread(str(problem)) from None
        if done.status:
            why = clean(done.stderr.strip().rpartition(": ")[2] or f"{argv[0]} ended with status {done.status}")
            raise Unread(f"{path} on {self.host} cannot be read: {why}; {MENDS.get(why, COPY_IT)}")
        return done.stdout


def _matching(pattern: str) -> Sequence[str]:
    path = Path(pattern)
    found = Path(path.anchor or ".").glob(str(path.relative_to(path.anchor)))
    return sorted(str(one) for one in found if one.is_file())


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LIMIT_BYTES + 1)
