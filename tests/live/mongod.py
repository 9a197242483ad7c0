"""One more real mongod beside a lab's members, and the lab's cluster file with it as a spare node."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from console.lab import programs
from tests.conftest import RunningLab

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Mongod:
    """A running mongod."""

    address: str
    port: int

    def client(self) -> "pymongo.MongoClient[dict[str, object]]":
        """A client without a login; from this machine it may do whatever no user is needed for."""
        return pymongo.MongoClient(self.address, self.port, directConnection=True, serverSelectionTimeoutMS=2000)

    @property
    def host(self) -> str:
        """host:port."""
        return f"{self.address}:{self.port}"


def network(lab: RunningLab) -> str:
    """The first three bytes of the lab's addresses."""
    return lab.status.nodes[0].address.rpartition(".")[0]


@contextmanager
def mongod(
    lab: RunningLab, home: Path, last_byte: int = 150, set_name: str = "rs0", *, port: int = 0
) -> Iterator[Mongod]:
    """A mongod with the lab's key; empty `set_name`: without --replSet. Killed at the end, its data stays."""
    members = [node for node in lab.status.nodes if node.role == "member"]
    found = Mongod(f"{network(lab)}.{last_byte}", port or members[0].port)
    home.mkdir(exist_ok=True)
    options = {
        "dbpath": home,
        "bind_ip": found.address,
        "port": found.port,
        "keyFile": lab.status.dir / "keyfile",
        "oplogSize": 64,
        "wiredTigerCacheSizeGB": 0.25,
        "logpath": home.parent / f"{home.name}.log",
        **({"replSet": set_name} if set_name else {}),
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    process = subprocess.Popen(
        [programs.mongod(), *words, "--nounixsocket", "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await_answer(found)
        yield found
    finally:
        process.kill()
        process.wait()


def await_answer(found: Mongod) -> None:
    """Wait until it says hello."""
    ends_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            with found.client() as client:
                client.admin.command("hello")
                return
        except PyMongoError:
            if time.monotonic() > ends_s:
                raise


def cluster_file(lab: RunningLab, path: Path, address: str, port: int, name: str = "dbx") -> Path:
    """The lab's cluster file with one more node, spare and of the role member."""
    place = f'address = "{address}"\nport = {port}'
    node = f'[[nodes]]\nname = "{name}"\n{place}\nroles = ["member"]\nssh = ""\nspare = true\n'
    path.write_text(f"{Path(lab.status.cluster_file).read_text()}\n{node}")
    return path
