from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console import lab as labs
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.reach import Reach
from plugins.memory import cluster_file
from tests.contract.table import table


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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--contract-table", action="store_true", help="print plugin x behaviour at the end")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--contract-table", default=False):
        calls = [r for reports in terminalreporter.stats.values() for r in reports if getattr(r, "when", "") == "call"]
        told = [value for report in calls for name, value in report.user_properties if name == "contract"]
        for line in table(told):
            terminalreporter.write_line(line)
