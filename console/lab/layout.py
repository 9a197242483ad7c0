"""Where everything of one lab is: its nodes, loopback addresses, ports and files."""

import hashlib
import os
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from console.lab.error import LabError

Role = Literal["app", "balancer", "member"]

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
SOCKET_PATH_LIMIT = 90  # bytes; sun_path holds 108, and haproxy binds to a longer temporary name first
REAL_OFFSET = 100  # 127.a.b.21 is what others dial; the process itself listens on 127.a.b.121


class Node(msgspec.Struct, frozen=True):
    """One machine of the lab: its name, role, failure domain and the last byte of its address."""

    name: str
    role: Role
    domain: str
    last_byte: int
    spare: bool = False  # runs from the start, in no pool and in no replica set


NODES = (
    *(Node(f"app{i}", "app", f"rack-{rack}", 10 + i) for i, rack in enumerate("abc", 1)),
    Node("app4", "app", "rack-d", 14, spare=True),
    *(Node(f"lb{i}", "balancer", f"rack-{rack}", 30 + i) for i, rack in enumerate("ab", 1)),
    *(Node(f"db{i}", "member", f"rack-{rack}", 20 + i) for i, rack in enumerate("abc", 1)),
    Node("db4", "member", "rack-d", 24, spare=True),
)


def of_role(role: Role) -> tuple[Node, ...]:
    """Return the nodes of one role with which the pools and the replica set begin: not the spares."""
    return tuple(node for node in NODES if node.role == role and not node.spare)


SPARES = tuple(node for node in NODES if node.spare)


class Ports(msgspec.Struct, frozen=True):
    """The TCP ports of one lab, the same on every node."""

    mongodb: int = 27017
    app: int = 8080
    front_app: int = 8000
    front_web: int = 8001
    stats: int = 9999
    ssh: int = 2222

    def shifted(self, by: int) -> "Ports":
        """Return every port moved up by a number, for a machine where the usual ones are taken."""
        return Ports(**{field: getattr(self, field) + by for field in self.__struct_fields__})

    def of(self, role: Role) -> tuple[int, ...]:
        """Return the ports on which a node of this role serves, its own service first, SSH last."""
        match role:
            case "app":
                return self.app, self.ssh
            case "balancer":
                return self.front_app, self.front_web, self.stats, self.ssh
            case "member":
                return self.mongodb, self.ssh


class Layout(msgspec.Struct, frozen=True):
    """The addresses, ports and paths of one lab; every process of the lab reads it from `lab.json`."""

    name: str
    dir: str
    sockets: str  # the directory of unix sockets: `dir`, or a shorter one
    network: str  # the first three bytes, "127.12.34"
    ports: Ports

    def path(self, *parts: str) -> Path:
        """Return a path inside the lab's directory."""
        return Path(self.dir, *parts)

    def socket(self, name: str) -> Path:
        """Return the path of a unix socket, short enough to bind."""
        return Path(self.sockets, f"{name}.sock")

    def secret(self, name: str) -> str:
        """Return the text of a secret file of this lab."""
        return self.path(name).read_text()

    def address(self, node: Node) -> str:
        """Return the address that others dial: the relay stands there."""
        return f"{self.network}.{node.last_byte}"

    def real_address(self, node: Node) -> str:
        """Return the address on which the node's own process listens, behind the relay."""
        return f"{self.network}.{node.last_byte + REAL_OFFSET}"

    def members(self) -> list[str]:
        """Return host:port of every member with which the replica set begins, as its configuration names it."""
        return [f"{self.address(node)}:{self.ports.mongodb}" for node in of_role("member")]

    def uri(self) -> str:
        """Return the connection string of the replica set, without credentials."""
        return f"mongodb://{','.join(self.members())}/?replicaSet=rs0"

    def fronts(self) -> Iterator[tuple[str, str, int]]:
        """Yield (balancer, address, port) of every front end: `app` of each balancer, then `web` of each."""
        for port in (self.ports.front_app, self.ports.front_web):
            for node in of_role("balancer"):
                yield node.name, self.address(node), port


def directory(name: str, state_dir: Path) -> Path:
    """Return the directory of a named lab.

    Raises:
        LabError: the name could not be a directory's.
    """
    if not NAME.fullmatch(name):
        raise LabError(f"lab name {name!r}: expected lower-case letters, digits and hyphens, at most 31, as in 'lab'")
    return state_dir.absolute() / "labs" / name


def choose(name: str, home: Path) -> Layout:
    """Choose a free 127.a.b.0/24 and free ports for a new lab, and where its unix sockets go.

    Raises:
        LabError: no candidate was free, or the path can't be written into haproxy's configuration.
    """
    if re.search(r"['\"\\\s%]", str(home)):
        raise LabError(f"{home}: expected a path without spaces, quotes, '%' and backslashes; use --state-dir")
    for attempt in range(24):
        seed = hashlib.sha256(f"{home}\0{attempt}".encode()).digest()
        network = f"127.{seed[0] % 253 + 2}.{seed[1] % 254 + 1}"
        layout = Layout(name, str(home), str(home), network, Ports().shifted(0 if attempt < 4 else 37 * attempt))
        if _is_free(layout):
            break
    else:
        raise LabError(
            "no 127.a.b.0/24 with free ports was found; expected 127.0.0.0/8 on the loopback interface, as on "
            "Linux, and ports near 2222, 8000, 8080, 9999 and 27017 free there: see `ss -ltn`"
        )
    if len(os.fsencode(layout.socket("hosts"))) > SOCKET_PATH_LIMIT:
        layout = msgspec.structs.replace(layout, sockets=tempfile.mkdtemp(prefix="lab-", dir="/tmp"))
    return layout


def _is_free(layout: Layout) -> bool:
    for node in NODES:
        for address in (layout.address(node), layout.real_address(node)):
            for port in layout.ports.of(node.role):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind((address, port))
                    except OSError:
                        return False
    return True
