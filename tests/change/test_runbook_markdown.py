"""A runbook in Markdown: the same tables as in TOML, and long words under the headings of its stages."""

from pathlib import Path

import pytest

from console.change.runbook import Runbook, RunbookError
from console.change.runbook.progress import named
from console.change.runbook.running import RunbookRun
from tests.change.memory_session import memory_session
from tests.change.runbook_operator import Says

PATH = Path("failover.md")
TEXT = """\
+++
title = "Failover in office hours"
purpose = "To know how it feels."

[[parameters]]
name = "who"

[[stages]]
name = "every member replicates"
check = "every member replicates"

[[stages]]
name = "each server in turn"
each = "each app server"

  [[stages.stages]]
  name = "look at it"
  manual = "Look at {target}."
+++

A failover takes some seconds.

Nobody should notice.

## every member replicates

A member that lags cannot lead.

```
## this is a comment in a shell
```

### What lags

A disk.

## look at it

{who} looks at {target}.
"""


def read(text: str, path: Path = PATH) -> Runbook:
    return Runbook.decode("failover", text, path)


def test_the_words_under_a_stages_name_are_what_it_says() -> None:
    table = read(TEXT).table
    first, group = table.stages
    assert (table.purpose, table.about) == (
        "To know how it feels.",
        "A failover takes some seconds.\n\nNobody should notice.",
    )
    assert first.says.startswith("A member that lags cannot lead.\n\n```\n## this is a comment in a shell\n```")
    assert first.says.endswith("### What lags\n\nA disk.")
    assert (group.says, group.stages[0].says) == ("", "{who} looks at {target}.")


def test_windows_line_ends_change_nothing() -> None:
    assert read(TEXT.replace("\n", "\r\n")).table == read(TEXT).table


def test_a_runbook_without_words_below_its_tables_is_right_too() -> None:
    assert read(TEXT[: TEXT.index("A failover")]).table.about == ""


@pytest.mark.parametrize(
    ("was", "becomes", "mistake"),
    [
        ("+++\ntitle", "title", "failover.md: $: expected a first line +++, then the tables as TOML"),
        (
            '  manual = "Look at {target}."\n+++',
            "",
            "failover.md: $: the tables have no end: expected another line +++",
        ),
        ('check = "every', 'chekc = "every', "failover.md:10: $.stages[0].chekc: unknown key; did you mean 'check'?"),
        ('name = "who"', "name = who", "failover.md: not valid TOML: Invalid value (at line 6"),
        (
            "## look at it",
            "## look at",
            "failover.md:37: ## look at: no stage has that name; did you mean 'look at it'?",
        ),
        (
            "## look at it",
            "## Why",
            "failover.md:37: ## Why: no stage has that name; a heading within the words is one of",
        ),
        (
            "{who} looks",
            "{whom} looks",
            "failover.md:37: $.stages[1].stages[0].says: no parameter 'whom'; did you mean",
        ),
        (
            'check = "every member replicates"',
            'check = "every member replicates"\nsays = "twice"',
            "failover.md:26: ## every member replicates: says something here and in $.stages[0].says",
        ),
        (
            'name = "each server in turn"',
            'name = "look at it"',
            "failover.md:37: ## look at it: 2 stages have that name; give each its own",
        ),
        ("purpose =", 'about = "more"\npurpose =', "failover.md:21: $.about: stands in the tables and below them"),
    ],
)
def test_a_mistake_is_told_with_its_line_in_the_file(was: str, becomes: str, mistake: str) -> None:
    assert was in TEXT
    with pytest.raises(RunbookError) as told:
        read(TEXT.replace(was, becomes, 1))
    assert mistake in str(told.value)


def test_a_file_is_read_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "failover.md"
    path.write_text(TEXT)
    assert Runbook.read(path).name == "failover"
    with pytest.raises(RunbookError, match="not valid TOML"):
        read(TEXT, Path("failover.toml"))


async def test_a_run_of_it_is_gone_on_with_from_the_journal_alone(tmp_path: Path) -> None:
    async with memory_session(tmp_path, name="in-markdown") as (session, _):
        run = await RunbookRun.begin(session, Says(), read(TEXT), {"who": "ann"}, "a test")
    async with memory_session(tmp_path, name="in-markdown") as (session, _):
        assert session.journal
        left = named(session.journal.records(), run.progress.id)
        assert left.runbook.table == read(TEXT).table
