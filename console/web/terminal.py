"""A console in a pseudo-terminal of its own: what it draws, what is typed, and its end when nobody looks any more."""

import asyncio
import fcntl
import os
import signal
import struct
import termios
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress

CHUNK_BYTES = 64 * 1024
WIDEST = 500
"""Columns or lines; a browser that asks for more gets these."""


Add = Callable[[int, Callable[[], object]], None]
Remove = Callable[[int], bool]


class PseudoTerminal:
    """One process; to hang up is for it what a dropped SSH session is."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self._process = process
        self._master = master

    @classmethod
    async def open(cls, argv: Sequence[str], environ: Mapping[str, str], width: int, height: int) -> "PseudoTerminal":
        """Start a program, with the pseudo-terminal as its controlling one. Raises OSError."""
        master, slave = os.openpty()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=dict(environ),
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(master, False)
        terminal = cls(process, master)
        terminal.resize(width, height)
        return terminal

    async def drawn(self) -> AsyncIterator[bytes]:
        """What it draws, until it ends; what nobody takes, it waits with."""
        while True:
            await self._ready(asyncio.get_running_loop().add_reader, asyncio.get_running_loop().remove_reader)
            try:
                data = os.read(self._master, CHUNK_BYTES)
            except BlockingIOError:
                continue
            except OSError:  # the other end is closed
                return
            if not data:
                return
            yield data

    async def type(self, data: bytes) -> None:
        """Give it keys. Raises OSError when it has ended."""
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                await self._ready(asyncio.get_running_loop().add_writer, asyncio.get_running_loop().remove_writer)

    def resize(self, width: int, height: int) -> None:
        """Another size, in columns and lines."""
        size = struct.pack("HHHH", *(max(1, min(WIDEST, length)) for length in (height, width)), 0, 0)
        with suppress(OSError):
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    async def hang_up(self) -> int:
        """Nobody looks any more: it ends by its own rules, a running step first; its exit code."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGHUP)
        with suppress(OSError):
            os.close(self._master)
        return await self._process.wait()

    async def _ready(self, add: Add, remove: Remove) -> None:
        ready = asyncio.Event()
        add(self._master, ready.set)
        try:
            await ready.wait()
        finally:
            remove(self._master)
