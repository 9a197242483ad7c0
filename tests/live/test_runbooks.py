"""Bundled runbooks to their end on the lab under traffic, killed on the way, unwound, and for two people."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console import lab as labs
from console.change.runbook import approving
from console.change.runbook.shelf import BUNDLED, runbook_paths
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from tests.conftest import RunningLab
from tests.faults.runbooks import UNPROMISED
from tests.live.test_console import Shell

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]

REASON = ("--reason", "a test", "--confirm", "books")
TWO_PEOPLE = """
title = "Weighed by two"
purpose = "a test"

[[stages]]
name = "weigh"
action = "set-weight"
on = "app2"
with = { weight = 40 }
approval = true
"""


class Books(Shell):
    """A shell on a lab of its own: a runbook may leave it otherwise than it was."""

    def __call__(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=500)
        assert "Traceback" not in err
        return process.returncode, out, err

    def traffic(self) -> dict[str, Any]:
        return dict(labs.traffic_report(self.lab.name, self.lab.state_dir))

    def weights(self, server: str) -> set[int]:
        [found] = [s for s in self.status()["app_servers"] if s["name"] == server]
        return {pool["weight"] for pool in found["pools"]}


@pytest.fixture(scope="module")
def shell(short_dir: Path) -> Iterator[Books]:
    state_dir = short_dir / "books"
    status = labs.up("books", state_dir, say=lambda text: None)
    yield Books(RunningLab("books", state_dir, status), state_dir / "console")
    labs.down("books", state_dir)


@pytest.mark.parametrize("name", sorted(runbook_paths(BUNDLED)))
def test_a_bundled_runbook_is_rehearsed_to_its_end_and_its_report_is_whole(name: str, short_dir: Path) -> None:
    state_dir = short_dir / name
    words = [sys.executable, "-m", "console", "--state-dir", str(state_dir), "runbook"]
    rehearsed = subprocess.run(
        [*words, "run", name, "--rehearse", "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert rehearsed.returncode == 0, f"{rehearsed.stdout}\n{rehearsed.stderr}"
    moments = [json.loads(line) for line in rehearsed.stdout.splitlines()]
    traffic, finished = moments[-1], moments[-2]
    assert finished["kind"] == "finished"
    assert traffic["requests"] > 100
    assert traffic["lost"] == 0
    if name not in UNPROMISED:
        assert traffic["failed"] == 0
    words[4] = str(state_dir / "rehearsals")
    report = subprocess.run([*words, "report", finished["runbook_run"]], capture_output=True, text=True, check=True)
    assert "outcome: **done**" in report.stdout
    assert "every record is whole" in report.stdout


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
    assert ": Resize db" in shell("runbook", "report", run)[1], "a change that was gone on with is named"
    assert (shell.failed_requests(), shell.traffic()["lost"]) == (failed, 0)


def test_a_member_that_dies_on_the_way_stops_it_with_the_difference_and_it_goes_on_when_it_is_back(
    shell: Books,
) -> None:
    process = shell.start("runbook", "run", "rolling-patch", *REASON, "--json")
    assert process.stdout
    told, died = [], False
    for line in process.stdout:
        told.append(json.loads(line))
        if told[-1]["stage"] == "4/app1/1" and told[-1]["kind"] == "done" and not died:
            labs.kill(shell.lab.name, shell.lab.state_dir, "db3")
            died = True
    process.communicate()
    assert process.returncode == 3
    [problem] = [moment for moment in told if moment["kind"] == "problem"]
    assert problem["stage"] == "4/app2/1", "the next stage that changes something"
    assert "db3 was: SECONDARY, is: DOWN" in problem["says"]
    labs.heal(shell.lab.name, shell.lab.state_dir, "db3")
    labs.await_green(shell.lab.name, shell.lab.state_dir)
    code, out, err = shell("runbook", "resume", told[-1]["runbook_run"], "--confirm", "books")
    assert code == 0, f"{out}\n{err}"
    assert shell.traffic()["lost"] == 0


def test_a_runbook_is_unwound_by_whoever_goes_on_with_it(shell: Books) -> None:
    failed = shell.failed_requests()
    process = shell.start("runbook", "run", "decommission", "--param", "server=app1", "--param", "member=db2", *REASON)
    assert process.stdout
    for line in process.stdout:
        if line.startswith("4 "):
            os.kill(process.pid, signal.SIGKILL)
            break
    process.communicate()
    assert "app1" not in {s["name"] for s in shell.status()["app_servers"] if s["pools"]}
    [run] = [line.split(":")[0] for line in shell("runbook", "resume")[1].splitlines()]
    code, out, err = shell("runbook", "resume", run, "--unwind", "--confirm", "books")
    assert code == 0, f"{out}\n{err}"
    assert "finished: Decommission an application server and a member: unwound" in out
    assert shell.admins("app1") == {"ready"}
    assert shell("runbook", "resume")[1] == ""
    assert (shell.failed_requests(), shell.traffic()["lost"]) == (failed, 0)


def test_a_stage_for_two_waits_for_another_operator_in_a_console_of_their_own(
    shell: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "two.toml").write_text(TWO_PEOPLE)
    process = shell.start("runbook", "run", str(tmp_path / "two.toml"), *REASON, "--json")
    assert process.stdout
    waits = next(moment for line in process.stdout if (moment := json.loads(line))["kind"] == "approval")
    code, _, err = Shell(shell.lab, tmp_path / "other")("runbook", "approve", waits["runbook_run"])
    assert code == 2
    assert "somebody else has to agree" in err, "the same user in another console is nobody else"
    asyncio.run(agree_as(monkeypatch, "bob@elsewhere", shell, tmp_path / "bob", waits["runbook_run"]))
    told = [json.loads(line) for line in process.stdout]
    process.communicate()
    assert process.returncode == 0
    assert "bob@elsewhere agrees" in [moment["says"] for moment in told]
    assert shell.weights("app2") == {40}
    kinds = [json.loads(line)["event.kind"] for line in shell("journal", "export")[1].splitlines()]
    assert "runbook.approved" in kinds
    assert shell("run", "set-weight", "app2", "--reason", "back", "--yes")[0] == 0


async def agree_as(monkeypatch: pytest.MonkeyPatch, who: str, shell: Books, state_dir: Path, run: str) -> None:
    """Another user's console on the same cluster."""
    monkeypatch.setattr(approving, "owner", lambda: who)
    file = ClusterFile.read(Path(shell.cluster), Plugins((bundled("plugins"),)))
    async with Session.open(file, state_dir) as session:
        await approving.answer(session, run, agrees=True)
