"""`runbook`: listed, shown, run and gone on with, from a command line without a terminal."""

import json
from pathlib import Path

import pytest

from plugins.memory import cluster_file
from tests.cli.test_cli import watchkeeper

TEXT = """
title = "Weights"
purpose = "a test"
will_not = ["do more"]

[[parameters]]
name = "weight"
type = "integer"

[[stages]]
name = "all is well"
check = "every app server serves"

[[stages]]
name = "less for one"
action = "set-weight"
on = "app1"
with = { weight = "{weight}" }
"""


@pytest.fixture
def memory(tmp_path: Path) -> str:
    path = tmp_path / "memory.toml"
    path.write_text(cluster_file("runbooks"))
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The user's own runbooks."""
    made = tmp_path / ".config" / "watchkeeper" / "runbooks"
    made.mkdir(parents=True)
    (made / "weights.toml").write_text(TEXT)
    return made


def test_bundled_runbooks_and_those_of_the_user_are_listed(tmp_path: Path, folder: Path) -> None:
    _, out, _ = watchkeeper(tmp_path, "runbook", "list")
    assert "rolling-patch     Rolling operating-system patch of the whole deployment" in out.splitlines()
    assert "weights           Weights" in out.splitlines()


def test_a_runbook_says_what_it_is_for_and_what_it_will_not_do(tmp_path: Path) -> None:
    _, out, _ = watchkeeper(tmp_path, "runbook", "show", "rolling-patch")
    assert "It will not:\n  - touch the balancers" in out
    assert "  4. application servers, one at a time: for each app server:\n    4.1. restart: restart {target}" in out


def test_it_runs_to_its_end_and_the_journal_has_all_of_it(tmp_path: Path, folder: Path, memory: str) -> None:
    words = ("--param", "weight=50", "--reason", "a test", "--confirm", "runbooks", "--cluster", memory)
    code, out, _ = watchkeeper(tmp_path, "runbook", "run", "weights", *words, "--json")
    moments = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(m["kind"], m["stage"]) for m in moments if m["kind"] not in ("event", "plan")] == [
        ("stage", "1"),
        ("check", "1"),
        ("done", "1"),
        ("stage", "2"),
        ("done", "2"),
        ("finished", ""),
    ]
    _, told, _ = watchkeeper(tmp_path, "runbook", "report", moments[0]["runbook_run"])
    lines = told.splitlines()
    assert lines[0] == "# Weights"
    assert "- outcome: **done**" in lines
    assert "- parameters: weight = 50" in lines
    assert [line for line in lines if line.startswith("## ")] == [
        "## 1 all is well",
        "## 2 less for one",
        "## The journal",
    ]
    assert [line for line in lines if "step.intent: set the weight of app1 on every balancer: lb1: set server" in line]
    _, journal, _ = watchkeeper(tmp_path, "journal", "show", "--json")
    kinds = [json.loads(line)["kind"] for line in journal.splitlines()]
    assert next(kind for kind in kinds if kind.startswith("runbook.")) == "runbook.began"
    assert kinds.index("runbook.reached") < kinds.index("plan.confirmed") < kinds.index("runbook.finished")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("run", "wieghts"), 2, "no runbook 'wieghts'; did you mean 'weights'?"),
        (("run", "weights"), 2, "--param weight=…: it has to be given"),
        (("run", "weights", "--param", "weight"), 2, "--param weight: expected NAME=VALUE"),
        (("run", "weights", "--param", "weight=x"), 2, "--param weight: expected integer, got 'x'"),
        (("run", "weights", "--param", "weight=5"), 2, "there is no terminal; --confirm runbooks says yes"),
        (("run", "weights", "--param", "weight=5", "--confirm", "x"), 2, "expected the cluster's name, runbooks"),
        (("run", "failover-drill", "--confirm", "runbooks"), 2, "failover-drill asks on the way"),
    ],
)
def test_what_cannot_be_run_is_a_sentence(
    tmp_path: Path, folder: Path, memory: str, words: tuple[str, ...], code: int, says: str
) -> None:
    ended, _, err = watchkeeper(tmp_path, "runbook", *words, "--reason", "a test", "--cluster", memory)
    assert ended == code
    assert says in err


def test_a_stage_that_is_refused_stops_it_and_says_how_to_go_on(tmp_path: Path, folder: Path, memory: str) -> None:
    (folder / "weights.toml").write_text(TEXT.replace('on = "app1"', 'on = "app9"'))
    words = ("--param", "weight=50", "--reason", "a test", "--confirm", "runbooks", "--cluster", memory)
    code, out, _ = watchkeeper(tmp_path, "runbook", "run", "weights", *words)
    assert code == 3
    assert "stopped: less for one: no application server 'app9'; did you mean" in out
    _, left, _ = watchkeeper(tmp_path, "runbook", "resume", "--cluster", memory)
    assert ": weights on runbooks by " in left
    run = left.split(":")[0]
    assert f"`watchkeeper runbook resume {run}` goes on" in out
    code, out, _ = watchkeeper(tmp_path, "runbook", "resume", run, "--confirm", "runbooks", "--cluster", memory)
    assert (code, "all is well" in out) == (3, False), "what has passed is not gone through again"
