from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console import lab as labs
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.reach import Reach
from plugins.memory import cluster_file


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.live)])
async def reach(request: pytest.FixtureRequest) -> AsyncIterator[Reach]:
    """Every port of a cluster in memory, and of the real one of the lab, green before each test."""
    if request.param == "memory":
        text, path = cluster_file("contract"), Path("memory.toml")
    else:
        lab = request.getfixturevalue("lab")
        labs.await_green(lab.name, lab.state_dir)
        path = Path(lab.status.cluster_file)
        text = path.read_text()
    made = Reach.of(ClusterFile.decode(text, path, Plugins((bundled("plugins"),))))
    yield made
    await made.close()
