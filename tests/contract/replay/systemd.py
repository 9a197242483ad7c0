"""systemctl, as systemd 252 of Debian 12 answers: one unit, its limits in cgroup v2."""

from console.ports.protocols import Completed
from tests.contract.replay.host import GIB, ReplayHost, said

UNIT = "mongod.service"
GROUP = f"/system.slice/{UNIT}"
FILES = f"/sys/fs/cgroup{GROUP}"


class Systemd(ReplayHost):
    """A host with one unit."""

    def __init__(self) -> None:
        self.state, self.result, self.status = "active", "success", 0
        self.memory, self.quota_us = "infinity", 0
        self.starts = True
        self.disk_full = False
        """A full disk keeps no drop-in, and systemctl does not say so: seen on Debian 12."""
        super().__init__({"systemctl": self._systemctl, "journalctl": lambda _: said("cannot open its file\n")})
        self._apply()

    def _systemctl(self, arguments: list[str]) -> Completed:
        match arguments:
            case ["show", unit, wanted]:
                return self._show(unit, wanted.removeprefix("--property=").split(","))
            case ["start", _] if self.starts:
                self.state, self.result = "active", "success"
            case ["start", unit]:
                self.state, self.result, self.status = "failed", "exit-code", 14
                why = "the control process exited with error code"
                return said(status=1, stderr=f"Job for {unit} failed because {why}.\nSee ...")
            case ["stop", _]:
                self.state, self.result = "inactive", "success"
            case ["set-property", "--runtime", _, *values]:
                self._set_all(values, "/run/systemd/system.control")
            case ["set-property", _, *values]:
                self._set_all(values, "/etc/systemd/system.control")
            case _:
                return said(status=1, stderr=f"Unknown command verb {arguments[0]}.")
        self._apply()
        return said()

    def _show(self, unit: str, wanted: list[str]) -> Completed:
        there = unit == UNIT
        quota = f"{self.quota_us / 1_000_000:g}s" if self.quota_us >= 1_000_000 else f"{self.quota_us // 1000}ms"
        properties = {
            "Id": unit,
            "LoadState": "loaded" if there else "not-found",
            "ActiveState": self.state if there else "inactive",
            "SubState": {"active": "running", "inactive": "dead"}.get(self.state, self.state),
            "Result": self.result,
            "ExecMainStatus": str(self.status),
            "ControlGroup": GROUP if self.state == "active" else "",
            "MainPID": "4711",
            "MemoryMax": self.memory,
            "CPUQuotaPerSecUSec": quota if self.quota_us else "infinity",
        }
        return said("".join(f"{name}={properties[name]}\n" for name in wanted))

    def _set_all(self, limits: list[str], folder: str) -> None:
        for limit in limits:
            name, value = limit.split("=", 1)
            self._set(name, value)
            if not self.disk_full:
                self.files[f"{folder}/{UNIT}.d/50-{name}.conf"] = f"# made by systemctl\n[Service]\n{limit}\n"

    def _set(self, name: str, value: str) -> None:
        if name == "MemoryMax":
            self.memory = value
        elif name == "CPUQuota":
            self.quota_us = int(float(value.rstrip("%")) * 10_000) if value else 0

    def _apply(self) -> None:
        """The kernel's files are there while the unit runs."""
        for name in ("memory.max", "memory.current", "cpu.max"):
            self.files.pop(f"{FILES}/{name}", None)
        if self.state == "active":
            self.files[f"{FILES}/memory.max"] = "max\n" if self.memory == "infinity" else f"{self.memory}\n"
            self.files[f"{FILES}/memory.current"] = f"{GIB}\n"
            quota = self.quota_us // 10
            self.files[f"{FILES}/cpu.max"] = f"{quota} 100000\n" if quota else "max 100000\n"
