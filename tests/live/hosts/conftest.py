import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.hosts import lab as labs
from tests.live.hosts.console import Console
from tests.live.hosts.lab import Lab

KEPT = "WATCHKEEPER_HOSTS_LAB"
GREEN_PATIENCE_S = 90.0


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab of booted hosts for all tests, taken down whatever happens; or the one in $WATCHKEEPER_HOSTS_LAB."""
    if why := labs.missing():
        pytest.skip(why)
    if kept := os.environ.get(KEPT):
        yield labs.opened(Path(kept))
        return
    home = tmp_path_factory.mktemp("hosts") / "lab"
    yield labs.up(home, say=print)
    labs.down(home)


@pytest.fixture
async def console(hosts: Lab, tmp_path: Path) -> Console:
    """The command line on the lab, which is whole before the test."""
    (tmp_path / "state").mkdir(mode=0o700)
    opened = Console(hosts, tmp_path / "state")
    await await_green(opened)
    return opened


async def await_green(console: Console) -> None:
    """Wait until every server, balancer, member and host is up."""
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + GREEN_PATIENCE_S
    while True:
        document = await console.status()
        rows = [*document["app_servers"], *document["balancers"], *document["nodes"]]
        wrong = [f"{row['name']}: {row['health']} {row['reason']}" for row in rows if row["health"] != "up"]
        members = [member["state"] for member in document["replica_set"]["members"]]
        if not wrong and sorted(set(members)) == ["PRIMARY", "SECONDARY"]:
            return
        if loop.time() > ends_s:
            raise AssertionError(f"the lab is not green: {wrong}, {members}")
