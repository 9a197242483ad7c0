"""One host: a Debian system booted by systemd-nspawn in a network namespace and a mount namespace of its own.

Both namespaces belong to the process that starts it, and have no name: when that process is ended, its network
interfaces, its overlay and everything that runs in the host are gone with it.
"""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

REBOOT_STATUS = 133
"""How systemd-nspawn --keep-unit says that the host wants to be started again."""
INIT = "/usr/sbin/lab-init"
"""Instead of --boot: makes the host's own control groups writable before systemd looks for them."""
BOOT = f"""
set -e
read -r _
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
set +e
while systemd-nspawn --quiet --register=no --keep-unit --console=pipe --link-journal=no --resolv-conf=off \\
    --timezone=off --system-call-filter=@memlock \\
    --notify-ready=no --network-namespace-path="/proc/$$/ns/net" --hostname="$3" --machine="$4-$3" \\
    --directory="$2/root" {INIT} </dev/null; [ $? -eq {REBOOT_STATUS} ]
do :; done
"""
GROUPS = Path("/sys/fs/cgroup")
CONTROLLERS = ("unified", "systemd", "memory", "cpu", "cpuacct", "pids")
"""The hierarchies of version 1 in which each host has a group of its own; version 2 has only one."""
KILL_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process by what names it for good."""

    pid: int
    created_s: float

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The running process of that pid. Raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())

    @property
    def now(self) -> psutil.Process | None:
        """None when it is gone."""
        with suppress(psutil.Error):
            found = psutil.Process(self.pid)
            if found.create_time() == self.created_s and _runs(found):
                return found
        return None

    def end(self) -> None:
        """At once, with all its descendants; waits until they are gone."""
        if (found := self.now) is None:
            return
        ending = [found, *found.children(recursive=True)]
        for process in ending:
            with suppress(psutil.Error):
                process.kill()
        ends_s = time.monotonic() + KILL_PATIENCE_S
        while any(map(_runs, ending)) and time.monotonic() < ends_s:
            time.sleep(0.02)


def tagged(tag: str) -> list[Process]:
    """Whatever was started under this tag and still runs, its record lost or not."""
    started = psutil.process_iter(["pid", "cmdline"])
    return [Process.of(found.pid) for found in started if tag in (found.info["cmdline"] or ())]


def _runs(process: psutil.Process) -> bool:
    """A zombie has ended, whenever its parent may look."""
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def prepare(base: Path, folder: Path, name: str, tag: str) -> Process:
    """The process that will boot the host: its namespaces are there, and it waits to be told to go on."""
    for part in ("work", "root"):
        (folder / part).mkdir(exist_ok=True)
    os.mkfifo(folder / "go")
    log = (folder / "console.log").open("ab")
    argv = ("unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", BOOT, "boot")
    descriptor = os.open(folder / "go", os.O_RDWR)  # both ends: neither waits for the other
    with log:
        child = subprocess.Popen(
            [*argv, str(base), str(folder), name, tag],
            stdin=descriptor,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    os.close(descriptor)
    _join_groups(child.pid, f"{tag}-{name}")
    return in_namespaces(child, "sh")


def in_namespaces(child: "subprocess.Popen[bytes]", program: str) -> Process:
    """The process, when `unshare` has made its namespaces and become the program. Raises RuntimeError."""
    # Waited for, so that what has ended is no zombie of a session of tests that goes on.
    threading.Thread(target=child.wait, daemon=True).start()
    ours, there = Path("/proc/self/ns/net").readlink(), Path("/proc", str(child.pid))
    for _ in range(500):
        if (there / "comm").read_text().strip() == program and (there / "ns/net").readlink() != ours:
            return Process.of(child.pid)
        time.sleep(0.01)
    child.kill()
    raise RuntimeError("unshare made no network namespace within 5 s")


def boot(folder: Path) -> None:
    """Tell the process that has been prepared to go on."""
    (folder / "go").write_text("go\n")


def leader(process: Process) -> int | None:
    """The pid, as it is seen from here, of the host's first process; None while it is not up."""
    if (found := process.now) is None:
        return None
    with suppress(psutil.Error):
        for child in found.children(recursive=True):
            with suppress(OSError):
                status = Path(f"/proc/{child.pid}/status").read_text()
                [pids] = [line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")]
                if len(pids) > 1 and pids[-1] == "1":
                    return child.pid
    return None


def run(process: Process, argv: Sequence[str], *, patience_s: float = 30.0) -> subprocess.CompletedProcess[str]:
    """Run a command in the host as root. Raises RuntimeError when the host is not up."""
    first = leader(process)
    if first is None:
        raise RuntimeError("the host is not up")
    entered = ("nsenter", "--target", str(first), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--")
    return subprocess.run(
        [*entered, *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=patience_s,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
    )


def power_off(process: Process) -> None:
    """As if the plug were pulled: everything in the host ends at once, and it is not started again."""
    process.end()


def leave_groups(name: str) -> None:
    """Remove the control groups of a host that has ended."""
    for top in groups(name):
        for folder in sorted((top, *top.rglob("*/")), reverse=True) if top.is_dir() else ():
            _remove_group(folder)


def groups(name: str) -> list[Path]:
    """systemd-nspawn --keep-unit takes the groups that it stands in as the host's own."""
    if (GROUPS / "cgroup.controllers").is_file():
        return [GROUPS / name]
    return [GROUPS / controller / name for controller in CONTROLLERS if (GROUPS / controller).is_dir()]


def _join_groups(pid: int, name: str) -> None:
    for group in groups(name):
        group.mkdir(exist_ok=True)
        (group / "cgroup.procs").write_text(str(pid))


def _remove_group(folder: Path) -> None:
    for _ in range(50):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # its last process is not quite gone
            time.sleep(0.02)
        else:
            return
