"""A replica set's address, and what the set says of itself, to begin a cluster file with."""

from contextlib import suppress

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from console.ports.protocols.written import WrittenServer, WrittenSet

ANSWERS_MS = 3000


class WrittenAddress:
    """Reads one address."""

    @staticmethod
    def read(uri: str) -> WrittenSet:
        """Its members by their own word, or as far as the address names them. Raises ValueError."""
        try:
            parsed = parse_uri(uri)
        except (PyMongoError, ValueError) as error:
            raise ValueError(f"expected mongodb://HOST:PORT,…/?replicaSet=NAME: {error}") from None
        hosts = [(host, port or 27017) for host, port in parsed["nodelist"]]
        name, notes = parsed["options"].get("replicaSet", ""), []
        with suppress(PyMongoError):
            name, hosts = _asked(hosts, name)
        if not name:
            notes.append("the address names no replica set (?replicaSet=…), and no member answered within 3 s")
        if parsed["username"]:
            notes.append("no password was written down: export WK_MONGO_PASSWORD, or name another place in the file")
        servers = tuple(WrittenServer(name=host, address=host, port=port) for host, port in hosts)
        plain = f"mongodb://{','.join(f'{host}:{port}' for host, port in hosts)}/"
        tls = "&tls=true" if parsed["options"].get("tls") else ""
        return WrittenSet(
            uri=f"{plain}?replicaSet={name}{tls}" if name else plain,
            username=parsed["username"] or "",
            members=servers,
            notes=tuple(notes),
        )


def _asked(hosts: list[tuple[str, int]], name: str) -> tuple[str, list[tuple[str, int]]]:
    """The set's own name, and the members of its configuration that are not hidden."""
    seeds = [f"{host}:{port}" for host, port in hosts]
    client: MongoClient[dict[str, object]] = MongoClient(
        seeds, directConnection=len(seeds) == 1, serverSelectionTimeoutMS=ANSWERS_MS, connectTimeoutMS=ANSWERS_MS
    )
    with client:
        hello = client.admin.command("hello")
    there = [
        one.rpartition(":") for one in (*hello.get("hosts", ()), *hello.get("passives", ()), *hello.get("arbiters", ()))
    ]
    found = [(host, int(port)) for host, _, port in there]
    return str(hello.get("setName", name)), found or hosts
