"""Runs without an end: who, what, how far, and whether they go on elsewhere."""

import subprocess
import sys
from pathlib import Path

from console.change.journal import Journal

KILLED = """
import os, sys
from pathlib import Path
from console.change.journal import Journal
journal = Journal.open(Path(sys.argv[1]), "prod")
about = dict(run="dead", action="drain", target="app2", plan_hash="77")
journal.append_now("plan.confirmed", **about, reason="kernel", detail={"steps": 2})
journal.append_now("step.intent", **about, step=1, detail={"does": "drain app2", "command": "set server"})
journal.append_now("step.result", **about, step=1, detail={"answer": "ok"})
journal.append_now("step.verified", **about, step=1, outcome="success")
journal.append_now("step.intent", **about, step=2, detail={"does": "wait", "command": ""})
os.kill(os.getpid(), 9)
"""


def test_what_a_kill_left_is_told_with_how_far_it_came(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode == -9
    journal = Journal.open(tmp_path, "prod")
    [left] = journal.unfinished()
    journal.close()
    assert (left.run, left.action, left.target, left.reason) == ("dead", "drain", "app2", "kernel")
    assert (left.steps, left.proved, left.intent, left.answered) == (2, 1, "wait", False)
    assert not left.running
    assert "interrupted after step 1 of 2; last begun: wait (its answer is not known)" in left.says


def test_a_run_of_a_living_process_is_running_not_interrupted(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "prod")
    journal.append_now("plan.confirmed", run="a", action="drain", target="app2")
    [left] = journal.unfinished()
    assert left.running
    assert "is running in another console" in left.says
    journal.append_now("plan.finished", run="a", outcome="done")
    assert journal.unfinished() == []
    journal.close()


def test_a_refused_plan_is_no_run(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "prod")
    journal.append_now("refused", run="a", action="drain", target="app2")
    assert journal.unfinished() == []
    journal.close()
