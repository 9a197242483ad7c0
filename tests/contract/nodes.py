"""The services and sizes that are held to the contract."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console import lab as labs
from console.cluster.snapshot import Size
from console.contract.node import ServiceSubject, SizeSubject
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Context, Plugins, bundled
from console.ports.protocols import Shells
from console.ports.reach import Reach
from plugins.memory import cluster_file
from tests.conftest import RunningLab
from tests.contract.libvirt import CONNECT, virsh
from tests.contract.podman import NAME, podman
from tests.contract.replay import docker, proxmox, systemd
from tests.contract.replay.host import GIB
from tests.contract.subject import Held, case
from tests.plugins.http_server import serving

MIB = 2**20
PLUGINS = Plugins((bundled("plugins"),))


def made(plugin: str, port: str, table: Mapping[str, Any], shells: Shells | None, node: str = "db1") -> Any:
    """A plugin through the one door, with the settings of a table."""
    provider = PLUGINS.load(plugin, port)

    def secret(kind: type, value: object) -> object:
        from console.ports.secrets import Secret

        return Secret(str(value)) if kind is Secret else value

    settings = msgspec.convert(dict(table), provider.Settings, dec_hook=secret)
    return provider(settings, Context(name=node, shells=shells))


async def pair(
    plugin: str,
    shells: Shells | None,
    table: Mapping[str, Any],
    other: Size,
    sized: Mapping[str, Any] | None = None,
) -> tuple[ServiceSubject, SizeSubject]:
    """Service and size of one node, by one table."""
    service = made(plugin, "service", table, shells)
    size = made(plugin, "size", {**table, **(sized or {})}, shells)
    before = (await size.look()).size or Size()
    return (
        ServiceSubject(port=service, node="db1"),
        SizeSubject(port=size, node="db1", before=before, other=other, service=service),
    )


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Held[Any]]:
    reach = Reach.of(ClusterFile.decode(cluster_file("nodes"), Path("memory.toml"), PLUGINS))
    service, size = reach.service("app2"), reach.size("app2")
    before = (await size.look()).size or Size()
    other = Size(cpus=1.0, memory_bytes=2 * GIB, workers=4)
    subject = (
        ServiceSubject(port=service, node="app2"),
        SizeSubject(port=size, node="app2", before=before, other=other, service=service),
    )
    yield Held("memory", "memory", "a world in memory", subject)
    await reach.close()


@asynccontextmanager
async def lab_command(request: pytest.FixtureRequest) -> AsyncIterator[Held[Any]]:
    lab: RunningLab = request.getfixturevalue("lab")
    labs.await_green(lab.name, lab.state_dir)
    reach = Reach.of(ClusterFile.read(Path(lab.status.cluster_file), PLUGINS))
    service, size = reach.service("app2"), reach.size("app2")
    before = (await size.look()).size or Size()
    other = Size(memory_bytes=768 * MIB, workers=4)
    subject = (
        ServiceSubject(port=service, node="app2"),
        SizeSubject(port=size, node="app2", before=before, other=other, service=service),
    )
    yield Held("command", "real", "the lab's own scripts, over SSH", subject)
    await reach.close()


@asynccontextmanager
async def replayed_systemd(request: pytest.FixtureRequest) -> AsyncIterator[Held[Any]]:
    table = {"unit": systemd.UNIT, "sudo": False}
    subject = await pair("systemd", systemd.Systemd(), table, Size(cpus=1.5, memory_bytes=2 * GIB))
    yield Held("systemd", "replayed", "systemctl of systemd 252", subject)


@asynccontextmanager
async def replayed_docker(request: pytest.FixtureRequest) -> AsyncIterator[Held[Any]]:
    table = {"container": docker.NAME}
    subject = await pair("docker", docker.Docker(), table, Size(cpus=1.5, memory_bytes=2 * GIB))
    yield Held("docker", "replayed", "docker's command line reference", subject)


@asynccontextmanager
async def real_podman(request: pytest.FixtureRequest) -> AsyncIterator[Held[Any]]:
    with podman() as (host, version):
        table = {"container": NAME}
        subject = await pair("podman", host, table, Size(cpus=0.5, memory_bytes=GIB))
        yield Held("podman", "real", f"podman {version}", subject)


@asynccontextmanager
async def real_libvirt(request: pytest.FixtureRequest) -> AsyncIterator[Held[Any]]:
    """libvirt's own test driver."""
    async with virsh() as (host, version):
        table = {"domain": "test", "host": "kvm1", "connect": CONNECT}
        subject = await pair("libvirt", host, table, Size(cpus=1.0, memory_bytes=GIB))
        yield Held("libvirt", "real", f"virsh {version}, test driver", subject)


@asynccontextmanager
async def replayed_proxmox(request: pytest.FixtureRequest) -> AsyncIterator[Held[Any]]:
    request.getfixturevalue("monkeypatch").setattr("plugins.proxmox.TASK_EVERY_S", 0.01)
    hypervisor = proxmox.Proxmox()
    token_id, token = proxmox.TOKEN.split("=")
    async with serving(hypervisor.answer) as port:
        table = {
            "url": f"http://127.0.0.1:{port}",
            "proxmox_node": "pve1",
            "vmid": 101,
            "token_id": token_id,
            "token": token,
        }
        service, size = await pair("proxmox", None, table, Size(cpus=1.0, memory_bytes=2 * GIB))
        yield Held("proxmox", "replayed", "the API viewer of Proxmox VE 8", (service, size))
        await service.port.close()  # type: ignore[attr-defined]
        await size.port.close()  # type: ignore[attr-defined]


SUBJECTS = [
    case(memory, "memory"),
    case(lab_command, "command", pytest.mark.live),
    case(replayed_systemd, "systemd-replayed"),
    case(replayed_docker, "docker-replayed"),
    case(real_podman, "podman", pytest.mark.live),
    case(real_libvirt, "libvirt"),
    case(replayed_proxmox, "proxmox-replayed"),
]
"""Every one that there is."""
