"""One host: its connection, made once for all who want it, and the commands and sockets that go through it."""

import asyncio
import shlex
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Sequence
from typing import cast

import asyncssh

from console.ports.protocols import Completed, ShellError

from .problems import connect_problem, jump_problem, socket_problem
from .way import Target, Way, target

SESSIONS_LIMIT = 8
"""At once; sshd allows 10 a connection by default."""
OUTPUT_LIMIT_BYTES = 256 * 1024
CHUNK_BYTES = 65536
KILL_AFTER_S = 5
GRACE_S = 2.0
"""How much longer we wait than the host does: its word is the better one."""
BACK_OFF_S = 1.0
BACK_OFF_LIMIT_S = 30.0


class Host:
    """The shell of one host; `spec` is its name, or a jump list whose last is the host."""

    def __init__(self, spec: str, way: Way, other: Callable[[str], "Host"]) -> None:
        self._spec = spec
        self._name = spec.rpartition(",")[2]
        self._way = way
        self._other = other
        self._connection: asyncssh.SSHClientConnection | None = None
        self._connecting: asyncio.Task[asyncssh.SSHClientConnection] | None = None
        self._back_off_s = BACK_OFF_S
        self._retry_at_s = float("-inf")
        self._problem = ""
        self._sessions = asyncio.Semaphore(SESSIONS_LIMIT)
        self._running = 0

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        """Run one command; the host itself ends it after `timeout_s`. Raises ShellError."""
        # `-k` is what both GNU and busybox know.
        bounded = ["env", "LC_ALL=C", "timeout", "-k", str(KILL_AFTER_S), f"{timeout_s:g}", *argv]
        while True:
            await self._sessions.acquire()
            self._running += 1
            refused = False
            try:
                return await self._run(argv[0], shlex.join(bounded), stdin, timeout_s)
            except asyncssh.ChannelOpenError as error:
                # Its MaxSessions may be lower than ours. Nothing was run; there is one place less from now on.
                refused = self._running > 1
                if not refused:
                    raise ShellError(f"{self._name}: {argv[0]} could not be run: {error.reason}") from None
            finally:
                self._running -= 1
                if not refused:
                    self._sessions.release()

    async def _run(self, program: str, command: str, stdin: bytes, timeout_s: float) -> Completed:
        connection = await self.connected()
        began_s = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s + GRACE_S):
                completed = await _completed(connection, command, stdin)
        except TimeoutError:
            raise ShellError(f"{self._name}: {program} did not end within {timeout_s:g} s") from None
        except asyncssh.ChannelOpenError:
            raise
        except (asyncssh.Error, OSError):
            lost = f"the connection was lost while {program} ran: whether it took effect is unknown"
            raise ShellError(f"{self._name}: {lost}") from None
        # 124 is `timeout`'s own, and may be the command's too; 137 is what it says after a KILL.
        if completed.status in (124, 137) and time.monotonic() - began_s >= timeout_s:
            raise ShellError(f"{self._name}: {program} did not end within {timeout_s:g} s and was ended")
        return completed

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        """Open a stream to a unix socket on the host. Raises ShellError."""
        connection = await self.connected()
        try:
            # No session of sshd's, so none of our slots.
            async with asyncio.timeout(self._way.connect_timeout_s):
                streams = await connection.open_unix_connection(path, encoding=None)
        except (asyncssh.Error, OSError) as error:
            raise ShellError(f"{self._name}: {socket_problem(error, path)}") from None
        # asyncssh's own classes, made to look like asyncio's.
        return cast(tuple[StreamReader, StreamWriter], streams)

    async def connected(self) -> asyncssh.SSHClientConnection:
        """The one connection, made when there is none. Raises ShellError."""
        if self._connection and not self._connection.is_closed():
            return self._connection
        if self._connecting is None or self._connecting.done():
            if time.monotonic() < self._retry_at_s:
                raise ShellError(self._problem)
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(_retrieved)
        try:
            # A caller whose own deadline ends must not end it for the others.
            return await asyncio.shield(self._connecting)
        except asyncio.CancelledError:
            if self._connecting.cancelled():
                raise ShellError(f"{self._name}: closed") from None
            raise

    def retry(self) -> None:
        """What was in the way may be gone: the next who asks need not wait."""
        self._retry_at_s = float("-inf")
        self._back_off_s = BACK_OFF_S

    async def close(self) -> None:
        """End the connection."""
        if self._connecting:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._connection:
            self._connection.abort()  # not `close`: a host that hangs must not hold us
            await self._connection.wait_closed()
            self._connection = None

    async def _connect(self) -> asyncssh.SSHClientConnection:
        try:
            self._connection = await self._dial()
        except ShellError as problem:
            self._problem = str(problem)
            self._retry_at_s = time.monotonic() + self._back_off_s
            self._back_off_s = min(self._back_off_s * 2, BACK_OFF_LIMIT_S)
            raise
        self._back_off_s = BACK_OFF_S
        return self._connection

    async def _dial(self) -> asyncssh.SSHClientConnection:
        client = _Client()
        found: Target | None = None
        try:
            found = await target(self._spec, self._way)
            tunnel = await self._other(found.jump).connected() if found.jump else None
            async with asyncio.timeout(self._way.connect_timeout_s):
                return await asyncssh.connect(
                    found.address,
                    options=found.options,
                    config=None,
                    tunnel=tunnel,
                    known_hosts=found.known_hosts,
                    client_factory=lambda: client,
                )
        except ShellError as problem:
            raise ShellError(jump_problem(problem, self._name, found)) from None
        except (asyncssh.Error, OSError, ValueError) as error:
            raise ShellError(connect_problem(error, self._name, found, client.unknown_key, self._way)) from None


class _Client(asyncssh.SSHClient):
    """Remembers the host key that nobody vouches for, so that its fingerprint can be told."""

    def __init__(self) -> None:
        self.unknown_key: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.unknown_key = key
        return False


async def _completed(connection: asyncssh.SSHClientConnection, command: str, stdin: bytes) -> Completed:
    """What the command said. Raises what asyncssh raises, OSError when its status never came."""
    reads = asyncssh.PIPE if stdin else asyncssh.DEVNULL
    process = await connection.create_process(command, stdin=reads, encoding=None, request_pty=False)
    try:
        if stdin:
            process.stdin.write(stdin)
            process.stdin.write_eof()
        stdout, stderr = await asyncio.gather(_capped(process.stdout), _capped(process.stderr))
        await process.wait_closed()
    finally:
        process.close()
    status = process.returncode
    if status is None:
        raise ConnectionAbortedError
    # Ended by a signal: told as a shell would.
    return Completed(status=status if status >= 0 else 128 - status, stdout=stdout, stderr=stderr)


async def _capped(stream: asyncssh.SSHReader[bytes]) -> str:
    kept = bytearray()
    while chunk := await stream.read(CHUNK_BYTES):
        kept += chunk[: OUTPUT_LIMIT_BYTES - len(kept)]
    return kept.decode("utf-8", "replace")


def _retrieved(task: "asyncio.Task[asyncssh.SSHClientConnection]") -> None:
    """Its failure is told to whoever waits; when nobody does any more, that is no fault of the program."""
    if not task.cancelled():
        task.exception()
