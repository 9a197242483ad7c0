"""docker, as its command line reference documents it (`inspect`, `start`, `stop`, `update`): one container."""

import json

from console.ports.protocols import Completed
from tests.contract.replay.host import GIB, ReplayHost, said

NAME = "app1"
GROUP = "/system.slice/docker-4c01db0b339c.scope"
FILES = f"/sys/fs/cgroup{GROUP}"
PID = 4711


class Docker(ReplayHost):
    """A host with one container."""

    def __init__(self) -> None:
        self.status, self.exit_code, self.killed = "running", 0, False
        self.memory_bytes, self.swap_bytes, self.nano_cpus = 0, 0, 0
        super().__init__({"docker": self._docker})
        self._apply()

    def _docker(self, arguments: list[str]) -> Completed:
        if arguments[-1] != NAME:
            return said(status=1, stderr=f"Error response from daemon: No such container: {arguments[-1]}")
        match arguments:
            case ["inspect", "--type", "container", "--format", "{{json .}}", _]:
                return said(json.dumps(self._document()) + "\n")
            case ["start", _]:
                self.status, self.exit_code, self.killed = "running", 0, False
            case ["stop", *_]:
                self.status = "exited"
            case ["update", *options, _]:
                if problem := self._update(dict(zip(options[::2], options[1::2], strict=True))):
                    return said(status=1, stderr=f"Error response from daemon: {problem}")
            case _:
                return said(status=125, stderr=f"unknown command: docker {arguments[0]}")
        self._apply()
        return said(f"{NAME}\n")

    def _update(self, options: dict[str, str]) -> str:
        memory, swap = int(options.get("--memory", 0)), int(options.get("--memory-swap", 0))
        if memory and not swap and self.swap_bytes and memory > self.swap_bytes:
            return "Memory limit should be smaller than already set memoryswap limit, update the memoryswap first"
        self.memory_bytes, self.swap_bytes = memory or self.memory_bytes, swap or self.swap_bytes
        self.nano_cpus = int(float(options["--cpus"]) * 1e9) if "--cpus" in options else self.nano_cpus
        return ""

    def _document(self) -> dict[str, object]:
        running = self.status == "running"
        return {
            "Id": "4c01db0b339c",
            "Name": f"/{NAME}",
            "State": {
                "Status": self.status,
                "Running": running,
                "OOMKilled": self.killed,
                "Pid": PID if running else 0,
                "ExitCode": self.exit_code,
                "Error": "",
            },
            "HostConfig": {
                "Memory": self.memory_bytes,
                "MemorySwap": self.swap_bytes,
                "NanoCpus": self.nano_cpus,
                "CpuPeriod": 0,
                "CpuQuota": 0,
            },
        }

    def _apply(self) -> None:
        self.files[f"/proc/{PID}/cgroup"] = f"0::{GROUP}\n"
        self.files[f"{FILES}/memory.max"] = f"{self.memory_bytes}\n" if self.memory_bytes else "max\n"
        self.files[f"{FILES}/memory.current"] = f"{GIB}\n"
        quota = self.nano_cpus // 10_000
        self.files[f"{FILES}/cpu.max"] = f"{quota} 100000\n" if quota else "max 100000\n"
