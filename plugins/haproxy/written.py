"""haproxy.cfg, read to begin a cluster file with."""

import ipaddress
from pathlib import Path

from console.ports.protocols.written import WrittenBalancer, WrittenServer
from plugins.haproxy.config import SECTIONS, _lines

LIMIT_BYTES = 4 * 2**20
SOCKET = "/run/haproxy/admin.sock"
"""Where Debian's package has it."""
LOCAL = ("127.0.0.1", "localhost", "::1", "*", "")


class WrittenConfig:
    """Reads one file."""

    @staticmethod
    def read(path: Path) -> WrittenBalancer:
        """Socket, backends, servers and check. Raises OSError, or ValueError for what is no haproxy.cfg."""
        raw = path.read_bytes()[: LIMIT_BYTES + 1]
        if len(raw) > LIMIT_BYTES:
            raise ValueError(f"{path} is larger than {LIMIT_BYTES} bytes: not a haproxy.cfg")
        return _written(raw.decode("utf-8", "replace"), path)


def _written(text: str, path: Path) -> WrittenBalancer:
    sockets: list[tuple[str, bool]] = []
    servers: dict[str, WrittenServer] = {}
    backends: list[str] = []
    health_path, section, seen = "", "", False
    for words in _lines(text):
        if words[0] in SECTIONS:
            section, seen = words[0], True
            backend = words[1] if len(words) > 1 else ""
            continue
        match words:
            case ["stats", "socket", where, *rest] if section == "global":
                sockets.append((_socket(where), "admin" in rest[rest.index("level") :] if "level" in rest else False))
            case ["server", name, where, *_] if section in ("backend", "listen"):
                servers.setdefault(name, _server(name, where))
                backends += [] if backend in backends else [backend]
            case ["option", "httpchk", *rest] if rest:
                health_path = health_path or next((word for word in rest if word.startswith("/")), "")
            case ["http-check", "send", *rest] if "uri" in rest[:-1]:
                health_path = rest[rest.index("uri") + 1]
    if not seen:
        raise ValueError(
            f"{path} has no section of HAProxy (global, defaults, frontend, backend): is it a haproxy.cfg?"
        )
    notes = []
    if not sockets:
        notes.append(
            "no `stats socket` stands in global: add `stats socket /run/haproxy/admin.sock mode 660 level admin`"
        )
    elif not any(admin for _, admin in sockets):
        notes.append("no stats socket has `level admin`: it can be looked at and not changed")
    best = next((where for where, admin in sockets if admin), sockets[0][0] if sockets else f"unix://{SOCKET}")
    return WrittenBalancer(
        settings={"socket": best, "backends": tuple(backends)},
        servers=tuple(servers.values()),
        health_path=health_path,
        notes=tuple(notes),
    )


def _socket(where: str) -> str:
    """`unix:///path` or `tcp://host:port`."""
    kind, _, rest = where.partition("@")
    if where.startswith("/") or kind in ("unix", "abns"):
        return f"unix://{rest or where}"
    address = rest or where
    host, _, port = address.rpartition(":")
    return f"tcp://{'127.0.0.1' if host in LOCAL else host}:{port}"


def _server(name: str, where: str) -> WrittenServer:
    address = where.partition("@")[2] or where
    host, _, port = address.rpartition(":")
    if port.isdecimal() and not _is_v6(address):
        return WrittenServer(name=name, address=host.strip("[]"), port=int(port))
    return WrittenServer(name=name, address=address.strip("[]"), port=None)


def _is_v6(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).version == 6
    except ValueError:
        return False
