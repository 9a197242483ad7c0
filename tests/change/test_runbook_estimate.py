"""How long a runbook will take, told from the journal: earlier runs of it, and its actions by themselves."""

from dataclasses import replace
from pathlib import Path

from console.change.runbook import Runbook
from console.change.runbook.estimate import Took, estimate
from tests.change.memory_session import memory_session
from tests.change.runbook_records import Told

TEXT = """
title = "Patch"
purpose = "a test"

[[stages]]
name = "all is well"
check = "every app server serves"

[[stages]]
name = "in turn"
each = "each app server"

  [[stages.stages]]
  name = "restart"
  action = "restart"
  on = "{target}"

  [[stages.stages]]
  name = "look at it"
  manual = "Look at {target}."

[[stages]]
name = "hand over"
action = "step-down"
on = "primary"
"""
RUNBOOK = Runbook.decode("patch", TEXT, Path("patch.toml"))


def one_run(told: Told, id: str, restart_s: float) -> Told:
    """Of two servers, done but for the last stage."""
    told.begin(id, "patch", TEXT).stage(id, "1", 0.1).runbook(id, "targets", stage="2", targets=["app1", "app2"])
    for name in ("app1", "app2"):
        told.stage(id, f"2/{name}/1", restart_s).stage(id, f"2/{name}/2", 60)
    return told


def test_a_stage_takes_what_it_took_before_in_the_median() -> None:
    told = one_run(one_run(Told(), "a", 10), "b", 30)
    restart = estimate(told.records, RUNBOOK).stages[1]
    assert (restart.key, restart.took, restart.elsewhere) == ("2.1", Took(10, 20, 30, 4), False)
    assert restart.says == "20 s (10 s to 30 s, 4 times before)"


def test_the_whole_is_the_sum_times_the_targets_and_says_how_much_of_it_is_known() -> None:
    found = estimate(one_run(Told(), "a", 10).records, RUNBOOK)
    assert (found.known, len(found.stages)) == (3, 4)
    assert round(found.median_s, 1) == 0.1 + 2 * (10 + 60)
    assert found.says == "2 min, by what 3 of 4 stages took before; the others are not known"
    assert found.stages[3].says == "not known"


async def test_targets_are_counted_in_the_snapshot_where_there_is_one(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        found = estimate(one_run(Told(), "a", 10).records, RUNBOOK, session.snapshot)
    assert found.stages[1].times == 3


def test_an_action_that_was_never_done_here_takes_what_it_took_by_itself() -> None:
    told = one_run(Told(), "a", 10).action("r1", "step-down", "db1", 4).action("r2", "step-down", "db2", 90, "failed")
    step_down = estimate(told.records, RUNBOOK).stages[3]
    assert (step_down.took, step_down.says) == (Took(4, 4, 4, 1), "4 s (once before), as step-down by itself")
    assert step_down.times is None, "nobody has counted yet whom `primary` names"


def test_nothing_is_made_up_where_there_is_no_history() -> None:
    found = estimate([], RUNBOOK)
    assert (found.known, found.says) == (0, "not known: nothing of it was done before")


def test_what_was_skipped_or_failed_or_paused_is_no_sample() -> None:
    told = Told().begin("a", "patch", TEXT).stage("a", "1", 5, "failed").stage("a", "1", 5, "skipped")
    told.runbook("a", "reached", stage="1").after(300).runbook("a", "paused").runbook(
        "a", "ended", stage="1", outcome="done"
    )
    assert estimate(told.records, RUNBOOK).stages[0].took is None


def test_a_stage_that_was_another_one_in_an_earlier_version_is_no_sample() -> None:
    was = TEXT.replace('check = "every app server serves"', 'wait = "every app server serves"')
    told = Told().begin("a", "patch", was).stage("a", "1", 99)
    told.begin("b", "other", TEXT).stage("b", "1", 99)
    assert estimate(told.records, RUNBOOK).stages[0].took is None


def test_a_rehearsal_on_another_cluster_says_nothing_where_a_cluster_is_named() -> None:
    records = one_run(Told("lab"), "a", 10).records
    assert estimate(records, RUNBOOK, cluster="prod").known == 0
    assert estimate(records, RUNBOOK, cluster="lab").known == 3


def test_a_record_that_was_changed_is_no_sample() -> None:
    records = [
        replace(record, corrupt="changed") if record.kind == "runbook.ended" else record
        for record in one_run(Told(), "a", 10).records
    ]
    assert estimate(records, RUNBOOK).known == 0
