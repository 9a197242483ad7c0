"""nginx.conf, read with what it includes to begin a cluster file with."""

from pathlib import Path

from console.ports.protocols.written import WrittenBalancer, WrittenServer
from plugins.nginx.upstreams import INCLUDES_DEEP, ParseError, statements, upstreams_of

LIMIT_BYTES = 4 * 2**20
FILES_MOST = 200


class WrittenConfig:
    """Reads one file and those that it includes."""

    @staticmethod
    def read(path: Path) -> WrittenBalancer:
        """Every upstream and its servers. Raises OSError, or ValueError for what is no nginx.conf."""
        files: dict[str, str] = {}
        try:
            _collect(path, path.parent, files, 0)
            upstreams = upstreams_of(files)
        except ParseError as error:
            raise ValueError(str(error)) from None
        servers = {}
        for upstream in upstreams.values():
            for line in upstream.servers:
                host, _, port = line.address.rpartition(":")
                name = host.strip("[]")
                number = int(port) if port.isdecimal() else None
                servers[line.address] = WrittenServer(name=name, address=name, port=number)
        if not upstreams:
            raise ValueError(f"{path} and what it includes have no `upstream`: is it the nginx.conf of a balancer?")
        note = "nginx is looked at and changed by its host's shell: name the balancer as its node, and add [shell]"
        return WrittenBalancer(settings={"upstreams": tuple(upstreams)}, servers=tuple(servers.values()), notes=(note,))


def _collect(path: Path, folder: Path, files: dict[str, str], deep: int) -> None:
    raw = path.read_bytes()[: LIMIT_BYTES + 1]
    if len(raw) > LIMIT_BYTES or len(files) >= FILES_MOST:
        raise ValueError(f"{path} is too large, or there are too many files: not an nginx.conf")
    text = raw.decode("utf-8", "replace")
    files[str(path)] = text
    for statement in statements(str(path), text):
        if statement.name == "include" and len(statement.words) > 1 and deep < INCLUDES_DEEP:
            pattern = statement.words[1][0]
            base, inner = (Path("/"), pattern[1:]) if pattern.startswith("/") else (folder, pattern)
            for included in sorted(base.glob(inner)):
                if included.is_file() and str(included) not in files:
                    _collect(included, folder, files, deep + 1)
