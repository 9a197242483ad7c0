"""A podman of the tests: its own storage, one image of busybox, one container."""

import asyncio
import shutil
import subprocess
import tempfile
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from console.ports.protocols import Completed, Shell, ShellError

NAME = "app1"
BUSYBOX = Path("/bin/busybox")
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
"""What podman sets otherwise is more than some machines allow."""


class PodmanHost:
    """This machine as a host; its podman is given where its storage is."""

    def __init__(self, options: Sequence[str]) -> None:
        self._options = options

    def on(self, host: str) -> Shell:
        return self

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        words = ["podman", *self._options, *argv[1:]] if argv[0] == "podman" else argv
        process = await asyncio.create_subprocess_exec("timeout", f"{timeout_s:g}", *words, stdout=-1, stderr=-1)
        stdout, stderr = await process.communicate()
        return Completed(status=process.returncode or 0, stdout=stdout.decode(), stderr=stderr.decode())

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        raise ShellError("no sockets here")

    async def close(self) -> None:
        """Nothing is held."""


@contextmanager
def podman() -> Iterator[tuple[PodmanHost, str]]:
    """The host and the version; the test is skipped where no container can be run."""
    if not (shutil.which("podman") and BUSYBOX.exists()):
        pytest.skip("podman cannot be tried: Debian's packages podman, runc and busybox-static")
    folder = Path(tempfile.mkdtemp(prefix="wk", dir="/tmp"))
    options = [f"--root={folder}/store", f"--runroot={folder}/run", "--storage-driver=vfs", "--cgroup-manager=cgroupfs"]
    options += ["--runtime=runc"] if shutil.which("runc") else []

    def ask(*words: str) -> str:
        done = subprocess.run(["podman", *options, *words], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            pytest.skip(f"podman cannot run a container here: {done.stderr.strip()}")
        return done.stdout.strip()

    try:
        (folder / "image" / "bin").mkdir(parents=True)
        shutil.copy(BUSYBOX, folder / "image" / "bin" / "sleep")
        archive = shutil.make_archive(str(folder / "image"), "tar", folder / "image")
        ask("import", archive, "wk-image")
        ask(
            "run",
            "--detach",
            "--name",
            NAME,
            "--network=none",
            "--stop-signal=KILL",
            *LIMITS,
            "wk-image",
            "/bin/sleep",
            "600",
        )
        yield PodmanHost(options), ask("version", "--format", "{{.Client.Version}}")
    finally:
        subprocess.run(["podman", *options, "rm", "--force", "--time=0", NAME], capture_output=True, check=False)
        # What watched the container calls podman once more at its end, which would make its store anew.
        while mine := [
            one for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or ())
        ]:
            psutil.wait_procs(mine, timeout=10)
        shutil.rmtree(folder, ignore_errors=True)
