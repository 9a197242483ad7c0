"""The HTTP API of Proxmox VE 8, as its API viewer documents it: one virtual machine, its tasks, what is pending."""

import asyncio
import json
from urllib.parse import parse_qs, unquote

from tests.plugins.http_server import read_request

TOKEN = "watchkeeper@pve!console=5a9f"
MACHINE = "/api2/json/nodes/pve1/qemu/101"
TASKS = "/api2/json/nodes/pve1/tasks/"
MIB = 2**20


class Proxmox:
    """The hypervisor `pve1` with the machine 101."""

    def __init__(self) -> None:
        self.running, self.lock, self.fails_with = True, "", "OK"
        self.config: dict[str, object] = {"cores": 2, "sockets": 1, "memory": "4096", "digest": "d1"}
        self.now = {"cpus": 2, "memory": 4096}
        self.looks_until_ended = 1
        self.asked: list[str] = []
        self._tasks: dict[str, int] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await read_request(reader)
        method, path, _ = head.decode().split("\r\n")[0].split(" ")
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.asked.append(f"{method} {unquote(path)}")
        status, data = self._said(head.decode(), method, unquote(path), form)
        document = json.dumps({"data": data}).encode()
        lines = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(document)}\r\n"
        writer.write(f"{lines}Connection: close\r\n\r\n".encode() + document)
        await writer.drain()

    def _said(self, head: str, method: str, path: str, form: dict[str, str]) -> tuple[str, object]:
        if f"PVEAPIToken={TOKEN}" not in head:
            return "401 invalid token value!", None
        if path.startswith(TASKS):
            return "200 OK", self._task(path.removeprefix(TASKS).removesuffix("/status"))
        match method, path.removeprefix(MACHINE):
            case "GET", "/status/current":
                return "200 OK", self._status()
            case "GET", "/config":
                return "200 OK", dict(self.config)
            case "GET", "/pending":
                return "200 OK", self._pending()
            case "POST", _ if self.lock:
                return f"500 VM is locked ({self.lock})", None
            case "POST", ("/status/start" | "/status/shutdown" | "/config") as verb:
                return "200 OK", self._begin(verb, form)
        return "501 Method not implemented", None

    def _begin(self, verb: str, form: dict[str, str]) -> str:
        upid = (
            f"UPID:pve1:0000C0DE:{len(self._tasks):08X}:65E0:qm{verb.rpartition('/')[2]}:101:watchkeeper@pve!console:"
        )
        self._tasks[upid] = self.looks_until_ended
        if self.fails_with == "OK":
            if verb == "/config":
                self.config |= form
                if self._hotplugs():
                    self._boot()
            else:
                self.running = verb == "/status/start"
                if self.running:
                    self._boot()
        return upid

    def _task(self, upid: str) -> dict[str, object]:
        self._tasks[upid] -= 1
        if self._tasks[upid] >= 0:
            return {"upid": upid, "status": "running"}
        return {"upid": upid, "status": "stopped", "exitstatus": self.fails_with}

    def _boot(self) -> None:
        self.now = {
            "cpus": int(str(self.config["cores"])) * int(str(self.config["sockets"])),
            "memory": int(str(self.config["memory"])),
        }

    def _hotplugs(self) -> bool:
        return "memory" in str(self.config.get("hotplug", "")) and str(self.config.get("numa")) == "1"

    def _status(self) -> dict[str, object]:
        return {
            "status": "running" if self.running else "stopped",
            "qmpstatus": "running" if self.running else "stopped",
            "cpus": self.now["cpus"],
            "maxmem": self.now["memory"] * MIB,
            "mem": 1024 * MIB if self.running else 0,
            "vmid": 101,
            **({"lock": self.lock} if self.lock else {}),
        }

    def _pending(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        for key, now in (("cores", self.now["cpus"]), ("memory", self.now["memory"])):
            waiting = {} if int(str(self.config[key])) == now else {"pending": self.config[key]}
            rows.append({"key": key, "value": now, **waiting})
        return rows
