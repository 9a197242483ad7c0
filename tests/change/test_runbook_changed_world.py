"""A runbook whose world is not as it should be, or whose operator wants otherwise: asked, paused, unwound, approved."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from console.change.events import Outcome
from console.change.plan import PlanError
from console.change.run import Confirmation
from console.change.runbook import approving, stage
from console.change.runbook.asking import Answer, Asks, Moment, Task
from console.change.runbook.progress import named
from console.change.runbook.running import RunbookRun
from console.change.turn import owner
from console.cluster.snapshot import Admin
from console.session import Session
from plugins.memory import World
from tests.change.memory_session import memory_session
from tests.change.runbook_operator import Says, begun, followed, told
from tests.change.test_runbook_running import TEXT, VALUES

DRAINS = """
title = "Drained one by one"
purpose = "a test"

[[stages]]
name = "out"
action = "drain"
on = "app1"

[[stages]]
name = "weigh"
action = "set-weight"
on = "app2"
with = { weight = 40 }

[[stages]]
name = "by hand"
manual = "Look at app1."

[[stages]]
name = "in"
action = "ready"
on = "app1"
"""
APPROVED = """
title = "Weighed by two"
purpose = "a test"

[[stages]]
name = "weigh"
action = "set-weight"
on = "app2"
with = { weight = 40 }
approval = true
"""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is worse is asked about at once."""
    monkeypatch.setattr(stage, "SETTLES_WITHIN_S", 0.0)
    monkeypatch.setattr(approving, "LOOK_EVERY_S", 0.02)


def dies_at(world: World, key: str, *names: str) -> Callable[[Task], bool]:
    """Says yes, and lets them die when that stage asks."""

    def answer(task: Task) -> bool:
        if task.key == key:
            for name in names:
                world.kill(name)
        return True

    return answer


def unwinds(kind: str, key: str) -> Callable[[RunbookRun, Moment], None]:
    """Wants everything undone when that stage tells this."""

    def at(run: RunbookRun, moment: Moment) -> None:
        if moment.kind == kind and moment.task and moment.task.key == key:
            run.unwind("ann")

    return at


async def test_a_server_that_died_on_the_way_stops_it_at_the_next_stage_with_the_difference(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        operator = Says(dies_at(world, "2", "app3"))
        run, moments = await followed(await begun(session, operator, DRAINS))
        [asks] = operator.problems
        assert asks.task.key == "4", "what is done by hand is not held against the world"
        [difference] = asks.differences
        assert difference.startswith("app3 was: serves, is: ready, ")
        assert asks.ways == ("go on", "again", "skip", "stop", "unwind")
        [says] = told(moments, "stopped")
        assert says == "in: the cluster is otherwise than the stage before left it: " + (
            f"{difference}; `watchkeeper runbook resume {run.progress.id}` goes on"
        )


async def test_somebody_else_who_drains_a_server_is_seen_and_what_the_runbook_did_itself_is_not(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):

        def drained_elsewhere(task: Task) -> bool:
            if task.key == "3":
                for balancer in world.balancers.values():
                    balancer.admins |= {p: Admin.DRAIN for p in balancer.admins if p[1] == "app3"}
            return True

        operator = Says(drained_elsewhere)
        await followed(await begun(session, operator, DRAINS))
        assert operator.problems[0].differences == ("app3 was: serves, is: drain, up",)


async def test_the_world_may_be_taken_as_it_is_and_it_goes_on(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        operator = Says(dies_at(world, "2", "app3"), lambda asks: Answer(way="go on"))
        run, _ = await followed(await begun(session, operator, DRAINS))
        assert (run.progress.outcome, len(operator.problems)) == ("done", 1)


async def test_whoever_leaves_a_stage_out_for_a_difference_is_not_asked_about_it_again(tmp_path: Path) -> None:
    text = f'{DRAINS}\n[[stages]]\nname = "and out"\naction = "set-weight"\non = "app2"\n'
    async with memory_session(tmp_path) as (session, world):
        operator = Says(dies_at(world, "2", "app3"), lambda asks: Answer(way="skip", reason="app3 is scrap"))
        run, moments = await followed(await begun(session, operator, text))
        assert (told(moments, "skipped"), run.progress.outcome) == (["4"], "done")
        assert session.journal
        assert named(session.journal.records(), run.progress.id).seen["servers"]["app3"] != "serves"


async def test_a_difference_that_goes_away_again_needs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "SETTLES_WITHIN_S", 30.0)
    async with memory_session(tmp_path) as (session, world):

        def revived(run: RunbookRun, moment: Moment) -> None:
            if moment.kind == "stage" and moment.task and moment.task.key == "3":
                asyncio.get_running_loop().call_later(1.0, world.revive, "app3")

        operator = Says(dies_at(world, "2", "app3"))
        run, _ = await followed(await begun(session, operator, DRAINS), revived)
        assert (run.progress.outcome, operator.problems) == ("done", [])


async def test_whoever_resumes_is_told_of_the_difference_too(tmp_path: Path) -> None:
    async with memory_session(tmp_path, name="resumed") as (session, world):
        first, _ = await followed(await begun(session, Says(lambda task: task.key != "3"), DRAINS))
        assert first.progress.outcome == "stopped"
        world.kill("app3")
    async with memory_session(tmp_path, name="resumed") as (session, _):
        operator = Says()
        await followed(await RunbookRun.resume(session, operator, first.progress.id))
        assert operator.problems[0].differences[0].startswith("app3 was: serves")


YES = Confirmation("somebody else", again=True)
REPLACED = """
title = "One for another"
purpose = "a test"

[[stages]]
name = "out"
action = "remove-member"
on = "db3"

[[stages]]
name = "in"
action = "add-secondary"
on = "db4"

[[stages]]
name = "by hand"
manual = "Look."
"""


async def test_what_a_later_stage_went_on_from_still_holds_for_whoever_resumes(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.sync_s = 0.1
        first, _ = await followed(await begun(session, Says(lambda task: task.key != "3"), REPLACED))
        assert set(world.members) == {"db1", "db2", "db4"}
        run, moments = await followed(await RunbookRun.resume(session, Says(), first.progress.id))
        assert [moment.says for moment in moments if moment.kind == "check"] == []
        assert (told(moments, "done"), run.progress.outcome) == (["3"], "done"), told(moments, "stopped")


async def test_a_handover_is_an_event_and_not_asked_for_again_when_the_role_has_moved_on(tmp_path: Path) -> None:
    text = REPLACED.replace('action = "remove-member"\non = "db3"', 'action = "step-down"\non = "primary"')
    async with memory_session(tmp_path) as (session, world):
        world.sync_s = 0.1
        first, moments = await followed(await begun(session, Says(lambda task: task.key != "3"), text))
        assert told(moments, "done") == ["1", "2"], told(moments, "stopped")
        back = session.start(session.plan("step-down", world.primary or ""), YES)
        assert await back.finished() is Outcome.DONE, back.events[-1].says
        run, moments = await followed(await RunbookRun.resume(session, Says(), first.progress.id))
        assert (told(moments, "done"), run.progress.outcome) == (["3"], "done"), told(moments, "stopped")


async def test_a_problem_may_be_tried_again(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kill("app2")

        def mended(asks: Asks) -> Answer:
            world.revive("app2")
            return Answer(way="again")

        operator = Says(solved=mended)
        run, _moments = await followed(await begun(session, operator, TEXT, VALUES))
        assert operator.problems
        assert set(operator.problems[0].ways) == {"again", "skip", "stop", "unwind"}, "there is no difference to take"
        assert run.progress.outcome == "done"


async def test_a_check_that_does_not_hold_may_be_skipped_with_a_reason(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.kill("app2")
        operator = Says(solved=lambda asks: Answer(way="skip", reason="app2 is scrap"))
        _run, moments = await followed(await begun(session, operator, TEXT, VALUES))
        assert told(moments, "skipped")[0] == "1"
        assert session.journal
        reasons = [r.detail["says"] for r in session.journal.records() if r.detail.get("outcome") == "skipped"]
        assert reasons[0] == "app2 is scrap"


async def test_a_pause_lets_the_stage_end_and_waits_before_the_next(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):

        def paused(run: RunbookRun, moment: Moment) -> None:
            if moment.kind == "plan" and moment.task and moment.task.key == "1":
                run.pause()
            if moment.kind == "paused":
                assert run.paused
                run.carry_on()

        run, moments = await followed(await begun(session, Says(), DRAINS), paused)
        kinds = [(m.kind, m.task.key) for m in moments if m.task and m.kind in ("done", "paused", "continued")]
        assert kinds[:4] == [("done", "1"), ("paused", "2"), ("continued", "2"), ("done", "2")]
        assert run.progress.outcome == "done"


async def test_a_run_that_is_unwound_leaves_the_cluster_as_it_was(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run, moments = await followed(await begun(session, Says(), DRAINS), unwinds("done", "3"))
        assert run.progress.outcome == "unwound"
        assert told(moments, "done")[-2:] == ["back/2/app2", "back/1/app1"], "the newest first"
        assert (world.admins("app1"), world.weights("app2")) == ({Admin.READY}, {100})


async def test_what_was_taken_out_and_put_back_is_not_taken_out_by_unwinding(tmp_path: Path) -> None:
    text = f'{DRAINS}\n[[stages]]\nname = "no"\nmanual = "Look."\n'
    async with memory_session(tmp_path) as (session, _world):
        _, moments = await followed(await begun(session, Says(), text), unwinds("done", "4"))
        began = next(index for index, moment in enumerate(moments) if moment.kind == "unwinding")
        plans = [moment.says for moment in moments[began:] if moment.kind == "plan"]
        assert plans == ["Give app2 weight 100"], "app1 is ready already"


async def test_a_change_that_is_on_its_way_is_undone_by_its_own_undo(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        world.set_sessions("app1", 3)  # the drain waits for them

        def unwound(run: RunbookRun, moment: Moment) -> None:
            if moment.event and "session" in moment.event.says and not run.progress.unwinding:
                run.unwind("ann")

        run, _ = await followed(await begun(session, Says(), DRAINS), unwound)
        assert run.progress.outcome == "unwound"
        assert world.admins("app1") == {Admin.READY}
        assert session.unfinished() == []


async def test_what_cannot_be_undone_is_asked_about(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):

        def broken(run: RunbookRun, moment: Moment) -> None:
            unwinds("done", "3")(run, moment)
            if moment.kind == "unwinding":
                world.kill("app1")

        def solved(asks: Asks) -> Answer:
            return Answer(way="go on" if asks.differences else "skip", reason="app1 is scrap")

        operator = Says(solved=solved)
        run, moments = await followed(await begun(session, operator, DRAINS), broken)
        assert [asks.ways for asks in operator.problems][-1] == ("again", "skip", "stop"), "it is unwinding already"
        assert told(moments, "skipped") == ["back/1/app1"]
        assert run.progress.outcome == "unwound"


async def test_unwinding_is_gone_on_with_by_another_console(tmp_path: Path) -> None:
    async with memory_session(tmp_path, name="unwound") as (session, world):
        no = Says(lambda task: task.key != "back/1/app1")
        first, _ = await followed(await begun(session, no, DRAINS), unwinds("done", "3"))
        assert (first.progress.outcome, world.weights("app2")) == ("stopped", {100})
    async with memory_session(tmp_path, name="unwound") as (session, world):
        run, moments = await followed(await RunbookRun.resume(session, Says(), first.progress.id))
        assert told(moments, "done") == ["back/1/app1"]
        assert (run.progress.outcome, world.admins("app1")) == ("unwound", {Admin.READY})
        with pytest.raises(PlanError, match="there is nothing to go on with"):
            await RunbookRun.resume(session, Says(), first.progress.id)


class Second:
    """Another operator, who answers from a console of theirs as soon as they are asked."""

    def __init__(self, session: Session, monkeypatch: pytest.MonkeyPatch, by: str, *, agrees: bool) -> None:
        self._session = session
        self._patched = monkeypatch
        self._by = by
        self._agrees = agrees
        self.refused = ""

    async def follow(self, run: RunbookRun) -> list[Moment]:
        """The moments of the run, answered when it asks; stopped when the answer is not taken."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._answer(run))
            followed_ = both.create_task(followed(run))
        return followed_.result()[1]

    async def _answer(self, run: RunbookRun) -> None:
        async for snapshot in self._session.follow():
            if snapshot.approvals:
                break
        self._patched.setattr(approving, "owner", lambda: self._by)
        try:
            await approving.answer(self._session, run.progress.id, agrees=self._agrees)
        except PlanError as problem:
            self.refused = str(problem)
            run.stop("a test")


async def test_a_stage_for_two_waits_for_another_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = await begun(session, Says(), APPROVED)
        moments = await Second(session, monkeypatch, "bob@two", agrees=True).follow(run)
        says = [moment.says for moment in moments if moment.kind == "approval"]
        assert says[1] == "bob@two agrees"
        assert world.weights("app2") == {40}
        assert world.kept.approvals == {}, "nobody is asked any more"
        assert session.journal
        kinds = [record.kind for record in session.journal.records() if "app" in record.kind or "asked" in record.kind]
        assert kinds == ["runbook.asked", "approval.given", "runbook.approved"]


async def test_a_second_operator_who_says_no_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = await begun(session, Says(), APPROVED)
        moments = await Second(session, monkeypatch, "bob@two", agrees=False).follow(run)
        [says] = told(moments, "stopped")
        assert says.startswith("weigh: bob@two does not agree; ")
        assert world.weights("app2") == {100}


async def test_nobody_agrees_with_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = await begun(session, Says(), APPROVED)
        second = Second(session, monkeypatch, f"{owner().partition('@')[0]}@elsewhere", agrees=True)
        moments = await second.follow(run)
        assert "somebody else has to agree" in second.refused
        [says] = told(moments, "stopped")
        assert says.startswith("stopped by a test before weigh")
        assert world.weights("app2") == {100}
