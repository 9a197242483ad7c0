"""The README's plugin is one: it loads from the user's folder, and keeps the contract of its port."""

import re
from pathlib import Path

import msgspec
import pytest

from console.contract import Behaviour, Verdict, run
from console.contract.node import SERVICE, ServiceSubject
from console.ports.plugins import Context, Plugins, bundled
from console.ports.protocols import Completed
from tests.contract.replay.host import ReplayHost, said

README = Path(__file__).parents[2] / "README.md"


class Supervised(ReplayHost):
    """A host whose supervisorctl answers as its manual documents."""

    def __init__(self) -> None:
        super().__init__({"supervisorctl": self._supervisorctl})
        self.state = "RUNNING"

    def _supervisorctl(self, arguments: list[str]) -> Completed:
        verb, name = arguments
        if verb == "status":
            return said(f"{name}                              {self.state}   pid 42, uptime 0:01:02\n")
        wanted = "RUNNING" if verb == "start" else "STOPPED"
        if self.state == wanted:
            return said(f"{name}: ERROR ({'already started' if verb == 'start' else 'not running'})\n", 7)
        self.state = wanted
        return said(f"{name}: {'started' if verb == 'start' else 'stopped'}\n")


@pytest.fixture
def example(tmp_path: Path) -> str:
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "supervisor.py").write_text(code)
    return str(code)


def test_the_example_is_short(example: str) -> None:
    assert len(example.splitlines()) < 60


@pytest.mark.parametrize("behaviour", SERVICE.behaviours, ids=lambda behaviour: behaviour.says)
async def test_the_example_keeps_the_contract(
    example: str, tmp_path: Path, behaviour: Behaviour[ServiceSubject]
) -> None:
    provider = Plugins((bundled("plugins"), tmp_path)).load("supervisor", "service")
    settings = msgspec.convert({"program": "app"}, provider.Settings)
    subject = ServiceSubject(port=provider(settings, Context(name="app1", shells=Supervised())), node="app1")
    outcome = await run(behaviour, subject, change=True)
    assert outcome.verdict is Verdict.HOLDS, outcome.why
