"""A run of a runbook as a process of its own, to be killed: its operator says yes, and each moment is a line of JSON.

python -m tests.faults.runbook_victim CLUSTER_FILE STATE_DIR NAME '{"member": "db3"}' [RUN]
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from console import lab
from console.change.action import Value
from console.change.run import Confirmation
from console.change.runbook.asking import Answer, Asks
from console.change.runbook.running import RunbookRun
from console.change.runbook.shelf import BUNDLED, runbook_named
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session

SAID = "said"
LINGERS_S = 0.1
"""How long it stays at each moment, so that a kill meant for this stage does not meet the next."""


class Yes:
    """To everything; what is to be done by hand is done, and a problem ends it with its words."""

    def __init__(self, lab_home: Path) -> None:
        self._home = lab_home

    async def answer(self, asks: Asks) -> Answer:
        if asks.kind == "problem":
            print(json.dumps({"kind": SAID, "key": asks.task.key, "says": asks.says}), flush=True)
            return Answer(way="stop")
        if asks.kind in ("question", "manual"):
            await asyncio.sleep(LINGERS_S)
        if asks.kind == "manual" and asks.task.values.get("balancer"):
            await asyncio.to_thread(self._restarted, str(asks.task.values["balancer"]))
        return Answer(way="go on", confirmation=Confirmation("a test", words=asks.words, again=True))

    def _restarted(self, balancer: str) -> None:
        lab.kill(self._home.name, self._home.parent.parent, balancer)
        lab.heal(self._home.name, self._home.parent.parent, balancer)


class RunbookVictim:
    """One such process."""

    def __init__(
        self, cluster_file: Path, state_dir: Path, name: str, values: Mapping[str, Value], run: str = ""
    ) -> None:
        words = [str(cluster_file), str(state_dir), name, json.dumps(dict(values)), *([run] if run else [])]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.runbook_victim", *words],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def moments(self) -> Iterator[dict[str, Any]]:
        """What it tells, until it ends."""
        assert self.process.stdout
        yield from map(json.loads, self.process.stdout)

    def kill(self) -> None:
        """SIGKILL, and no word more."""
        self.process.kill()
        self.process.communicate()


async def _main(cluster_file: Path, state_dir: Path, name: str, values: Mapping[str, Value], run: str) -> None:
    file = ClusterFile.read(cluster_file, Plugins((bundled("plugins"),)))
    operator = Yes(cluster_file.parent)
    async with Session.open(file, state_dir) as session:
        await session.look()
        if run:
            gone = await RunbookRun.resume(session, operator, run)
        else:
            runbook = runbook_named(name, BUNDLED)
            gone = await RunbookRun.begin(session, operator, runbook, values, "a test")
        async for moment in gone.go():
            event = str(moment.event.kind) if moment.event else ""
            key = moment.task.key if moment.task else ""
            told = {"kind": moment.kind, "key": key, "says": moment.says, "event": event, "run": gone.progress.id}
            print(json.dumps(told), flush=True)
            await asyncio.sleep(LINGERS_S)


if __name__ == "__main__":
    given = (*sys.argv[1:], "")
    asyncio.run(_main(Path(given[0]), Path(given[1]), given[2], json.loads(given[3]), given[4]))
