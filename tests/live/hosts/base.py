"""The one base of every host: a small Debian system, made once and kept, on which each host has an overlay."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs

from console.lab import programs

SUITE = "bookworm"
PYTHON = "3.11"
"""What that suite has: the application server's libraries are fetched for it, whatever Python runs the tests."""
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "iproute2", "nftables", "procps"),
    *("haproxy", "nginx-light", "python3", "libcurl4", "ca-certificates"),
)
LIBRARIES = ("pymongo", "msgspec", "psutil")
MASKED = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"),
    *("e2scrub_reap.service", "getty@.service", "console-getty.service", "systemd-timesyncd.service"),
    *("systemd-networkd-wait-online.service", "systemd-resolved.service", "systemd-networkd.service"),
    *("logrotate.timer", "man-db.timer", "systemd-udevd.service", "systemd-tmpfiles-clean.timer"),
)
LEFT_OFF = ("haproxy.service", "nginx.service", "ssh.socket")
"""Each host turns on what it is there for."""
EDITION = 1
"""Raised when `_settle` changes, so that the base is made anew."""
CACHE = "WATCHKEEPER_HOSTS_CACHE"


def folder() -> Path:
    """Where bases are kept: `$WATCHKEEPER_HOSTS_CACHE`, or under the user's cache directory."""
    given = os.environ.get(CACHE)
    return Path(given).absolute() if given else platformdirs.user_cache_path("watchkeeper") / "hosts"


def ready(say: Callable[[str], None]) -> Path:
    """The base, made when there is none of this recipe yet: some minutes, and some 700 MB."""
    recipe = repr((SUITE, PACKAGES, LIBRARIES, MASKED, LEFT_OFF, EDITION))
    base = folder() / f"base-{hashlib.sha256(recipe.encode()).hexdigest()[:10]}"
    if base.is_dir():
        return base
    folder().mkdir(parents=True, exist_ok=True)
    part = base.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    say(f"making the base of all hosts in {base}: some minutes, once")
    # What it mounts in there must be gone with it when it is interrupted, before anybody removes the directory.
    own_mounts = ("unshare", "--mount", "--propagation", "private")
    _run(*own_mounts, "debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(part))
    say("fetching the libraries of the application server")
    _fetch_libraries(part / "opt" / "site-packages")
    shutil.copy(programs.mongod(), part / "usr/local/bin/mongod")
    _settle(part)
    part.rename(base)
    return base


def _fetch_libraries(into: Path) -> None:
    constraints = Path(__file__).parents[3] / "constraints.txt"
    wheels = ("--only-binary=:all:", f"--python-version={PYTHON}", "--implementation=cp")
    platforms = ("--platform=manylinux2014_x86_64", "--platform=manylinux_2_28_x86_64", "--platform=any")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--constraint", str(constraints))
    _run(*pip, *wheels, *platforms, f"--target={into}", *LIBRARIES)


def _settle(root: Path) -> None:
    """Users, and nothing that runs by itself."""
    _run("chroot", str(root), "useradd", "--system", "--home-dir", "/var/lib/mongodb", "--create-home", "mongodb")
    _run("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", "--groups", "haproxy", "ops")
    for unit in MASKED:
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    _run("systemctl", f"--root={root}", "disable", "--quiet", *LEFT_OFF)
    journald = root / "etc/systemd/journald.conf.d/lab.conf"
    journald.parent.mkdir(parents=True, exist_ok=True)
    journald.write_text("[Journal]\nStorage=volatile\nRuntimeMaxUse=8M\n")
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()  # each host has its own
    shutil.rmtree(root / "var/cache/apt", ignore_errors=True)
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)


def _run(*argv: str) -> None:
    """Raises RuntimeError with the end of what it said."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise RuntimeError(f"{argv[0]} failed with status {done.returncode}: {end}")
