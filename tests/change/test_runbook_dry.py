"""A whole runbook planned beforehand, each stage on what the one before would leave."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from console.change.action import Value
from console.change.runbook import Runbook
from console.change.runbook.dry import DryStage, dry_run, together
from console.change.runbook.shelf import BUNDLED, runbook_named, runbook_paths
from console.cluster.whatif import Grade
from tests.change.memory_session import memory_session

TWICE = """
title = "Out, and out again"
purpose = "a test"

[[stages]]
name = "look"
check = "every app server serves"

[[stages]]
name = "out"
action = "drain"
on = "app1"

[[stages]]
name = "and one more"
action = "drain"
on = "app2"

[[stages]]
name = "all serve"
check = "every app server serves"

[[stages]]
name = "by hand"
manual = "Look at {who}."

[[parameters]]
name = "who"
"""


async def dry(tmp_path: Path, runbook: Runbook, given: Mapping[str, Value]) -> list[DryStage]:
    async with memory_session(tmp_path) as (session, world):
        for node in runbook.table.rehearsal.breaks:
            world.kill(node)
        if runbook.table.rehearsal.until == "no primary":
            world.primary = None
        snapshot = await session.look(*(node.name for node in session.file.table.nodes))
        return list(dry_run(runbook, runbook.rehearsed(given, snapshot), snapshot, session.plan_in))


async def test_a_stage_is_planned_on_what_the_one_before_would_leave(tmp_path: Path) -> None:
    stages = await dry(tmp_path, Runbook.decode("twice", TWICE, Path("twice.toml")), {"who": "app1"})
    assert [(stage.key, stage.word) for stage in stages] == [
        ("1", "ok"),
        ("2", "ok"),
        ("3", "ok"),
        ("4", "refused"),
        ("5", "not reached"),
    ]
    assert "2 of 3 application servers keep serving" in stages[1].says
    assert "1 of 3 application servers keep serving" in stages[2].says
    assert stages[3].says == "every application server serves: 1 of 3, not app1, app2, must be all, seen within 5 s"


async def test_several_changes_are_weighed_together_at_their_worst(tmp_path: Path) -> None:
    stages = await dry(tmp_path, Runbook.decode("twice", TWICE, Path("twice.toml")), {"who": "app1"})
    whole = together(stages)
    assert whole is not None
    assert whole.grade is Grade.DEGRADED
    assert [one.serving for one in (whole.before, whole.after, whole.after_one_more)] == [3, 1, 0]
    assert together(stages[:2]) is None


async def test_what_is_rolled_over_one_after_the_other_is_at_its_worst_with_one_out(tmp_path: Path) -> None:
    whole = together(await dry(tmp_path, runbook_named("rolling-patch", BUNDLED), {}))
    assert whole is not None
    assert (whole.before.serving, whole.before.votes_up) == (3, 3)
    assert (whole.after.serving, whole.after.votes_up) == (3, 2)


async def test_what_is_done_already_and_what_is_asked_are_told_apart(tmp_path: Path) -> None:
    text = TWICE.replace('on = "app2"', 'on = "app1"').replace(
        'check = "every app server serves"', 'check = "one primary"'
    )
    stages = await dry(tmp_path, Runbook.decode("twice", text, Path("twice.toml")), {"who": "app1"})
    assert [stage.word for stage in stages] == ["ok", "ok", "so already", "ok", "asked"]
    assert stages[4].says == "Look at app1."


async def test_a_target_that_is_not_there_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    text = TWICE.replace('on = "app2"', 'on = "ap2"')
    stages = await dry(tmp_path, Runbook.decode("twice", text, Path("twice.toml")), {"who": "app1"})
    assert stages[2].word == "refused"
    assert "did you mean 'app2'?" in stages[2].says or "'app2'" in stages[2].says


@pytest.mark.parametrize("name", sorted(runbook_paths(BUNDLED)))
async def test_every_bundled_runbook_could_go_to_its_end_where_it_is_meant_for(tmp_path: Path, name: str) -> None:
    stages = await dry(tmp_path, runbook_named(name, BUNDLED), {})
    assert [(stage.key, stage.says) for stage in stages if stage.word in ("refused", "not reached")] == []
    assert stages[-1].word in ("ok", "asked")


async def test_nothing_is_done_by_it(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        snapshot = await session.look(*(node.name for node in session.file.table.nodes))
        runbook = runbook_named("rolling-patch", BUNDLED)
        assert len(dry_run(runbook, runbook.values({}), snapshot, session.plan_in)) == 16
        assert world.commands == []
