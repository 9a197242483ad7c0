"""Proxmox: tasks are awaited, what is pending is shown, a lock or a wrong token is told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console.cluster.snapshot import ServiceState, Size
from console.ports.protocols import Refused, Unclear
from tests.contract.nodes import made
from tests.contract.replay.proxmox import MACHINE, TOKEN, Proxmox
from tests.plugins.http_server import serving

GIB = 2**30


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.proxmox.TASK_EVERY_S", 0.01)


@asynccontextmanager
async def plugin(hypervisor: Proxmox, port: str, **table: Any) -> AsyncIterator[Any]:
    token_id, token = TOKEN.split("=")
    async with serving(hypervisor.answer) as server_port:
        settings = {
            "url": f"http://127.0.0.1:{server_port}",
            "proxmox_node": "pve1",
            "vmid": 101,
            "token_id": token_id,
            "token": token,
            **table,
        }
        made_here = made("proxmox", port, settings, None)
        yield made_here
        await made_here.close()


async def test_a_shutdown_returns_when_its_task_has_ended() -> None:
    hypervisor = Proxmox()
    hypervisor.looks_until_ended = 3
    async with plugin(hypervisor, "service") as service:
        await service.turn("stop")
        assert (await service.look()).state is ServiceState.STOPPED
    assert len([asked for asked in hypervisor.asked if "/tasks/" in asked]) == 4


async def test_a_task_that_fails_is_refused_in_its_own_words() -> None:
    hypervisor = Proxmox()
    hypervisor.fails_with = "VM quit/powerdown failed - got timeout"
    async with plugin(hypervisor, "service") as service:
        with pytest.raises(Refused, match="virtual machine 101: VM quit/powerdown failed - got timeout"):
            await service.turn("stop")


async def test_a_task_that_does_not_end_is_unclear() -> None:
    hypervisor = Proxmox()
    hypervisor.looks_until_ended = 10_000
    async with plugin(hypervisor, "service", task_deadline_s=0.1) as service:
        with pytest.raises(Unclear, match=r"has not ended within 0\.1 s"):
            await service.turn("stop")


async def test_a_lock_is_told_before_anything_is_asked() -> None:
    hypervisor = Proxmox()
    hypervisor.lock = "backup"
    async with plugin(hypervisor, "service") as service:
        view = await service.look()
        assert (view.state, view.forbidden) == (ServiceState.RUNNING, "the machine is locked (backup)")
        with pytest.raises(Refused, match="VM is locked"):
            await service.turn("stop")


async def test_what_waits_for_the_next_start_is_shown_and_the_size_is_what_the_machine_has() -> None:
    hypervisor = Proxmox()
    async with plugin(hypervisor, "size") as size:
        await size.resize(Size(memory_bytes=8 * GIB))
        view = await size.look()
        assert view.size == Size(cpus=2.0, memory_bytes=4 * GIB)
        assert view.reason == "pending until it is stopped and started: memory 8192 (is 4096)"
        assert not view.live


async def test_with_hotplug_of_both_a_new_size_is_taken_at_once() -> None:
    hypervisor = Proxmox()
    hypervisor.config |= {"hotplug": "network,disk,usb,cpu,memory", "numa": 1}
    async with plugin(hypervisor, "size") as size:
        assert (await size.look()).live
        await size.resize(Size(cpus=4.0, memory_bytes=8 * GIB))
        assert (await size.look()).size == Size(cpus=4.0, memory_bytes=8 * GIB)


async def test_a_wrong_token_is_unknown_and_is_not_shown() -> None:
    async with plugin(Proxmox(), "service", token="wrong-secret") as service:
        view = await service.look()
        assert view.state is ServiceState.UNKNOWN
        assert view.reason.startswith("HTTP 401")
        assert "wrong-secret" not in view.reason + service.command("stop")


async def test_the_command_is_the_request() -> None:
    async with plugin(Proxmox(), "size") as size:
        await size.look()
        command = size.resize_command(Size(cpus=4.0, memory_bytes=8 * GIB))
        assert command.endswith(f"{MACHINE}/config memory=8192 cores=4")
        assert command.startswith("POST http://127.0.0.1:")


async def test_cpus_that_the_sockets_cannot_share_are_refused() -> None:
    hypervisor = Proxmox()
    hypervisor.config["sockets"] = 2
    async with plugin(hypervisor, "size") as size:
        await size.look()
        with pytest.raises(Refused, match="2 sockets: 3 cpus cannot be shared"):
            size.resize_command(Size(cpus=3.0))


def test_a_token_never_goes_in_clear_over_a_network() -> None:
    table = {"url": "http://pve1:8006", "proxmox_node": "pve1", "vmid": 101, "token_id": "a@pve!b", "token": "t"}
    with pytest.raises(ValueError, match="credentials go by https only"):
        made("proxmox", "service", table, None)
