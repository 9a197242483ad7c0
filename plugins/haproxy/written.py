"""haproxy.cfg, read to begin a cluster file with."""

import ipaddress
from collections.abc import Iterator

from console.ports.protocols.written import Files, WrittenBalancer, WrittenServer
from plugins.haproxy.config import SECTIONS, _lines

SOCKET = "/run/haproxy/admin.sock"
"""Where Debian's package has it."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
EVERYWHERE = ("*", "", "0.0.0.0", "[::]", "::")
"""Addresses by which a socket listens on all that its machine has."""


class WrittenConfig:
    """Reads one file."""

    @staticmethod
    async def read(path: str, files: Files) -> WrittenBalancer:
        """Socket, backends, servers and check. Raises Unread, or ValueError for what is no haproxy.cfg."""
        return _written(await files.read(path), path, files)


def _written(text: str, path: str, files: Files) -> WrittenBalancer:
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
                sockets.append(
                    (_socket(where, files), "admin" in rest[rest.index("level") :] if "level" in rest else False)
                )
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
    ranked = sorted(sockets, key=lambda one: (not one[1], bool(files.host) and _own(one[0])))
    best, admin = ranked[0] if ranked else (_socket(SOCKET, files), False)
    return WrittenBalancer(
        settings={"socket": best, "backends": tuple(backends)},
        servers=tuple(servers.values()),
        health_path=health_path,
        notes=tuple(_notes(best if ranked else "", admin, files)),
    )


def _notes(socket: str, admin: bool, files: Files) -> Iterator[str]:
    if not socket:
        yield "no `stats socket` stands in global: add `stats socket /run/haproxy/admin.sock mode 660 level admin`"
    elif not admin:
        yield "no stats socket has `level admin`: it can be looked at and not changed"
    if files.host and _own(socket):
        yield f"{socket} is heard on {files.host} alone: add a unix socket, which is reached by its shell"


def _socket(where: str, files: Files) -> str:
    """`unix:///path`, on another machine `ssh://host/path`, or `tcp://host:port`."""
    kind, _, rest = where.partition("@")
    if where.startswith("/") or kind in ("unix", "abns"):
        return f"ssh://{files.host}{rest or where}" if files.host else f"unix://{rest or where}"
    host, _, port = (rest or where).rpartition(":")
    if host in EVERYWHERE:
        return f"tcp://{f'[{files.address}]' if _is_v6(files.address) else files.address}:{port}"
    return f"tcp://{'127.0.0.1' if host in LOOPBACK else host}:{port}"


def _own(socket: str) -> bool:
    """Only its own machine reaches it."""
    return socket.startswith("tcp://127.0.0.1:")


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
