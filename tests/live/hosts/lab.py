"""The hosts lab: booted all at once, made into a cluster, and taken down so that nothing of it is left."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from console.lab.record import write_private
from tests.live.hosts import base, files, machine, network, replica_set
from tests.live.hosts.layout import HOSTS, Host, Layout, find, units
from tests.live.hosts.machine import Process

PROGRAMS = ("debootstrap", "systemd-nspawn", "unshare", "nsenter", "ip", "chroot")
BOOT_PATIENCE_S = 120.0
PROCESSES = "processes.json"


def missing() -> str:
    """Why there can be no such lab on this machine; empty where there can."""
    if os.geteuid() != 0:
        return "the hosts lab needs root: it boots Debian systems in namespaces of their own"
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"the hosts lab needs {', '.join(absent)}: apt-get install debootstrap systemd-container iproute2"
    return ""


@dataclass(frozen=True, slots=True)
class Lab:
    """A running lab."""

    layout: Layout
    processes: dict[str, Process]
    """What each host lives in, by its name."""

    @property
    def cluster_file(self) -> Path:
        """For `watchkeeper --cluster`."""
        return self.layout.path("cluster.toml")

    def run(self, name: str, *argv: str, patience_s: float = 30.0) -> str:
        """What a command says that root runs on a host. Raises RuntimeError when it fails."""
        done = machine.run(self.processes[name], argv, patience_s=patience_s)
        if done.returncode:
            raise RuntimeError(f"{name}: {' '.join(argv)} failed with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def says(self, name: str, *argv: str) -> str:
        """The words of a command whatever its status; empty while the host is not up."""
        try:
            return machine.run(self.processes[name], argv).stdout.strip()
        except (RuntimeError, subprocess.TimeoutExpired):
            return ""

    def write(self, name: str, path: str, text: str) -> None:
        """Write a file on a running host, as root."""
        self.run(name, "sh", "-c", 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"', "sh", path, text)

    @contextmanager
    def blackhole(self, name: str, port: int) -> Iterator[None]:
        """What comes to a port of a host goes nowhere, open connections included, and no word of it comes back."""
        self.run(name, "nft", "add table inet lab")
        self.run(name, "nft", "add chain inet lab input { type filter hook input priority 0 ; }")
        self.run(name, "nft", f"add rule inet lab input tcp dport {port} drop")
        try:
            yield
        finally:
            self.run(name, "nft", "delete table inet lab")

    @contextmanager
    def paused(self, name: str, program: str) -> Iterator[None]:
        """Every process of that name on a host is stopped without ending."""
        self.run(name, "pkill", "-STOP", "-x", program)
        try:
            yield
        finally:
            self.run(name, "pkill", "-CONT", "-x", program)


def up(home: Path, say: Callable[[str], None]) -> Lab:
    """Boot a lab and wait until its replica set is whole; whatever goes wrong, nothing is left."""
    if why := missing():
        raise RuntimeError(why)
    root = base.ready(say)
    down(home)
    layout = Layout(home.absolute())
    home.mkdir(parents=True, mode=0o700, exist_ok=True)
    # Of both: a shell that starts it in the background has it ignore the one.
    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    processes: dict[str, Process] = {}
    try:
        _record(layout, processes)
        files.write(layout)
        say(f"booting {len(HOSTS)} hosts in {home}")
        processes["switch"] = network.switch(layout.tag)
        for host in HOSTS:
            processes[host.name] = machine.prepare(root, layout.folder(host), host.name, layout.tag)
            _record(layout, processes)
        network.wire(layout, processes["switch"], {host: processes[host.name] for host in HOSTS})
        for host in HOSTS:
            machine.boot(layout.folder(host))
        lab = Lab(layout, processes)
        await_services(lab, BOOT_PATIENCE_S)
        say("initiating the replica set")
        replica_set.initiate(layout, BOOT_PATIENCE_S)
    except BaseException:
        down(home, processes)
        raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return lab


def down(home: Path, processes: dict[str, Process] | None = None) -> bool:
    """End everything of a lab and remove its directory; False when there is none."""
    layout = Layout(home.absolute())
    left = machine.tagged(layout.tag)
    if not left and (not home.exists() or not any(home.iterdir())):
        return False
    if home.exists() and not layout.path(PROCESSES).exists():
        raise RuntimeError(f"{home} is no lab's directory: it has no {PROCESSES}; give an empty one, or a new one")
    for process in (*left, *_recorded(layout).values(), *(processes or {}).values()):
        process.end()
    for host in HOSTS:
        machine.leave_groups(f"{layout.tag}-{host.name}")
    with suppress(FileNotFoundError):  # an `up` that failed takes it away too
        shutil.rmtree(home)
    return True


def opened(home: Path) -> Lab:
    """The lab that runs in a directory. Raises RuntimeError when none does."""
    layout = Layout(home.absolute())
    processes = _recorded(layout)
    if len(processes) <= len(HOSTS) or any(process.now is None for process in processes.values()):
        raise RuntimeError(f"no lab runs in {home}: start it with `up`")
    return Lab(layout, processes)


def await_services(lab: Lab, patience_s: float, hosts: Sequence[Host] = HOSTS) -> None:
    """Wait until sshd, and what each host is there for, are active. Raises RuntimeError with the end of its log."""
    ends_s = time.monotonic() + patience_s
    for host in hosts:
        names = ["ssh.service", *units(host)]
        while (said := lab.says(host.name, "systemctl", "is-active", *names).split()) != ["active"] * len(names):
            if time.monotonic() > ends_s or "failed" in said or lab.processes[host.name].now is None:
                log = lab.says(host.name, "journalctl", "--no-pager", "--lines=15", "--output=cat")
                raise RuntimeError(f"{host.name}: {names} are {said or 'not up'}; its log ends:\n{log}")
            time.sleep(0.3)


def status(lab: Lab) -> str:
    """One line a host."""
    lines = [f"cluster file: {lab.cluster_file}"]
    for name in (host.name for host in HOSTS):
        names = ["ssh.service", *units(find(name))]
        said = lab.says(name, "systemctl", "is-active", *names).split()
        states = zip(names, said or ["not up"] * len(names), strict=False)
        lines.append(f"{name:<9}{lab.layout.service(find(name)):<15}{', '.join(' '.join(pair) for pair in states)}")
    return "\n".join(lines)


def _record(layout: Layout, processes: dict[str, Process]) -> None:
    text = json.dumps({name: asdict(process) for name, process in processes.items()})
    write_private(layout.path(PROCESSES), text.encode())


def _recorded(layout: Layout) -> dict[str, Process]:
    path = layout.path(PROCESSES)
    if not path.exists():
        return {}
    return {name: Process(**told) for name, told in json.loads(path.read_text()).items()}


def interrupt(*_: object) -> None:
    """Every signal takes the way out of a Ctrl-C."""
    raise KeyboardInterrupt
