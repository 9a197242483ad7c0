"""The copies of the journal that are held to the contract."""

import asyncio
import json
import re
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from console import lab as labs
from console.contract.journal import JournalSubject
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Context
from console.ports.protocols import ReadsBack
from console.ports.secrets import Secret, resolve
from plugins.mongodb.copy import MongoCopy
from plugins.syslog import Syslog
from plugins.webhook import Webhook
from tests.conftest import RunningLab
from tests.contract.nodes import PLUGINS
from tests.contract.subject import Held, case
from tests.plugins.http_server import read_request, serving

CONTEXT = Context(name="copy")
LINE = re.compile(r"journal (\S+) seq (\d+) hash (\S+) ")


@asynccontextmanager
async def syslog_socket(request: pytest.FixtureRequest) -> AsyncIterator[Held[JournalSubject]]:
    """A datagram socket as /dev/log is one."""
    with tempfile.TemporaryDirectory(prefix="wk", dir="/tmp") as folder, socket.socket(socket.AF_UNIX, 2) as log:
        path = Path(folder, "log")
        log.bind(str(path))
        log.setblocking(False)
        lines: list[str] = []

        async def read(journal_id: str) -> Sequence[tuple[str, str]]:
            with suppress(BlockingIOError):
                while True:
                    lines.append(log.recv(65536).decode())
            return _told(lines, journal_id)

        port = Syslog(Syslog.Settings(address=f"unix://{path}"), CONTEXT)
        yield _written_only("a socket as /dev/log", JournalSubject(port=port, read=read, compares=False))


@asynccontextmanager
async def syslog_tcp(request: pytest.FixtureRequest) -> AsyncIterator[Held[JournalSubject]]:
    lines: list[str] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            lines.append(line.decode())

    async with serving(take) as server_port:

        async def read(journal_id: str) -> Sequence[tuple[str, str]]:
            await asyncio.sleep(0.05)  # a stream that was closed is read to its end
            return _told(lines, journal_id)

        port = Syslog(Syslog.Settings(address=f"tcp://127.0.0.1:{server_port}"), CONTEXT)
        yield _written_only("a TCP socket", JournalSubject(port=port, read=read, compares=False))


@asynccontextmanager
async def webhook(request: pytest.FixtureRequest) -> AsyncIterator[Held[JournalSubject]]:
    """A receiver that keeps each event once, and says 409 to another of the same id."""
    events: dict[str, dict[str, object]] = {}

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await read_request(reader)
        event = json.loads(body)
        assert b"application/cloudevents+json" in head
        fork = events.setdefault(event["id"], event)["journalhash"] != event["journalhash"]
        status = "409 Conflict" if fork else "204 No Content"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()

    async with serving(take) as server_port:

        async def read(journal_id: str) -> Sequence[tuple[str, str]]:
            kept = [(id_, str(event["journalhash"])) for id_, event in events.items()]
            return [(id_, digest) for id_, digest in kept if id_.rpartition(":")[0] == journal_id]

        settings = Webhook.Settings(url=f"http://127.0.0.1:{server_port}/events", token=Secret("t"))
        port = Webhook(settings, CONTEXT)
        subject = JournalSubject(port=port, read=read)
        yield Held("webhook", "real", "a receiver of CloudEvents", subject, lacks=frozenset({ReadsBack}))
        await port.close()


@asynccontextmanager
async def lab_mongodb(request: pytest.FixtureRequest) -> AsyncIterator[Held[JournalSubject]]:
    lab: RunningLab = request.getfixturevalue("lab")
    labs.await_green(lab.name, lab.state_dir)
    table = ClusterFile.read(Path(lab.status.cluster_file), PLUGINS).table.replica_set or {}
    operator = table["operator"]
    settings = MongoCopy.Settings(
        uri=table["uri"], username=operator["username"], password=resolve(operator["password"]), collection="trial"
    )
    port = MongoCopy(settings, CONTEXT)
    assert settings.password
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        settings.uri, username=settings.username, password=settings.password.reveal(), authSource="admin"
    )

    async def read(journal_id: str) -> Sequence[tuple[str, str]]:
        found = client["watchkeeper"]["trial"].find({"_id": {"$regex": f"^{journal_id}:"}}).sort("seq")
        return [(str(document["_id"]), str(document["hash"])) async for document in found]

    yield Held("mongodb", "real", "mongod 6.0.5", JournalSubject(port=port, read=read))
    await client["watchkeeper"].drop_collection("trial")
    await client.close()
    await port.close()


def _written_only(against: str, subject: JournalSubject) -> Held[JournalSubject]:
    return Held("syslog", "real", against, subject, lacks=frozenset({ReadsBack}), without="fork")


def _told(lines: Sequence[str], journal_id: str) -> list[tuple[str, str]]:
    found = [match for line in lines if (match := LINE.search(line))]
    return [(f"{match[1]}:{match[2]}", match[3]) for match in found if match[1] == journal_id]


SUBJECTS = [
    case(syslog_socket, "syslog-unix"),
    case(syslog_tcp, "syslog-tcp"),
    case(webhook, "webhook"),
    case(lab_mongodb, "mongodb", pytest.mark.live),
]
"""Every one that there is."""
