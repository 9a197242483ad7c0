"""The last thing that is done to a set: two of three members are lost, and the third goes on by force."""

import asyncio
import json
import time
from typing import Any

import pytest

from tests.live.hosts import replica_set
from tests.live.hosts.console import Console
from tests.live.hosts.layout import MEMBERS, MONGODB_PORT

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]

NO_PRIMARY_WITHIN_S = 60.0


async def primary(console: Console) -> str | None:
    found: str | None = (await console.status())["replica_set"]["primary"]
    return found


def whole_again(console: Console) -> None:
    """Every lost member is started, and joins again as it was, one at a time."""
    lab = console.lab
    for host in MEMBERS:
        lab.run(host.name, "systemctl", "start", "mongod.service")
    ends_s = time.monotonic() + 120
    for number, host in enumerate(MEMBERS):
        address = f"{lab.layout.service(host)}:{MONGODB_PORT}"
        while time.monotonic() < ends_s:
            with replica_set.client(lab.layout, replica_set.uri(lab.layout)) as whole:
                config: dict[str, Any] = whole.admin.command("replSetGetConfig")["config"]
                if address not in [member["host"] for member in config["members"]]:
                    config["members"].append({"_id": number, "host": address})
                    config["version"] += 1
                    whole.admin.command("replSetReconfig", config, maxTimeMS=4000)
                if set(replica_set.states(whole)) <= {"PRIMARY", "SECONDARY"}:
                    break
            time.sleep(1)


async def test_after_a_lost_majority_the_one_that_is_left_takes_writes_again(console: Console) -> None:
    *lost, survivor = (host.name for host in MEMBERS)
    try:
        for name in lost:
            console.lab.run(name, "systemctl", "stop", "mongod.service")
        ends_s = time.monotonic() + NO_PRIMARY_WITHIN_S
        while await primary(console):
            assert time.monotonic() < ends_s, "there is still a Primary"
        code, out, err = await console(
            *("run", "force-reconfigure", survivor, "--reason", "a test", "--json"),
            *("--confirm", "hosts", "--without-lease", "--again"),
        )
        told = [json.loads(line)["says"] for line in out.splitlines()]
        assert code == 0, f"{told}\n{err}"
        assert await primary(console) == survivor
        assert (await console.status())["tolerates"]["members"] == 0
    finally:
        await asyncio.to_thread(whole_again, console)
    await console.await_green()
