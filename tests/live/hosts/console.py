"""The command line on a lab of hosts, as it is typed; and traffic that counts what fails meanwhile."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.lab.http import Client
from console.lab.ledger import read
from console.lab.traffic import READ_PERIOD_S, Traffic
from tests.live.hosts import replica_set
from tests.live.hosts.lab import Lab
from tests.live.hosts.layout import FRONT_PORT, HAPROXY, NGINX

PATIENCE_S = 300.0
GREEN_PATIENCE_S = 90.0
FRONTS = (HAPROXY, NGINX)
"""The balancers that clients come through."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run as `run --json` told it."""

    code: int
    events: list[dict[str, Any]]
    err: str

    @property
    def kinds(self) -> list[str]:
        """What was told, beginnings left out."""
        return [event["kind"] for event in self.events if event["kind"] != "doing"]

    @property
    def says(self) -> str:
        """Everything that was said."""
        return "\n".join([*(f"{e['kind']} {e['step']}: {e['says']}" for e in self.events), self.err])


@dataclass
class Console:
    """watchkeeper, with a state directory of its own."""

    lab: Lab
    state_dir: Path
    cluster: str = "cluster.toml"
    """Which of the lab's cluster files."""
    environment: dict[str, str] = field(default_factory=dict)

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        """Begin a verb."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "console", *words, "--cluster", str(self.lab.layout.path(self.cluster))),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "WATCHKEEPER_STATE_DIR": str(self.state_dir), **self.environment},
        )

    async def __call__(self, *words: str) -> tuple[int, str, str]:
        """The exit code, and what was said on both streams."""
        process = await self.start(*words)
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate()
        assert b"Traceback" not in err, err.decode()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def status(self) -> dict[str, Any]:
        """One look."""
        code, out, err = await self("status", "--json")
        assert code == 0, err
        document: dict[str, Any] = json.loads(out)
        return document

    async def node(self, name: str) -> dict[str, Any]:
        """One row of the hosts."""
        [found] = [node for node in (await self.status())["nodes"] if node["name"] == name]
        return dict(found)

    async def await_green(self) -> None:
        """Wait until every server, balancer, member and host is up, and every server in every pool."""
        ends_s = time.monotonic() + GREEN_PATIENCE_S
        while True:
            document = await self.status()
            rows = [*document["app_servers"], *document["balancers"], *document["nodes"]]
            wrong = [f"{row['name']}: {row['health']} {row['reason']}" for row in rows if row["health"] != "up"]
            admins = {pool["admin"] for server in document["app_servers"] for pool in server["pools"]}
            states = {member["state"] for member in document["replica_set"]["members"]}
            if not wrong and admins == {"ready"} and states == {"PRIMARY", "SECONDARY"}:
                return
            assert time.monotonic() < ends_s, f"the lab is not green: {wrong}, {admins}, {states}"

    async def run(self, action: str, *words: str) -> Ran:
        """Carry out an action; the target's name is given as the confirmation that a degraded plan asks for."""
        target = words[0] if words else ""
        code, out, err = await self(
            "run", action, *words, "--reason", "a test", "--confirm", target, "--again", "--json"
        )
        return Ran(code, [json.loads(line) for line in out.splitlines()], err)

    async def unfinished(self) -> list[dict[str, Any]]:
        """The runs that are left."""
        return [json.loads(line) for line in (await self("journal", "unfinished", "--json"))[1].splitlines()]


@dataclass
class Load:
    """What the clients met."""

    traffic: Traffic
    ledger: Path

    @property
    def failed(self) -> list[dict[str, Any]]:
        """The last requests that failed."""
        found: Any = self.traffic.stats()["last_failures"]
        return list(found)

    @property
    def requests(self) -> int:
        """How many there were."""
        found: Any = self.traffic.stats()["requests"]
        return int(found)

    def lost(self, lab: Lab) -> int:
        """Acknowledged writes that are not in the database."""
        written = [write.entry for write in read(self.ledger)]
        with replica_set.client(lab.layout, replica_set.uri(lab.layout)) as whole:
            there = {entry["_id"] for entry in whole["app"]["entries"].find({"_id": {"$in": written}}, {"_id": 1})}
        return len(set(written) - there)


@asynccontextmanager
async def load(lab: Lab, folder: Path) -> AsyncIterator[Load]:
    """Steady reads and writes through every front end, until the end of the block."""
    path = folder / "ledger.tsv"
    clients = [(host.name, Client(lab.layout.service(host), FRONT_PORT)) for host in (*FRONTS, *FRONTS)]
    writers, readers = clients[: len(FRONTS)], clients[len(FRONTS) :]
    with path.open("a", buffering=1) as ledger:
        traffic = Traffic(ledger)
        going = [asyncio.create_task(traffic.write(*writer, 0.0)) for writer in writers]
        going += [asyncio.create_task(traffic.read(*reader, READ_PERIOD_S / 2)) for reader in readers]
        try:
            yield Load(traffic, path)
        finally:
            for task in going:
                task.cancel()
            await asyncio.gather(*going, return_exceptions=True)
            for _, client in clients:
                client.close()
