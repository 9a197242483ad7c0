"""A runbook is read with the line and the path of each mistake, what was expected and the nearest right word."""

from pathlib import Path

import pytest

from console.change.runbook import Runbook, RunbookError

PATH = Path("patch.toml")
TEXT = """\
title = "Patch"
purpose = "to be safe"

[[parameters]]
name = "deadline"
type = "number"
default = 30

[[stages]]
name = "all is well"
check = "every app server serves"

[[stages]]
name = "each server in turn"
each = "each app server"

  [[stages.stages]]
  name = "take it out"
  action = "maint"
  on = "{target}"
  with = { deadline = "{deadline}" }

  [[stages.stages]]
  name = "patch it"
  manual = "Patch {target} now."
"""


def read(text: str) -> Runbook:
    return Runbook.decode("patch", text, PATH)


def test_a_runbook_says_what_it_is_for_and_what_its_stages_are() -> None:
    runbook = read(TEXT)
    first, group = runbook.table.stages
    assert (first.kind, group.kind, [stage.kind for stage in group.stages]) == ("check", "each", ["action", "manual"])
    assert group.asks
    assert not first.asks


@pytest.mark.parametrize(
    ("was", "becomes", "mistake"),
    [
        ('check = "every', 'chekc = "every', "patch.toml:11: $.stages[0].chekc: unknown key; did you mean 'check'?"),
        (
            '"every app server serves"',
            '"every app server serve"',
            "patch.toml:11: $.stages[0].check: no condition 'every app server serve'; "
            "did you mean 'every app server serves'?",
        ),
        (
            'each = "each app server"',
            'each = "each app servers"',
            "patch.toml:15: $.stages[1].each: no selector 'each app servers'; did you mean 'each app server'?",
        ),
        (
            '"maint"',
            '"mainte"',
            "patch.toml:19: $.stages[1].stages[0].action: no action 'mainte'; did you mean 'maint'?",
        ),
        ("{ deadline", "{ deadlin", "$.stages[1].stages[0].with: no parameter of maint 'deadlin'"),
        ('on = "{target}"', 'on = "{taget}"', "$.stages[1].stages[0].on: no parameter 'taget'; did you mean 'target'?"),
        ('title = "Patch"', "", "$.title: missing; it is required"),
        ("default = 30", "default = [1]", "$.parameters[0].default: expected"),
        (
            'manual = "Patch {target} now."',
            'manual = "x"\n  wait = "one primary"',
            "$.stages[1].stages[1]: expected one of action, check, wait, question, manual, each; it has wait and",
        ),
        ('check = "every app server serves"', "", "patch.toml:9: $.stages[0]: expected one of "),
        ('name = "deadline"', 'name = "target"', "patch.toml:5: $.parameters[0].name: 'target' is already a name"),
        ("[[stages]]", "[[stages]", "not valid TOML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_nearest_right_word(was: str, becomes: str, mistake: str) -> None:
    assert was in TEXT
    with pytest.raises(RunbookError) as told:
        read(TEXT.replace(was, becomes, 1))
    assert mistake in str(told.value)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match="cannot be read: No such file"):
        Runbook.read(tmp_path / "none.toml")


def test_a_parameter_is_read_by_its_type_and_filled_in_where_it_is_not_given() -> None:
    runbook = read(TEXT)
    assert runbook.values({}) == {"deadline": 30.0}
    assert runbook.values({"deadline": "5"}) == {"deadline": 5.0}
    with pytest.raises(RunbookError, match="--param deadline: expected number, got 'soon'"):
        runbook.values({"deadline": "soon"})
    with pytest.raises(RunbookError, match="has no parameter 'dedline'; did you mean 'deadline'"):
        runbook.values({"dedline": "5"})


def test_a_parameter_without_a_default_has_to_be_given() -> None:
    with pytest.raises(RunbookError, match="--param deadline=…: it has to be given"):
        read(TEXT.replace("default = 30\n", "")).values({})
