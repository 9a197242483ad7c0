import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.hosts import lab as labs
from tests.live.hosts.console import Console
from tests.live.hosts.lab import Lab

KEPT = "WATCHKEEPER_HOSTS_LAB"


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab of booted hosts for all tests, taken down whatever happens; or the one in $WATCHKEEPER_HOSTS_LAB."""
    if why := labs.missing():
        pytest.skip(why)
    if kept := os.environ.get(KEPT):
        yield labs.opened(Path(kept))
        return
    home = tmp_path_factory.mktemp("hosts") / "lab"
    previous = signal.signal(signal.SIGTERM, labs.interrupt)  # else it would end pytest, and leave the lab
    yield labs.up(home, say=print)
    labs.down(home)
    signal.signal(signal.SIGTERM, previous)


@pytest.fixture
async def console(hosts: Lab, tmp_path: Path) -> Console:
    """The command line on the lab, which is whole before the test."""
    (tmp_path / "state").mkdir(mode=0o700)
    opened = Console(hosts, tmp_path / "state")
    await opened.await_green()
    return opened
