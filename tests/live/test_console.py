"""The command line on a real cluster: what an operator's script sees."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from console import lab as labs
from tests.conftest import RunningLab

pytestmark = pytest.mark.live


class Shell:
    """watchkeeper as it is typed, with a state directory of its own."""

    def __init__(self, lab: RunningLab, state_dir: Path) -> None:
        self.lab = lab
        self.environment = {**os.environ, "WATCHKEEPER_STATE_DIR": str(state_dir)}
        self.cluster = lab.status.cluster_file

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "console", *words, "--cluster", self.cluster],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def __call__(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=90)
        assert "Traceback" not in err
        return process.returncode, out, err

    def status(self) -> dict[str, Any]:
        code, out, err = self("status", "--json")
        assert code == 0, err
        document: dict[str, Any] = json.loads(out)
        return document

    def admins(self, server: str) -> set[str]:
        [found] = [s for s in self.status()["app_servers"] if s["name"] == server]
        return {pool["admin"] for pool in found["pools"]}

    def failed_requests(self) -> int:
        report: dict[str, Any] = labs.traffic_report(self.lab.name, self.lab.state_dir)
        return int(report["failed"])


@pytest.fixture
def shell(lab: RunningLab, tmp_path: Path) -> Iterator[Shell]:
    labs.await_green(lab.name, lab.state_dir)
    opened = Shell(lab, tmp_path)
    yield opened
    for left in opened("journal", "unfinished", "--json")[1].splitlines():  # it would block its target
        opened("journal", "close", json.loads(left)["run"], "--reason", "after a test")
    for server in opened.status()["app_servers"]:
        if {pool["admin"] for pool in server["pools"]} != {"ready"}:
            opened("run", "ready", server["name"], "--reason", "after a test", "--yes")


def events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_one_look_tells_the_three_tiers_in_the_words_of_the_contract(shell: Shell) -> None:
    document = shell.status()
    assert [server["health"] for server in document["app_servers"]] == ["up", "up", "up"]
    assert [balancer["health"] for balancer in document["balancers"]] == ["up", "up"]
    assert {pool["balancer"] for pool in document["app_servers"][0]["pools"]} == {"lb1", "lb2"}
    assert {pool["backend"] for pool in document["app_servers"][0]["pools"]} == {"app", "web"}
    replica_set = document["replica_set"]
    assert (replica_set["votes"], replica_set["majority"]) == (3, 2)
    assert sorted(m["state"] for m in replica_set["members"]) == ["PRIMARY", "SECONDARY", "SECONDARY"]
    assert replica_set["primary"] in ("db1", "db2", "db3")
    assert all(member["lag_s"] is not None and member["lag_s"] < 10 for member in replica_set["members"])
    assert [node["health"] for node in document["nodes"]] == ["up"] * 10
    assert all(node["cpus"] and node["memory_bytes"] for node in document["nodes"])
    assert document["tolerates"] == {"app_servers": 2, "members": 1}
    assert not [finding for finding in document["findings"] if finding["severity"] == "critical"]
    datetime.fromisoformat(document["at"])


def test_a_healthy_lab_fails_no_requirement(shell: Shell) -> None:
    code, out, _ = shell("check", "--json")
    assert code == 0
    critical = [f for f in json.loads(out)["findings"] if f["severity"] == "critical"]
    assert critical == []


def test_a_drain_and_a_ready_under_traffic_fail_no_request_and_keep_the_balancers_in_step(shell: Shell) -> None:
    before = shell.failed_requests()
    code, out, _ = shell("run", "drain", "app2", "--reason", "kernel", "--yes", "--json")
    assert code == 0
    assert [event["kind"] for event in events(out) if event["kind"] != "doing"] == ["proved", "proved", "done"]
    assert shell.admins("app2") == {"drain"}
    code, out, _ = shell("run", "ready", "app2", "--reason", "kernel done", "--yes", "--json")
    assert code == 0
    assert shell.admins("app2") == {"ready"}
    time.sleep(1.5)  # the report is written once a second
    assert shell.failed_requests() == before


def test_stickiness_is_said_before(shell: Shell) -> None:
    code, out, _ = shell("plan", "drain", "app2", "--json")
    assert code == 0
    [note] = json.loads(out)["notes"]
    assert note.startswith("Sticky sessions in web on lb1, web on lb2")


def test_the_last_serving_server_is_refused_with_the_value_and_the_limit_and_nothing_changes(shell: Shell) -> None:
    assert shell("run", "drain", "app1", "--reason", "test", "--yes")[0] == 0
    code, out, _ = shell("run", "drain", "app2", "--reason", "test", "--yes")
    assert code == 3
    assert "confirm it by typing app2" in out
    assert shell("run", "drain", "app2", "--reason", "test", "--confirm", "app2")[0] == 0
    code, out, _ = shell("run", "drain", "app3", "--reason", "test", "--confirm", "lab", "--json")
    assert code == 3
    [refused] = events(out)
    assert refused["kind"] == "refused"
    assert "0 others serving, must be at least 1 other" in refused["says"]
    assert shell.admins("app3") == {"ready"}


def test_a_step_down_is_proved_by_a_new_primary_and_loses_nothing(shell: Shell) -> None:
    old = shell.status()["replica_set"]
    code, out, _ = shell("run", "step-down", "--reason", "test", "--yes", "--json")
    assert code == 0, out
    new = shell.status()["replica_set"]
    assert new["primary"] != old["primary"]
    assert new["term"] > old["term"]
    time.sleep(2)
    assert labs.traffic_report(shell.lab.name, shell.lab.state_dir)["lost"] == 0


def test_a_killed_primary_is_told_at_once_and_so_is_the_new_one(shell: Shell, broken_lab: RunningLab) -> None:
    listener = shell.start("events", "--json", "--for", "40")
    assert listener.stdout
    assert listener.stderr
    listener.stderr.readline()
    heard: list[dict[str, Any]] = []
    reader = threading.Thread(target=lambda: heard.extend(json.loads(line) for line in listener.stdout or ()))
    reader.start()
    primary = shell.status()["replica_set"]["primary"]
    killed_s = time.time()
    broken_lab.kill(primary)
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        if any(e["kind"] == "primary" and e["after"] not in (None, primary) for e in list(heard)):
            break
        time.sleep(0.05)
    listener.terminate()
    reader.join(10)
    listener.communicate(timeout=10)
    down = next(e for e in heard if e["subject"] == primary and e["after"] == "down")
    assert datetime.fromisoformat(down["at"]).timestamp() - killed_s < 5
    assert any(e["kind"] == "primary" and e["after"] not in (None, primary) for e in heard)


def test_a_kill_9_in_mid_run_is_found_as_unfinished(shell: Shell) -> None:
    shell("run", "ready", "app2", "--reason", "test", "--yes")
    run = shell.start("run", "drain", "app2", "--reason", "kernel", "--yes", "--json")
    assert run.stdout
    run.stdout.readline()
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=10)
    code, out, _ = shell("journal", "unfinished")
    assert code == 0
    assert "drain app2" in out
    assert "interrupted after step" in out
    assert shell("journal", "verify")[0] == 0


def test_sigterm_lets_the_step_reach_its_proof_and_begins_no_other(shell: Shell) -> None:
    run = shell.start("run", "maint", "app3", "--reason", "kernel", "--yes", "--json")
    assert run.stdout
    first = run.stdout.readline()
    assert json.loads(first)["kind"] == "doing"
    run.send_signal(signal.SIGTERM)
    out, _ = run.communicate(timeout=30)
    last = events(out)[-1]
    assert run.returncode == 130
    assert last["kind"] == "failed"
    assert "stopped by SIGTERM after step" in last["says"]
    assert len(shell.admins("app3")) == 1
    assert shell("journal", "unfinished")[1] == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "drain", "ap2", "--reason", "x", "--yes"), "did you mean 'app2'?"),
        (("run", "drian", "app2", "--reason", "x", "--yes"), "did you mean 'drain'?"),
        (("run", "drain", "app2", "--reason", "x", "--yes", "--deadline", "soon"), "--deadline: expected float"),
        (("run", "drain", "app2", "--yes"), "--reason"),
        (("run", "drain", "app2", "--reason", "x"), "give --yes for a safe plan"),
    ],
)
def test_wrong_words_are_exit_code_2_and_one_sentence(shell: Shell, words: tuple[str, ...], says: str) -> None:
    code, _, err = shell(*words)
    assert code == 2
    assert says in err
