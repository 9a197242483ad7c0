"""This machine as a host, for what needs no way to it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence

from console.ports.protocols import Completed, Shell, ShellError


class LocalHosts:
    """Every host is this one; the commands are really run."""

    def on(self, host: str) -> Shell:
        return self

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0) -> Completed:
        process = await asyncio.create_subprocess_exec(
            "env", "LC_ALL=C", "timeout", f"{timeout_s:g}", *argv, stdin=-3, stdout=-1, stderr=-1
        )
        stdout, stderr = await process.communicate()
        return Completed(status=process.returncode or 0, stdout=stdout.decode(), stderr=stderr.decode())

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        raise ShellError("no sockets here")

    async def close(self) -> None:
        """Nothing is held."""
