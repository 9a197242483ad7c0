"""The services of the lab's nodes, driven as the cluster file declares: through each node's own shell."""

import asyncio
import json
import os
import socket
import tomllib
from pathlib import Path
from typing import Any

import asyncssh
import psutil
import pymongo
import pytest

from console import lab as labs
from tests.conftest import RunningLab

pytestmark = pytest.mark.live

MIB = 2**20


class Host:
    """One node's shell, and the commands that the cluster file declares for it."""

    def __init__(self, lab: RunningLab, name: str) -> None:
        self.lab = lab
        self.name = name
        cluster = tomllib.loads(lab.status.cluster_file.read_text())
        [self.table] = [found for found in cluster["nodes"] if found["name"] == name]

    async def run(self, argv: list[str]) -> tuple[int | None, str, str]:
        async with asyncssh.connect(self.name, config=[str(self.lab.status.dir / "ssh_config")]) as connection:
            result = await connection.run(" ".join(f"'{word}'" for word in argv))
        return result.exit_status, str(result.stdout), str(result.stderr)

    async def restart(self) -> None:
        for verb in ("stop", "start"):
            await self.service(verb)

    async def service(self, verb: str) -> str:
        code, out, err = await self.run(self.table["service"][verb])
        assert (code, err) == (0, "")
        return out.strip()

    async def size(self) -> dict[str, int]:
        code, out, err = await self.run(self.table["size"]["read"])
        assert (code, err) == (0, "")
        return {key: int(value) for key, value in (line.split("=") for line in out.splitlines())}

    async def resize(self, **values: int) -> tuple[int | None, str]:
        every = {"cpus": "", "memory_bytes": "", "cache_bytes": "", "workers": ""} | values
        code, _, err = await self.run([word.format(**every) for word in self.table["size"]["set"]])
        return code, err

    @property
    def pid(self) -> int:
        nodes = labs.status(self.lab.name, self.lab.state_dir).nodes
        return next(node.pid for node in nodes if node.name == self.name)

    def proc(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text()


@pytest.fixture
async def database(lab: RunningLab) -> Any:
    host = Host(lab, "db4")
    yield host
    await host.resize(cpus=len(os.sched_getaffinity(0)), memory_bytes=2048 * MIB, cache_bytes=256 * MIB)
    await host.restart()


@pytest.fixture
async def server(lab: RunningLab) -> Any:
    host = Host(lab, "app4")
    yield host
    await host.resize(cpus=len(os.sched_getaffinity(0)), memory_bytes=1024 * MIB, workers=8)
    await host.restart()


def limit(host: Host) -> int:
    """The memory that the kernel lets a node's process have."""
    [line] = [line for line in host.proc("limits").splitlines() if line.startswith("Max data size")]
    return int(line.split()[3])


def stored_sizes(lab: RunningLab) -> object:
    return json.loads((lab.status.dir / "lab.json").read_text())["sizes"]


def admin(lab: RunningLab, balancer: str, command: str) -> str:
    cluster = tomllib.loads(lab.status.cluster_file.read_text())
    [path] = [found["socket"][7:] for found in cluster["balancers"] if found["name"] == balancer]
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(f"{command}\n".encode())
        return connection.makefile().read()


async def get(lab: RunningLab, name: str, path: str) -> dict[str, Any]:
    [node] = [found for found in lab.status.nodes if found.name == name]
    reader, writer = await asyncio.open_connection(node.address, node.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def test_only_the_spares_are_declared_as_spare_each_in_a_failure_domain_of_its_own(lab: RunningLab) -> None:
    nodes = tomllib.loads(lab.status.cluster_file.read_text())["nodes"]
    assert {node["name"]: node["domain"] for node in nodes if node["spare"]} == {"app4": "rack-d", "db4": "rack-d"}
    assert {node["name"] for node in nodes if "service" not in node} == {"lb1", "lb2"}
    assert {node["name"] for node in nodes if "size" not in node} == {"lb1", "lb2"}


async def test_a_spare_server_is_well_and_in_no_pool(lab: RunningLab) -> None:
    token = (lab.status.dir / "health.token").read_text()
    health = await get(lab, "app4", f"/api/v1/app/health-check?token={token}")
    assert health == {"states": {"mongodb": "ok"}, "errors": []}
    for balancer in ("lb1", "lb2"):
        assert "app4" not in admin(lab, balancer, "show stat")


def test_a_spare_member_runs_and_awaits_its_configuration(lab: RunningLab) -> None:
    [node] = [found for found in lab.status.nodes if found.name == "db4"]
    with pymongo.MongoClient[dict[str, Any]](node.address, node.port, directConnection=True) as client:
        hello = client.admin.command("hello")
    assert hello["isreplicaset"] is True
    assert "setName" not in hello


async def test_a_member_is_stopped_and_starts_again_with_the_size_that_was_stored(database: Host) -> None:
    before = await database.size()
    assert before["memory_bytes"] == limit(database) == 2048 * MIB
    assert await database.resize(cpus=1, memory_bytes=1536 * MIB, cache_bytes=512 * MIB) == (0, "")
    assert await database.size() == before  # it takes effect at the next start
    await database.service("stop")
    assert await database.service("state") == "stopped"
    assert database.lab.state("db4") == "dead"
    assert await database.size() == {"cpus": 1, "memory_bytes": 1536 * MIB, "cache_bytes": 512 * MIB}
    await database.service("start")
    assert await database.service("state") == "running"
    assert limit(database) == 1536 * MIB
    assert {len(os.sched_getaffinity(thread.id)) for thread in psutil.Process(database.pid).threads()} == {1}
    assert "--wiredTigerCacheSizeGB\x000.5\x00" in database.proc("cmdline")
    assert (await database.size()).items() >= {"cpus": 1, "memory_bytes": 1536 * MIB, "cache_bytes": 512 * MIB}.items()


async def test_a_member_with_less_memory_than_it_needs_does_not_start(database: Host) -> None:
    await database.resize(memory_bytes=300 * MIB)
    await database.service("stop")
    code, _, err = await database.run(database.table["service"]["start"])
    assert code == 1
    assert "db4 ended as soon as it was started" in err
    assert await database.service("state") == "stopped"


async def test_a_size_that_cannot_be_had_is_refused_in_one_line_and_not_stored(lab: RunningLab) -> None:
    database = Host(lab, "db4")
    before = stored_sizes(lab)
    cpus = len(os.sched_getaffinity(0))
    assert await database.resize(cpus=999) == (1, f"cpus=999: expected 1 to {cpus}, the CPUs of this machine\n")
    assert await database.resize(workers=4) == (1, "workers=4: this node has no workers\n")
    code, err = await database.resize(cache_bytes=4096 * MIB)
    assert (code, err.count("\n")) == (1, 1)
    assert "expected less than memory_bytes" in err
    assert stored_sizes(lab) == before


async def test_an_application_server_works_on_as_many_requests_at_once_as_it_has_workers(server: Host) -> None:
    assert await server.resize(workers=2) == (0, "")
    await server.restart()
    assert (await server.size())["workers"] == 2
    status = f"/status?token={(server.lab.status.dir / 'health.token').read_text()}"
    reads = [asyncio.create_task(get(server.lab, "app4", "/read")) for _ in range(60)]
    at_once = set()
    while not all(read.done() for read in reads):
        at_once.add((await get(server.lab, "app4", status))["in_work"])
    assert all("last" in read.result() for read in reads)
    assert max(at_once) == 2


async def test_the_workers_are_told_to_those_with_the_token_only(lab: RunningLab) -> None:
    assert (await get(lab, "app4", "/status"))["errors"] == ["access denied: the token is not HEALTH_CHECK_TOKEN"]


async def test_a_drained_server_and_a_member_restart_under_traffic_and_fail_no_request(lab: RunningLab) -> None:
    labs.await_green(lab.name, lab.state_dir)
    before = labs.traffic_report(lab.name, lab.state_dir)
    for state in ("drain", "ready"):
        for balancer in ("lb1", "lb2"):
            for backend in ("app", "web"):
                admin(lab, balancer, f"set server {backend}/app2 state {state}")
        if state == "drain":
            await asyncio.gather(Host(lab, "app2").restart(), Host(lab, "db3").restart())
    labs.await_green(lab.name, lab.state_dir)
    await asyncio.sleep(1.5)  # the report is written once a second
    after = labs.traffic_report(lab.name, lab.state_dir)
    assert after["failed"] == before["failed"]
    assert after["lost"] == 0
