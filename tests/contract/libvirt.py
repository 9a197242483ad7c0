"""A libvirtd of the tests with libvirt's own test driver, which keeps what is changed while a connection is open."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LIBVIRTD = shutil.which("libvirtd", path="/usr/sbin:/usr/bin") or ""


@contextmanager
def libvirtd() -> Iterator[tuple[str, str]]:
    """Its address for `virsh --connect`, and its version; the test is skipped where it is not installed."""
    if not (LIBVIRTD and shutil.which("virsh")):
        pytest.skip("libvirt is not installed: Debian's packages libvirt-daemon and libvirt-clients")
    with tempfile.TemporaryDirectory(prefix="wk", dir="/tmp") as folder, _daemon(Path(folder)) as address:
        virsh = ["virsh", "--connect", address]
        with _ended([*virsh, "event", "--all", "--loop"]):
            said = subprocess.run([*virsh, "version", "--daemon"], capture_output=True, text=True, check=True).stdout
            yield address, said.strip().rpartition(" ")[2]


@contextmanager
def _daemon(folder: Path) -> Iterator[str]:
    config = folder / "libvirtd.conf"
    config.write_text(f'unix_sock_dir = "{folder}"\nauth_unix_ro = "none"\nauth_unix_rw = "none"\n')
    with _ended([LIBVIRTD, "-f", str(config), "-p", str(folder / "pid")]):
        ends_s = time.monotonic() + 10
        while not (folder / "libvirt-sock").exists():
            assert time.monotonic() < ends_s, "libvirtd did not open its socket"
            time.sleep(0.05)
        yield f"test+unix:///default?socket={folder}/libvirt-sock"


@contextmanager
def _ended(argv: list[str]) -> Iterator[None]:
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
