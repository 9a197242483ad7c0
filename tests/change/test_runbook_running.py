"""A runbook on a cluster in memory: gone through, stopped, skipped, and gone on with after the end of its console."""

from pathlib import Path

import pytest

from console.change.plan import PlanError
from console.change.run import Confirmation
from console.change.runbook import Runbook
from console.change.runbook.asking import Moment, Task
from console.change.runbook.progress import named, progress
from console.change.runbook.running import RunbookRun
from console.session import Session
from tests.change.memory_session import memory_session
from tests.change.runbook_operator import Says, begun, followed, told

TEXT = """
title = "Out and in again"
purpose = "a test"

[[parameters]]
name = "weight"
type = "integer"

[[stages]]
name = "all is well"
check = "every app server serves"

[[stages]]
name = "in turn"
each = "each app server"

  [[stages.stages]]
  name = "out"
  action = "set-weight"
  on = "{target}"
  with = { weight = "{weight}" }

  [[stages.stages]]
  name = "by hand"
  manual = "Look at {target}."

  [[stages.stages]]
  name = "in"
  action = "set-weight"
  on = "{target}"
"""
VALUES = {"weight": 0}


async def gone(session: Session, operator: Says, id: str = "") -> tuple[RunbookRun, list[Moment]]:
    """The run, new or gone on with, until it ends or stops."""
    run = await (RunbookRun.resume(session, operator, id) if id else begun(session, operator, TEXT, VALUES))
    return await followed(run)


async def test_every_stage_is_gone_through_for_one_target_after_the_other(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        operator = Says()
        run, moments = await gone(session, operator)
        assert told(moments, "done") == [
            "1",
            *(f"2/{name}/{n}" for name in ("app1", "app2", "app3") for n in (1, 2, 3)),
        ]
        assert told(moments, "finished") == ["Out and in again: done"]
        assert "2/app2/2: Look at app2." in operator.asked
        assert [line for line in world.commands if line.startswith("lb1: set server app/app2 weight")] == [
            "lb1: set server app/app2 weight 0",
            "lb1: set server app/app2 weight 100",
        ]
        assert run.progress.outcome == "done"


async def test_no_stops_it_and_it_goes_on_where_it_was(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        first, moments = await gone(session, Says(lambda task: task.key != "2/app2/2"))
        [says] = told(moments, "stopped")
        assert says == (
            f"by hand: app2: stopped by its operator; `watchkeeper runbook resume {first.progress.id}` goes on"
        )
        operator = Says()
        _, moments = await gone(session, operator, first.progress.id)
        assert told(moments, "done")[0] == "2/app2/2"
        assert told(moments, "finished")
        assert not [asked for asked in operator.asked if "app1" in asked], "what was done is not asked again"


async def test_a_stage_may_be_skipped_with_a_reason_that_the_journal_keeps(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        run, moments = await gone(session, Says(lambda task: "it is away" if task.key == "2/app3/1" else True))
        assert told(moments, "skipped") == ["2/app3/1"], "and what is so already needs no yes"
        assert run.progress.outcome == "done"
        assert session.journal
        [again] = progress(session.journal.records())
        assert (again.ended["2/app3/1"], again.outcome) == ("skipped", "done")


async def test_a_world_that_changed_on_the_way_stops_it_with_the_difference(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):

        def two_die(task: Task) -> bool:
            if task.key == "2/app2/1":
                world.kill("app1")
                world.kill("app3")
            return True

        _, moments = await gone(session, Says(two_die))
        [says] = told(moments, "stopped")
        assert "out: app2: another server serves in every pool without app2: 0 others serving" in says


async def test_another_console_goes_on_after_the_first_one_was_killed(tmp_path: Path) -> None:
    async with memory_session(tmp_path, name="killed") as (session, _):
        run = await begun(session, Says(), TEXT, VALUES)
        async for moment in run.go():
            if moment.kind == "done" and moment.task and moment.task.key == "2/app1/1":
                break  # nobody follows any more: as a kill would leave it
    async with memory_session(tmp_path, name="killed") as (session, _):
        assert session.journal
        left = named(session.journal.records(), run.progress.id)
        assert (left.outcome, left.passed("2/app1/1"), left.targets["2"]) == ("", True, ("app1", "app2", "app3"))
        _, moments = await gone(session, Says(), run.progress.id)
        assert told(moments, "done")[0] == "2/app1/2"
        assert told(moments, "finished")


async def test_a_change_that_was_interrupted_does_not_send_the_one_before_it_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path, name="between") as (session, world):
        run = await begun(session, Says(), TEXT, VALUES)
        async for moment in run.go():
            if moment.event and moment.task and moment.task.key == "2/app1/3" and moment.event.kind == "doing":
                break  # app1 has its weight again, and the journal does not know it yet
        assert session.run
        session.run.stop("a test")
        await session.run.finished()
    async with memory_session(tmp_path, name="between") as (session, world):
        world.commands.clear()
        _, moments = await gone(session, Says(), run.progress.id)
        assert not [moment.says for moment in moments if moment.kind == "check" and not moment.task]
        assert [line for line in world.commands if "app/app1 weight 0" in line] == []


async def test_what_somebody_undid_meanwhile_is_gone_through_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        first, _ = await gone(session, Says(lambda task: task.key != "2/app1/3"))
        back = session.start(session.plan("set-weight", "app1"), Confirmation("somebody else"))
        await back.finished()
        _, moments = await gone(session, Says(), first.progress.id)
        [again] = [moment.says for moment in moments if moment.kind == "check" and not moment.task]
        assert again.startswith("Give app1 weight 0 (stage 2/app1/1) does not hold any more: ")
        assert told(moments, "done")[:3] == ["2/app1/1", "2/app1/2", "2/app1/3"], "and what was looked at then, too"


async def test_a_run_that_has_finished_is_not_gone_on_with(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        run, _ = await gone(session, Says())
        with pytest.raises(PlanError, match="there is nothing to go on with"):
            await RunbookRun.resume(session, Says(), run.progress.id)


async def test_a_check_that_does_not_hold_stops_it_with_the_value_and_the_limit(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kill("app2")
        _, moments = await gone(session, Says())
        [says] = told(moments, "stopped")
        assert says.startswith("all is well: every application server serves: 2 of 3, not app2, must be all")


@pytest.mark.parametrize("path", sorted(Path("console/runbooks").glob("*.toml")), ids=lambda path: path.stem)
def test_every_bundled_runbook_is_right_and_says_what_it_will_not_do(path: Path) -> None:
    table = Runbook.read(path).table
    assert table.use_when
    assert table.not_when
    assert table.will_not
