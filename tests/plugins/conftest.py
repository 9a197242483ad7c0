import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.plugins.ssh_server import Network


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    """SSH servers on loopback, ended with the test."""
    network = Network(tmp_path)
    yield network
    await network.close()


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
