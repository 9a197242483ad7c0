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

MARKDOWN = """\
+++
title = "Weights, with words"
purpose = "a test"

[[stages]]
name = "all is well"
check = "every app server serves"

[[stages]]
name = "less for one"
action = "set-weight"
on = "app1"
with = { weight = 40 }
+++

Why there are two paragraphs.

This is the second.

## less for one

A server with less weight gets less traffic.

Nobody is sent away.
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
    (made / "words.md").write_text(MARKDOWN)
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


def test_a_runbook_in_markdown_is_listed_shown_and_run_too(tmp_path: Path, folder: Path, memory: str) -> None:
    _, out, _ = watchkeeper(tmp_path, "runbook", "list")
    assert "words             Weights, with words" in out.splitlines()
    _, out, _ = watchkeeper(tmp_path, "runbook", "show", "words")
    assert "a test\n\nWhy there are two paragraphs.\n\nThis is the second.\n" in out
    assert "     A server with less weight gets less traffic.\n\n     Nobody is sent away.\n" in out
    words = ("--reason", "a test", "--confirm", "runbooks", "--cluster", memory)
    code, out, _ = watchkeeper(tmp_path, "runbook", "run", "words", *words)
    assert (code, out.splitlines()[-1]) == (0, "  finished: Weights, with words: done")
    assert "  A server with less weight gets less traffic.\n\n  Nobody is sent away.\n" in out


def test_how_long_a_stage_took_is_told_once_it_was_done(tmp_path: Path, folder: Path, memory: str) -> None:
    _, out, _ = watchkeeper(tmp_path, "runbook", "show", "words")
    assert out.splitlines()[-1] == "It takes: not known: nothing of it was done before"
    words = ("--reason", "a test", "--confirm", "runbooks", "--cluster", memory)
    watchkeeper(tmp_path, "runbook", "run", "words", *words)
    _, out, _ = watchkeeper(tmp_path, "runbook", "show", "words", "--cluster", memory)
    assert "     took under 1 s (once before)" in out.splitlines()
    assert out.splitlines()[-1].endswith("by what 2 of 2 stages took before")


def test_a_report_is_one_html_file_and_its_screens_are_files_of_their_own(
    tmp_path: Path, folder: Path, memory: str
) -> None:
    words = ("--reason", "a <b>test</b>", "--confirm", "runbooks", "--cluster", memory, "--json")
    _, out, _ = watchkeeper(tmp_path, "runbook", "run", "words", *words)
    run = json.loads(out.splitlines()[0])["runbook_run"]
    code, page, err = watchkeeper(tmp_path, "runbook", "report", run, "--html", "--svg", str(tmp_path / "svg"))
    assert code == 0
    assert page.startswith("<!DOCTYPE html>")
    assert "a &lt;b&gt;test&lt;/b&gt;" in page
    screens = sorted(path.name for path in (tmp_path / "svg").iterdir())
    assert screens == [f"{run}-01-before.svg", f"{run}-02-after-2.svg", f"{run}-03-end.svg"]
    assert [line for line in err.splitlines() if line.startswith("wrote ")] == [
        f"wrote {tmp_path / 'svg' / name}" for name in screens
    ]
    assert page.count("<figure") == len(screens)
    assert watchkeeper(tmp_path, "runbook", "report", run, "--html")[1] == page, "at any later time"


def test_screens_that_cannot_be_written_are_a_sentence(tmp_path: Path, folder: Path, memory: str) -> None:
    words = ("--reason", "a test", "--confirm", "runbooks", "--cluster", memory, "--json")
    _, out, _ = watchkeeper(tmp_path, "runbook", "run", "words", *words)
    run = json.loads(out.splitlines()[0])["runbook_run"]
    code, _, err = watchkeeper(tmp_path, "runbook", "report", run, "--svg", "/proc/screens")
    assert code == 2
    assert f"--svg /proc/screens: {run}-01-before.svg cannot be written: " in err


def test_a_report_of_a_run_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    code, _, err = watchkeeper(tmp_path, "runbook", "report", "nope")
    assert code != 0
    assert "no run 'nope' of a runbook in this journal" in err


def test_the_schema_is_printed_for_an_editor(tmp_path: Path) -> None:
    code, out, _ = watchkeeper(tmp_path, "runbook", "schema")
    assert code == 0
    assert out == Path("console/runbooks/runbook.schema.json").read_text("utf-8")


def test_a_broken_runbook_of_the_user_does_not_hide_the_others(tmp_path: Path, folder: Path) -> None:
    (folder / "broken.toml").write_text(TEXT.replace('check = "every', 'check = "evry'))
    code, out, err = watchkeeper(tmp_path, "runbook", "list")
    assert code == 0
    assert "weights           Weights" in out.splitlines()
    assert "broken: cannot be used: " in err
    assert "did you mean 'every app server serves'?" in err


def test_a_dry_run_plans_every_stage_and_does_nothing(tmp_path: Path, memory: str, folder: Path) -> None:
    words = ("runbook", "run", "weights", "--param", "weight=0", "--dry-run", "--cluster", memory)
    code, out, _ = watchkeeper(tmp_path, *words)
    assert code == 0
    assert out.splitlines()[0].startswith("ok          1  all is well: every application server serves: 3 of 3")
    assert out.splitlines()[1].startswith("ok          2  less for one: Give app1 weight 0: safe: ")
    _, journal, _ = watchkeeper(tmp_path, "journal")
    assert "runbook.began" not in journal


def test_a_dry_run_of_what_would_be_refused_ends_as_a_refusal(tmp_path: Path, memory: str, folder: Path) -> None:
    words = ("runbook", "run", "weights", "--param", "weight=999", "--dry-run", "--cluster", memory)
    code, out, _ = watchkeeper(tmp_path, *words)
    assert code == 3
    assert out.splitlines()[1].startswith("refused     2  less for one: --weight: expected -1 to 256, got 999")


def test_a_node_that_is_not_there_is_refused_with_the_nearest_name(tmp_path: Path, memory: str) -> None:
    words = ("--reason", "a test", "--confirm", "runbooks", "--cluster", memory)
    given = ("--param", "server=app1", "--param", "member=db33")
    code, _, err = watchkeeper(tmp_path, "runbook", "run", "decommission", *given, *words)
    assert code == 2
    assert "--param member: no secondary 'db33'; did you mean 'db3'? there are: db2, db3" in err


def test_nothing_can_be_agreed_to_that_nobody_asks(tmp_path: Path, memory: str) -> None:
    code, _, err = watchkeeper(tmp_path, "runbook", "approve", "1a2b3c4d", "--cluster", memory)
    assert code == 2
    assert "run '1a2b3c4d' asks for nobody's approval; that do: none" in err
