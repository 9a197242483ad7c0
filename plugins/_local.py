"""The machine that the console itself runs on, behind the same protocol as a host over SSH."""

import asyncio
import os
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence

from console.ports.protocols import Completed, ShellError

OUTPUT_LIMIT_BYTES = 256 * 1024


class LocalShell:
    """Commands that run here."""

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        """Run one command; it is killed after `timeout_s`. Raises ShellError."""
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "LC_ALL": "C"},
            )
        except OSError as error:
            raise ShellError(f"{argv[0]} could not be run here: {error.strerror}") from None
        try:
            async with asyncio.timeout(timeout_s):
                stdout, stderr = await process.communicate(stdin)
        except TimeoutError:
            raise ShellError(f"{argv[0]} did not end within {timeout_s:g} s and was ended") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        status = process.returncode or 0
        return Completed(
            # Ended by a signal: told as a shell would.
            status=status if status >= 0 else 128 - status,
            stdout=stdout[:OUTPUT_LIMIT_BYTES].decode("utf-8", "replace"),
            stderr=stderr[:OUTPUT_LIMIT_BYTES].decode("utf-8", "replace"),
        )

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        """Open a stream to a unix socket. Raises ShellError."""
        try:
            return await asyncio.open_unix_connection(path)
        except OSError as error:
            raise ShellError(f"{path} cannot be opened: {error.strerror}") from None
