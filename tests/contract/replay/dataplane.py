"""HAProxy's Data Plane API v3, replayed: paths, answers and errors of its specification and of its own e2e tests."""

import copy
from typing import Any

USER, PASSWORD = "admin", "s3cret"


class DataPlane:
    """A configuration with a version, the servers that run, and reloads that make them what is written."""

    prefix = "/v3"

    def __init__(self, backends: dict[str, list[str]], *, cookie: tuple[str, ...] = (), defaults: bool = False) -> None:
        self.version = 1
        self.pid = 400
        self.scur: dict[str, int] = {}
        """Sessions by server."""
        self.asked: list[str] = []
        self.conf: dict[str, dict[str, Any]] = {}
        self.written: dict[str, dict[str, dict[str, Any]]] = {}
        self.running: dict[str, dict[str, dict[str, Any]]] = {}
        for backend, addresses in backends.items():
            self.conf[backend] = {"name": backend, "balance": {"algorithm": "roundrobin"}}
            if backend in cookie:
                self.conf[backend]["cookie"] = {"name": "SRV", "type": "insert"}
            if defaults:  # then a server cannot be added without a reload
                self.conf[backend]["default_server"] = {"inter": 1000}
            self.written[backend] = {}
            for number, address in enumerate(addresses, 1):
                host, _, port = address.rpartition(":")
                one = {"name": f"app{number}", "address": host, "port": int(port), "weight": 100, "check": "enabled"}
                own = {"cookie": f"app{number}"} if backend in cookie else {}
                self.written[backend][f"app{number}"] = {**one, "inter": 500, **own}
        self._reload()

    def handle(self, method: str, path: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} /{'/'.join(path)}")
        match path[2:]:
            case ("runtime", "info"):
                return 200, {"info": {"pid": self.pid, "uptime": 12, "version": "3.0.5"}, "runtimeAPI": "/run/admin"}
            case ("stats", "native"):
                return 200, {"runtimeAPI": "/run/admin", "stats": [*self._stats()]}
            case ("configuration", "version"):
                return 200, self.version
            case (_, "backends", backend, *_) if backend not in self.conf:
                return _error(404, f"backend {backend} does not exist")
            case ("configuration", "backends", backend):
                return 200, self.conf[backend]
            case ("configuration", "backends", backend, "servers", *name):
                return self._configuration(method, self.written[backend], backend, name, query, body)
            case ("runtime", "backends", backend, "servers", *name):
                return self._runtime(method, self.running[backend], name, body)
        return _error(404, f"path {'/'.join(path)} was not found")

    def _configuration(
        self, method: str, servers: dict[str, Any], backend: str, name: list[str], query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        if name and name[0] not in servers:
            return _error(404, f"server {name[0]} does not exist in backend {backend}")
        if method == "GET":
            return 200, copy.deepcopy(servers[name[0]] if name else list(servers.values()))
        if "version" not in query:
            return _error(400, "Version or transaction not specified, specify only one")
        if query["version"] != str(self.version):
            given = query["version"]
            return _error(409, f"Version in configuration file is {self.version}, given version is {given}")
        if method == "POST" and body["name"] in servers:
            return _error(409, f"server {body['name']} already exists")
        self.version += 1
        if method == "DELETE":
            del servers[name[0]]
            self._reload()
            return 202, None
        servers[body["name"]] = body
        if method == "POST" and "default_server" in self.conf[backend]:
            self._reload()
            return 202, body
        self._take(backend, body, new=method == "POST")
        return (201 if method == "POST" else 200), body

    def _take(self, backend: str, body: dict[str, Any], *, new: bool) -> None:
        """What can be done at run time is: a weight, maintenance, and a server that is added in maintenance."""
        if new:
            self.running[backend][body["name"]] = _run(body) | {"admin_state": "maint"}
            return
        one = self.running[backend][body["name"]]
        one["weight"] = body.get("weight", 1)
        if (down := body.get("maintenance") == "enabled") is not (one["admin_state"] == "maint"):
            one["admin_state"] = "maint" if down else "ready"

    def _runtime(self, method: str, servers: dict[str, Any], name: list[str], body: Any) -> tuple[int, Any]:
        if not name:
            return 200, list(servers.values())
        if name[0] not in servers:
            return _error(404, f"runtime server {name[0]} not found")
        if method == "DELETE":
            del servers[name[0]]
            return 204, None
        if method == "PUT":
            servers[name[0]] |= body
        return 200, servers[name[0]]

    def _reload(self) -> None:
        self.pid += 1
        self.running = {
            backend: {name: _run(one) for name, one in servers.items()} for backend, servers in self.written.items()
        }

    def _stats(self) -> Any:
        for backend, servers in self.running.items():
            for name, one in servers.items():
                admin = one["admin_state"]
                status = {"ready": "UP", "drain": "DRAIN", "maint": "MAINT"}[admin]
                stats = {
                    "status": status,
                    "check_status": "" if admin == "maint" else "L7OK",
                    "weight": one["weight"],
                    "scur": self.scur.get(name, 0),
                    "qcur": 0,
                    "econ": 0,
                    "eresp": 0,
                    "hrsp_5xx": 1,
                    "req_tot": 120,
                    "lastchg": 5,
                }
                yield {"type": "server", "backend_name": backend, "name": name, "stats": stats}


def _run(written: dict[str, Any]) -> dict[str, Any]:
    """A server as it starts from its line."""
    down = written.get("maintenance") == "enabled"
    return {
        "name": written["name"],
        "address": written["address"],
        "port": written["port"],
        "weight": written.get("weight", 1),
        "admin_state": "maint" if down else "ready",
        "operational_state": "down" if down else "up",
    }


def _error(code: int, message: str) -> tuple[int, Any]:
    return code, {"code": code, "message": message}
