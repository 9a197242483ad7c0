"""Bundled runbooks to their end on the lab, under traffic; and one that is killed in the middle of its stages."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console import lab as labs
from tests.conftest import RunningLab
from tests.live.test_console import Shell

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]

REASON = ("--reason", "a test", "--confirm", "books")


class Books(Shell):
    """A shell on a lab of its own: a runbook may leave it otherwise than it was."""

    def __call__(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=500)
        assert "Traceback" not in err
        return process.returncode, out, err

    def traffic(self) -> dict[str, Any]:
        return dict(labs.traffic_report(self.lab.name, self.lab.state_dir))

    def processes(self) -> dict[str, int | None]:
        nodes = labs.status(self.lab.name, self.lab.state_dir).nodes
        return {node.name: node.pid for node in nodes if node.role in ("app", "member") and node.name[-1] != "4"}


@pytest.fixture(scope="module")
def shell(short_dir: Path) -> Iterator[Books]:
    state_dir = short_dir / "books"
    status = labs.up("books", state_dir, say=lambda text: None)
    yield Books(RunningLab("books", state_dir, status), state_dir / "console")
    labs.down("books", state_dir)


def test_a_rolling_patch_restarts_every_node_and_no_request_fails_and_no_write_is_lost(shell: Books) -> None:
    before, processes = shell.traffic(), shell.processes()
    code, out, err = shell("runbook", "run", "rolling-patch", *REASON)
    assert code == 0, f"{out}\n{err}"
    assert not set(shell.processes().values()) & set(processes.values()), "every one was started anew"
    after = shell.traffic()
    assert after["requests"] > before["requests"]
    assert (after["failed"], after["lost"]) == (before["failed"], 0)


def test_a_runbook_that_is_killed_in_the_middle_goes_on_to_the_same_end(shell: Books) -> None:
    failed = shell.failed_requests()
    process = shell.start("runbook", "run", "vertical-resize", "--param", "memory=1792MiB", *REASON, "--json")
    assert process.stdout
    for line in process.stdout:
        moment = json.loads(line)
        if moment["kind"] == "event" and moment["event"]["says"].startswith("stop the service"):
            time.sleep(0.3)
            os.kill(process.pid, signal.SIGKILL)
            break
    process.communicate()
    _, left, _ = shell("runbook", "resume")
    [run] = [line.split(":")[0] for line in left.splitlines() if "vertical-resize" in line]
    code, out, err = shell("runbook", "resume", run, "--confirm", "books")
    assert code == 0, f"{out}\n{err}"
    assert {node["name"] for node in shell.status()["nodes"] if node["name"].startswith("db")} >= {"db1", "db2", "db3"}
    assert shell("journal", "unfinished")[1] == ""
    assert shell("runbook", "resume")[1] == ""
    assert (shell.failed_requests(), shell.traffic()["lost"]) == (failed, 0)
