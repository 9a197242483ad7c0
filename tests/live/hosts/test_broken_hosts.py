"""Hosts that go wrong: each row says so, each plan is undone or left in a state that has a name, and nothing hangs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from tests.live.hosts import lab as labs
from tests.live.hosts.console import Console, Ran, load
from tests.live.hosts.lab import Lab
from tests.live.hosts.layout import find, units

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

REFUSED, UNDONE, UNKNOWN = 3, 4, 5


@pytest.fixture(autouse=True)
async def traffic(console: Console, tmp_path: Path) -> AsyncIterator[None]:
    """Clients, as there always are: an idle set writes every 10 s, and looks as far behind until its next heartbeat."""
    async with load(console.lab, tmp_path):
        yield


async def changed(console: Console, action: str, target: str, *words: str) -> Ran:
    """A run that must come to its end by itself."""
    return await console.run(action, target, *words)


async def service_of(console: Console, name: str) -> str:
    return console.lab.says(name, "systemctl", "is-active", *units(find(name)))


@asynccontextmanager
async def sudoers(lab: Lab, name: str, text: str) -> AsyncIterator[None]:
    """Other rules for a while."""
    path = "/etc/sudoers.d/ops"
    before = lab.run(name, "cat", path)
    lab.write(name, path, text)
    try:
        yield
    finally:
        lab.write(name, path, before)


async def test_a_host_whose_key_changed_is_told_and_nothing_is_sent_there(console: Console) -> None:
    lab, path = console.lab, "/etc/ssh/ssh_host_ed25519_key"
    before = lab.run("app1", "cat", path)
    other = asyncssh.generate_private_key("ssh-ed25519")
    try:
        lab.write("app1", path, other.export_private_key().decode())
        lab.run("app1", "systemctl", "restart", "ssh.service")
        node = await console.node("app1")
        assert (node["health"], other.get_fingerprint() in node["reason"]) == ("unknown", True)
        assert "CHANGED" in node["reason"]
        ran = await changed(console, "restart", "app1")
        assert ran.code == REFUSED, ran.says
        assert "CHANGED" in ran.says
        code, _, err = await console("hosts", "trust", "app1", "--fingerprint", other.get_fingerprint())
        assert (code, "a changed key is never replaced" in err) == (REFUSED, True)
    finally:
        lab.write("app1", path, before)
        lab.run("app1", "systemctl", "restart", "ssh.service")
    assert await service_of(console, "app1") == "active"


async def test_a_sudo_that_asks_for_a_password_refuses_the_plan_before_its_first_step(console: Console) -> None:
    async with sudoers(console.lab, "app1", "ops ALL=(root) ALL\n"):
        ran = await changed(console, "restart", "app1")
        assert ran.code == REFUSED, ran.says
        assert "NOPASSWD: systemctl stop app.service" in ran.says
        code, out, _ = await console("hosts")
        assert code == 0
        assert "may not: sudo does not let us run it without a password" in out
    assert [event for event in ran.events if event["kind"] == "doing"] == []
    assert await service_of(console, "app1") == "active"


async def test_a_full_disk_takes_no_new_size_and_the_member_is_back_at_the_old_one(console: Console) -> None:
    lab, folder = console.lab, "/etc/systemd/system.control"
    target = await secondary(console)
    lab.run(target, "sh", "-c", f"mkdir -p {folder} && mount -t tmpfs -o size=4k tmpfs {folder}")
    try:
        lab.run(target, "sh", "-c", f"! dd if=/dev/zero of={folder}/full bs=4k count=2 2>/dev/null")
        ran = await changed(console, "resize", target, "--memory", "1792MiB")
        assert ran.code == UNDONE, ran.says
        assert "is not kept in /etc/systemd/system.control/mongod.service.d/50-MemoryMax.conf" in ran.says
    finally:
        lab.run(target, "umount", folder)
        lab.run(target, "systemctl", "daemon-reload")
    assert await service_of(console, target) == "active"
    assert lab.run(target, "systemctl", "show", "--value", "--property=MemoryMax", "mongod.service").strip() == str(
        2**31
    )


async def test_a_unit_that_does_not_come_back_stays_out_of_the_pools_and_is_named(console: Console) -> None:
    lab, dropin = console.lab, "/etc/systemd/system/app.service.d/broken.conf"
    lab.write("app1", dropin, "[Service]\nExecStart=\nExecStart=/bin/false\n")
    lab.run("app1", "systemctl", "daemon-reload")
    try:
        ran = await changed(console, "restart", "app1")
        assert ran.code == UNKNOWN, ran.says
        assert "exit-code" in ran.says
        [server] = [s for s in (await console.status())["app_servers"] if s["name"] == "app1"]
        assert {pool["admin"] for pool in server["pools"]} == {"maint"}
        assert server["health"] == "down"
        left = await console.unfinished()
        assert [run["target"] for run in left] == ["app1"]
    finally:
        lab.run("app1", "rm", dropin)
        lab.run("app1", "systemctl", "daemon-reload")
        lab.run("app1", "systemctl", "start", "app.service")
    code, _, err = await console("journal", "undo", left[0]["run"], "--reason", "a test", "--confirm", "app1")
    assert code == 0, err
    [server] = [s for s in (await console.status())["app_servers"] if s["name"] == "app1"]
    assert {pool["admin"] for pool in server["pools"]} == {"ready"}


async def test_a_host_that_reboots_in_mid_action_ends_the_plan_in_a_state_that_has_a_name(console: Console) -> None:
    lab = console.lab
    target = await secondary(console)
    booted = lab.run(target, "systemctl", "show", "--value", "--property=UserspaceTimestamp")
    running = asyncio.create_task(changed(console, "restart", target))
    await until(lambda: lab.says(target, "systemctl", "is-active", "mongod.service") != "active")
    lab.run(target, "systemctl", "reboot", "--no-block")
    ran = await running
    await asyncio.to_thread(labs.await_services, lab, 90.0, [find(target)])
    assert lab.run(target, "systemctl", "show", "--value", "--property=UserspaceTimestamp") != booted
    left = await console.unfinished()
    match ran.code:
        case 0:
            assert (ran.kinds[-1], left) == ("done", []), ran.says
        case 4:
            assert (ran.kinds[-1], left) == ("failed", []), ran.says
            assert "undone, it is as it was" in ran.says
        case _:
            assert (ran.code, [run["target"] for run in left]) == (UNKNOWN, [target]), ran.says
            code, _, err = await console("journal", "undo", left[0]["run"], "--reason", "a test", "--confirm", target)
            assert code == 0, err
    await console.await_green()


async def test_a_full_disk_of_one_balancer_leaves_a_server_in_the_pools_of_all(console: Console) -> None:
    lab, folder = console.lab, "/etc/nginx/conf.d"
    full = f"cp -a {folder} /root/kept && mount -t tmpfs -o size=8k tmpfs {folder} && cp -a /root/kept/. {folder}"
    lab.run("lb2", "sh", "-c", f"{full} && ! dd if=/dev/zero of={folder}/full bs=4k count=3 2>/dev/null")
    try:
        lab.run("lb2", "systemctl", "reload", "nginx.service")
        await console.await_green()
        ran = await changed(console, "maint", "app1")
        assert ran.code == UNDONE, ran.says
        assert "No space left on device" in ran.says
    finally:
        lab.run("lb2", "sh", "-c", f"umount {folder} && rm -r /root/kept && systemctl reload nginx.service")
    await console.await_green()


async def test_an_sshd_that_allows_two_sessions_a_connection_serves_all_the_same(console: Console) -> None:
    lab = console.lab
    lab.write("app1", "/etc/ssh/sshd_config.d/sessions.conf", "MaxSessions 2\n")
    lab.run("app1", "systemctl", "restart", "ssh.service")
    try:
        for _ in range(3):
            assert (await console.node("app1"))["health"] == "up"
        ran = await changed(console, "restart", "app1")
        assert ran.code == 0, ran.says
    finally:
        lab.run("app1", "rm", "/etc/ssh/sshd_config.d/sessions.conf")
        lab.run("app1", "systemctl", "restart", "ssh.service")


@pytest.mark.parametrize("how", ["its sshd is stopped", "its port goes nowhere"])
async def test_a_host_that_hangs_is_unknown_and_holds_nobody(console: Console, how: str) -> None:
    lab = console.lab
    hanging = lab.paused("app1", "sshd") if how == "its sshd is stopped" else lab.blackhole("app1", 22)
    with hanging:
        began_s = time.monotonic()
        nodes = {node["name"]: node for node in (await console.status())["nodes"]}
        ran = await changed(console, "restart", "app1")
        took_s = time.monotonic() - began_s
    assert nodes["app1"]["health"] == "unknown"
    assert nodes["app1"]["reason"]
    assert {name for name, node in nodes.items() if node["health"] == "up"} == set(nodes) - {"app1"}
    assert ran.code == REFUSED, ran.says
    assert took_s < 60, "one host that hangs held the look at all"
    assert await service_of(console, "app1") == "active"


async def test_a_host_that_hangs_in_mid_action_ends_as_unknown_and_is_mended_by_undo(console: Console) -> None:
    lab = console.lab
    target = await secondary(console)
    running = asyncio.create_task(changed(console, "restart", target))
    await until(lambda: lab.says(target, "systemctl", "is-active", "mongod.service") != "active")
    with lab.blackhole(target, 22):
        ran = await running
    assert ran.code == UNKNOWN, ran.says
    left = await console.unfinished()
    assert [run["target"] for run in left] == [target]
    code, _, err = await console("journal", "undo", left[0]["run"], "--reason", "a test", "--confirm", target)
    assert code == 0, err
    assert await service_of(console, target) == "active"


async def secondary(console: Console) -> str:
    """The name of a member that does not lead."""
    members = (await console.status())["replica_set"]["members"]
    return next(str(member["name"]) for member in members if member["state"] == "SECONDARY")


async def until(met: Callable[[], bool]) -> None:
    """Poll until it is so."""
    for _ in range(3000):
        if met():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to that")
