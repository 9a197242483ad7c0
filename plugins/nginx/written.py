"""nginx.conf, read with what it includes to begin a cluster file with."""

from pathlib import PurePosixPath

from console.ports.protocols.written import Files, WrittenBalancer, WrittenServer
from plugins.nginx.upstreams import INCLUDES_DEEP, ParseError, statements, upstreams_of

FILES_MOST = 200


class WrittenConfig:
    """Reads one file and those that it includes."""

    @staticmethod
    async def read(path: str, files: Files) -> WrittenBalancer:
        """Every upstream and its servers. Raises Unread, or ValueError for what is no nginx.conf."""
        texts: dict[str, str] = {}
        try:
            await _collect(path, PurePosixPath(path).parent, files, texts, 0)
            upstreams = upstreams_of(texts)
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
        here: dict[str, str] = {} if files.host else {"host": "local"}
        note = "nginx is taken to run on this machine: where it runs elsewhere, have its file read there by ssh://"
        return WrittenBalancer(
            settings={**here, "upstreams": tuple(upstreams)},
            servers=tuple(servers.values()),
            notes=(note,) if here else (),
        )


async def _collect(path: str, folder: PurePosixPath, files: Files, texts: dict[str, str], deep: int) -> None:
    if len(texts) >= FILES_MOST:
        raise ValueError(f"{path}: there are more than {FILES_MOST} files: not an nginx.conf")
    texts[path] = await files.read(path)
    for statement in statements(path, texts[path]):
        if statement.name == "include" and len(statement.words) > 1 and deep < INCLUDES_DEEP:
            for included in await files.matching(str(folder / statement.words[1][0])):
                if included not in texts:
                    await _collect(included, folder, files, texts, deep + 1)
