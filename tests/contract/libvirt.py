"""virsh with libvirt's own test driver, as one process: what the driver is told lives as long as its connection."""

import asyncio
import shlex
import shutil
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from console.ports.protocols import Completed, Shell, ShellError

CONNECT = "test:///default"
END = "told-to-here"


class VirshHost:
    """A hypervisor whose only program is virsh; every command goes to the same connection."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._input, self._output = process.stdin, process.stdout
        self._alone = asyncio.Lock()

    def on(self, host: str) -> Shell:
        return self

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        assert list(argv[:4]) == ["virsh", "--quiet", "--connect", CONNECT]
        async with self._alone, asyncio.timeout(timeout_s):
            self._input.write(f"{shlex.join(argv[4:])}\necho {END}\n".encode())
            await self._input.drain()
            # It repeats what it reads after its prompt, and `echo` ends no line.
            told = (await self._output.readuntil(f"echo {END}\n{END}".encode())).decode()
        said = "".join(line for line in told.splitlines(keepends=True)[:-2] if "virsh # " not in line)
        if said.startswith("error: "):
            return Completed(status=1, stdout="", stderr=said)
        return Completed(status=0, stdout=said, stderr="")

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        raise ShellError("no sockets here")

    async def close(self) -> None:
        """Ended by whoever began it."""


@asynccontextmanager
async def virsh() -> AsyncIterator[tuple[VirshHost, str]]:
    """The host, and the version of libvirt; the test is skipped where it is not installed."""
    if not shutil.which("virsh"):
        pytest.skip("no virsh is installed: it is in Debian's libvirt-clients")
    process = await asyncio.create_subprocess_exec(
        "stdbuf", "-oL", "virsh", "--quiet", "--connect", CONNECT, stdin=-1, stdout=-1, stderr=-2
    )
    host = VirshHost(process)
    try:
        yield host, (await host.run(["virsh", "--quiet", "--connect", CONNECT, "version"])).stdout.split()[4]
    finally:
        process.terminate()
        await process.wait()
