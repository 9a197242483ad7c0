import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console import lab as labs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """PyMongo leaves the socket of a connection that is cancelled while it opens to the garbage collector."""
    for item in items:
        if item.get_closest_marker("live") or item.get_closest_marker("hosts"):
            item.add_marker(pytest.mark.filterwarnings("default:unclosed <socket:ResourceWarning"))


@dataclass(frozen=True)
class RunningLab:
    """One real cluster, shared by the live tests of a session."""

    name: str
    state_dir: Path
    status: labs.LabStatus

    def state(self, node: str) -> str:
        nodes = labs.status(self.name, self.state_dir).nodes
        return next(found.state for found in nodes if found.name == node)

    def kill(self, node: str) -> None:
        labs.kill(self.name, self.state_dir, node)

    def pause(self, node: str) -> None:
        labs.pause(self.name, self.state_dir, node)

    def resume(self, node: str) -> None:
        labs.resume(self.name, self.state_dir, node)

    def partition(self, node: str) -> None:
        labs.partition(self.name, self.state_dir, node)

    def heal(self, node: str) -> None:
        labs.heal(self.name, self.state_dir, node)

    def heal_all(self) -> None:
        for node in self.status.nodes:
            self.heal(node.name)
        labs.await_green(self.name, self.state_dir)


@pytest.fixture(scope="session")
def short_dir() -> Iterator[Path]:
    """A directory whose path is short enough for unix sockets, which pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="wk-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def lab(short_dir: Path) -> Iterator[RunningLab]:
    state_dir = short_dir / "shared"
    status = labs.up("lab", state_dir, say=lambda text: None)
    yield RunningLab("lab", state_dir, status)
    labs.down("lab", state_dir)


@pytest.fixture
def broken_lab(lab: RunningLab) -> Iterator[RunningLab]:
    """The shared lab for a test that breaks nodes: all is green again after it."""
    yield lab
    lab.heal_all()
