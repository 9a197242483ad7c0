"""NGINX Plus, replayed: the answers and errors of nginx.org/en/docs/http/ngx_http_api_module.html, version 9."""

from typing import Any

HREF = "https://nginx.org/en/docs/http/ngx_http_api_module.html"
DEFAULTS = {
    "weight": 1,
    "max_conns": 0,
    "max_fails": 1,
    "fail_timeout": "10s",
    "slow_start": "0s",
    "route": "",
    "backup": False,
    "down": False,
}
SETTABLE = {"server", "drain", *DEFAULTS}


class NginxPlus:
    """Upstreams with a zone, whose servers pass their health checks."""

    prefix = "/api/9"

    def __init__(self, upstreams: dict[str, list[str]], *, write: bool = True, static: tuple[str, ...] = ()) -> None:
        self.write = write
        self.static = static
        """Upstreams without a zone."""
        self.active: dict[str, int] = {}
        """Connections by address."""
        self.asked: list[str] = []
        self.upstreams: dict[str, dict[int, dict[str, Any]]] = {
            name: {
                number: {"id": number, "server": address, **DEFAULTS, "weight": 100}
                for number, address in enumerate(addresses)
            }
            for name, addresses in upstreams.items()
        }

    def handle(self, method: str, path: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} /{'/'.join(path)}")
        if method != "GET" and not self.write:
            return _error(405, "method disabled", "MethodDisabled")
        match path:
            case ("nginx",):
                return 200, {"version": "1.25.5", "build": "nginx-plus-r32", "generation": 1, "pid": 2201, "ppid": 2200}
            case ("http", "upstreams"):
                return 200, {name: self._upstream(name) for name in self.upstreams}
            case ("http", "upstreams", name, *_) if name not in self.upstreams:
                return _error(404, "upstream not found", "UpstreamNotFound")
            case ("http", "upstreams", name, *_) if name in self.static:
                return _error(400, "upstream is static", "UpstreamStatic")
            case ("http", "upstreams", name):
                return 200, self._upstream(name)
            case ("http", "upstreams", name, "servers"):
                return self._servers(method, self.upstreams[name], body)
            case ("http", "upstreams", name, "servers", number):
                return self._server(method, self.upstreams[name], number, body)
        return _error(404, "path not found", "PathNotFound")

    def _servers(self, method: str, servers: dict[int, dict[str, Any]], body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, list(servers.values())
        if wrong := _wrong(body, needs_server=True):
            return wrong
        number = max(servers, default=-1) + 1
        servers[number] = {"id": number, **DEFAULTS, **body}
        return 201, servers[number]

    def _server(self, method: str, servers: dict[int, dict[str, Any]], number: str, body: Any) -> tuple[int, Any]:
        if not number.isdecimal():
            return _error(400, "invalid server ID", "UpstreamBadServerId")
        if int(number) not in servers:
            return _error(404, f"server with ID {number} does not exist", "UpstreamServerNotFound")
        if method == "DELETE":
            del servers[int(number)]
            return 200, list(servers.values())
        if method == "PATCH":
            if wrong := _wrong(body):
                return wrong
            servers[int(number)] |= body
        return 200, servers[int(number)]

    def _upstream(self, name: str) -> dict[str, Any]:
        return {"peers": [self._peer(one) for one in self.upstreams[name].values()], "keepalive": 0, "zone": name}

    def _peer(self, conf: dict[str, Any]) -> dict[str, Any]:
        state = "down" if conf["down"] else "draining" if conf.get("drain") else "up"
        return {
            "id": conf["id"],
            "server": conf["server"],
            "name": conf["server"],
            "backup": conf["backup"],
            "weight": conf["weight"],
            "state": state,
            "active": self.active.get(conf["server"], 0),
            "requests": 120,
            "responses": {"1xx": 0, "2xx": 119, "3xx": 0, "4xx": 0, "5xx": 1, "codes": {}, "total": 120},
            "sent": 1000,
            "received": 2000,
            "fails": 0,
            "unavail": 0,
            "health_checks": {"checks": 26, "fails": 0, "unhealthy": 0, "last_passed": True},
            "downtime": 0,
        }


def _wrong(body: Any, *, needs_server: bool = False) -> tuple[int, Any] | None:
    if not isinstance(body, dict):
        return _error(415, "json error", "JsonError")
    if needs_server and "server" not in body:
        return _error(400, 'missing "server" argument', "UpstreamConfFormatError")
    for name in body:
        if name not in SETTABLE:
            return _error(400, f'unknown parameter "{name}"', "UpstreamConfFormatError")
    if not 0 < body.get("weight", 1) <= 65535:
        return _error(400, 'invalid "weight"', "UpstreamBadWeight")
    return None


def _error(status: int, text: str, code: str) -> tuple[int, Any]:
    return status, {"error": {"status": status, "text": text, "code": code}, "request_id": "b2", "href": HREF}
