"""Changes on booted hosts, reached through the jump host, under traffic: none of its requests fails."""

from pathlib import Path
from typing import Any

import pytest

from tests.live.hosts.console import Console, load
from tests.live.hosts.lab import Lab
from tests.live.hosts.layout import MEMBERS, SPARE

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

MIB = 2**20


async def members(console: Console) -> dict[str, dict[str, Any]]:
    return {member["name"]: member for member in (await console.status())["replica_set"]["members"]}


def shown(lab: Lab, name: str, unit: str, *properties: str) -> dict[str, str]:
    """What systemd on the host says."""
    text = lab.run(name, "systemctl", "show", unit, f"--property={','.join(properties)}")
    return dict(line.split("=", 1) for line in text.splitlines())


async def test_a_prepared_member_joins_and_leaves(console: Console, tmp_path: Path) -> None:
    async with load(console.lab, tmp_path) as clients:
        ran = await console.run("add-secondary", SPARE.name)
        assert (ran.code, ran.kinds[-1]) == (0, "done"), ran.says
        joined = (await members(console))[SPARE.name]
        assert (joined["state"], joined["votes"]) == ("SECONDARY", 1)
        ran = await console.run("remove-member", SPARE.name)
        assert (ran.code, ran.kinds[-1]) == (0, "done"), ran.says
        assert clients.failed == []
    assert clients.lost(console.lab) == 0


async def test_a_rolling_resize_of_all_members_is_what_systemd_and_the_kernel_say(
    console: Console, tmp_path: Path
) -> None:
    lab = console.lab
    now = await members(console)
    primary_last = sorted((host.name for host in MEMBERS), key=lambda name: now[name]["state"] == "PRIMARY")
    before = {name: shown(lab, name, "mongod.service", "MainPID")["MainPID"] for name in primary_last}
    async with load(lab, tmp_path) as clients:
        for name in primary_last:
            ran = await console.run("resize", name, "--memory", "1536MiB", "--cpus", "1.5")
            assert (ran.code, ran.kinds[-1]) == (0, "done"), ran.says
            told = shown(lab, name, "mongod.service", "MemoryMax", "CPUQuotaPerSecUSec", "MainPID", "DropInPaths")
            assert told["MemoryMax"] == str(1536 * MIB)
            assert told["CPUQuotaPerSecUSec"] == "1.500000s"
            assert told["MainPID"] != before[name]
            assert "/etc/systemd/system.control/mongod.service.d/50-MemoryMax.conf" in told["DropInPaths"]
        assert clients.failed == []
        for name in primary_last:
            ran = await console.run("resize", name, "--memory", "2GiB", "--cpus", "2")
            assert ran.code == 0, ran.says
        assert clients.failed == []
    assert clients.lost(lab) == 0


async def test_a_restart_of_an_application_server_is_a_new_process(console: Console, tmp_path: Path) -> None:
    before = shown(console.lab, "app2", "app.service", "MainPID")
    async with load(console.lab, tmp_path) as clients:
        ran = await console.run("restart", "app2")
        assert (ran.code, ran.kinds[-1]) == (0, "done"), ran.says
        assert clients.failed == []
    assert shown(console.lab, "app2", "app.service", "MainPID") != before
    assert clients.lost(console.lab) == 0


async def test_every_other_action_does_what_it_says_and_no_request_fails(console: Console, tmp_path: Path) -> None:
    """On haproxy and nginx at once; a set with a majority is not forced."""
    async with load(console.lab, tmp_path) as clients:

        async def done(action: str, *words: str) -> dict[str, Any]:
            ran = await console.run(action, *words)
            assert (ran.code, ran.kinds[-1]) == (0, "done"), f"{action}: {ran.says}"
            return await console.status()

        def places(document: dict[str, Any]) -> dict[str, int]:
            [server] = [server for server in document["app_servers"] if server["name"] == "app2"]
            return {pool["balancer"]: pool["weight"] for pool in server["pools"]}

        before = places(await console.status())
        assert set(places(await done("set-weight", "app2", "--weight", "3")).values()) == {3}
        assert places(await done("set-weight", "app2")) == before
        assert "app2" not in [s["name"] for s in (await done("remove-server", "app2"))["app_servers"] if s["pools"]]
        assert places(await done("add-server", "app2", "--hold", "1")) == before

        now = await members(console)
        leading = next(name for name, member in now.items() if member["state"] == "PRIMARY")
        other = next(name for name, member in now.items() if member["state"] == "SECONDARY")
        raised = await done("set-priority", other, "--priority", "0.5")
        assert [m["priority"] for m in raised["replica_set"]["members"] if m["name"] == other] == [0.5]
        await done("set-priority", other, "--priority", "1")
        await done("freeze", other, "--seconds", "60")
        await done("unfreeze", other)
        assert (await done("step-down", leading))["replica_set"]["primary"] != leading
        ran = await console.run("force-reconfigure", other)
        assert (ran.code, ran.kinds[-1]) == (3, "refused"), ran.says
        assert clients.failed == []
    assert clients.lost(console.lab) == 0
