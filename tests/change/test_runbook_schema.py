"""The schema that editors get: it is the file's own, and it refuses in shape what our validation refuses."""

import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from console.change.runbook import Runbook, RunbookError
from console.change.runbook.schema import FILE, encoded, schema

FOLDER = Path("console/runbooks")
VALIDATOR = Draft202012Validator(schema())
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
unless = "no primary"

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


def test_the_file_beside_the_bundled_runbooks_is_the_schema_of_today() -> None:
    assert (FOLDER / FILE).read_bytes() == encoded(), "`watchkeeper runbook schema` prints the new one"


def test_it_is_a_schema_of_its_draft() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_bundled_runbook_is_right_by_it_and_names_it_on_its_first_line(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))] == []
    assert text.splitlines()[0] == f"#:schema ./{FILE}"


def test_what_is_right_for_us_is_right_by_the_schema() -> None:
    for text in (
        TEXT,
        TEXT.replace('unless = "no primary"', "approval = false"),
        TEXT.replace("manual =", "approval = true\n  manual ="),
    ):
        Runbook.decode("patch", text, Path("patch.toml"))
        assert VALIDATOR.is_valid(tomllib.loads(text))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('title = "Patch"', ""),
        ('title = "Patch"', "title = 5"),
        ('purpose = "to be safe"', 'purpose = "to be safe"\nwhen = "now"'),
        ('type = "number"', 'type = "float"'),
        ("default = 30", "default = [30]"),
        ('check = "every app server serves"', 'chekc = "every app server serves"'),
        ('check = "every app server serves"', 'check = "every app server serve"'),
        ('check = "every app server serves"', ""),
        ('check = "every app server serves"', 'check = "one primary"\nwait = "one primary"'),
        ('check = "every app server serves"', 'wait = "one primary"\npatience_s = "long"'),
        ('check = "every app server serves"', 'wait = "one primari"'),
        ('check = "every app server serves"', 'check = "one primary"\non = "app1"'),
        ('check = "every app server serves"', 'check = "one primary"\nwith = { deadline = 5 }'),
        ('check = "every app server serves"', 'check = "one primary"\naction = "maint"'),
        ('unless = "no primary"', 'unless = "no primari"'),
        ('unless = "no primary"', 'approval = "yes"'),
        ('unless = "no primary"', "approval = true"),
        ('unless = "no primary"', "without_lease = true"),
        ('each = "each app server"', 'each = "each app server"\napproval = true'),
        ('each = "each app server"', 'each = "each app server"\nunless = "no primary"'),
        ('each = "each app server"', 'each = "each app servers"'),
        ('each = "each app server"', 'check = "one primary"'),
        ('action = "maint"', 'action = "mainte"'),
        ('on = "{target}"', ""),
        ("{ deadline =", "{ deadlin ="),
        ('"{deadline}" }', "true }"),
        ('manual = "Patch {target} now."', 'each = "each member"'),
        ('manual = "Patch {target} now."', ""),
        (TEXT[TEXT.index("  [[stages.stages]]") :], ""),
        (TEXT[TEXT.index("[[stages]]") :], ""),
        (TEXT[TEXT.index("[[stages]]") :], "stages = []"),
        ("[[parameters]]", '[rehearsal]\nuntil = "no primari"\n[[parameters]]'),
        ("[[parameters]]", '[rehearsal]\nbreak = ["db1"]\n[[parameters]]'),
    ],
)
def test_a_mistake_in_shape_is_refused_by_us_and_by_the_schema(was: str, becomes: str) -> None:
    assert was in TEXT
    wrong = TEXT.replace(was, becomes, 1)
    with pytest.raises(RunbookError):
        Runbook.decode("patch", wrong, Path("patch.toml"))
    assert not VALIDATOR.is_valid(tomllib.loads(wrong))


def test_an_editor_is_told_the_words_that_a_field_may_hold() -> None:
    stage = schema()["$defs"]["StageTable"]["properties"]
    assert "every member replicates" in stage["wait"]["enum"]
    assert "step-down" in stage["action"]["enum"]
    assert "each app server" in stage["on"]["anyOf"][0]["enum"]
    fields = [field for table in schema()["$defs"].values() for field in table.get("properties", {}).values()]
    assert all(field.get("description") for field in fields)


def test_the_readmes_example_is_right() -> None:
    [text] = re.findall(r"```toml\n(#:schema .*?)```", Path("README.md").read_text("utf-8"), re.DOTALL)
    Runbook.decode("example", text, Path("example.toml"))
    assert VALIDATOR.is_valid(tomllib.loads(text))
