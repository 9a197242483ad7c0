"""What may be said to a plan or a question beside yes and no: that it is made anew, or that all is undone."""

from pathlib import Path

from console.change.runbook.asking import Answer, Asks
from tests.change.memory_session import memory_session
from tests.change.runbook_operator import Says, begun, followed, told
from tests.change.test_runbook_running import TEXT, VALUES


class Answers(Says):
    """Says yes, but for the first time that a stage asks."""

    def __init__(self, first: dict[str, Answer]) -> None:
        super().__init__()
        self._first = first
        self.plans: list[str] = []

    async def answer(self, asks: Asks) -> Answer:
        if asks.plan is not None:
            self.plans.append(asks.plan.hash)
        found = self._first.pop(asks.task.key, None)
        assert found is None or found.way in asks.ways
        return found or await super().answer(asks)


async def test_a_plan_that_is_asked_about_is_made_anew_on_a_fresh_look(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):

        class Changes(Answers):
            async def answer(self, asks: Asks) -> Answer:
                if asks.task.key == "2/app1/1" and not self.plans:
                    for balancer in world.balancers.values():
                        balancer.weights |= {place: 7 for place in balancer.weights if place[1] == "app1"}
                return await super().answer(asks)

        operator = Changes({"2/app1/1": Answer(way="again")})
        _, moments = await followed(await begun(session, operator, TEXT, VALUES))
        assert told(moments, "plan")[:2] == ["2/app1/1", "2/app1/1"]
        assert operator.plans[0] != operator.plans[1]
        assert told(moments, "finished")


async def test_a_plan_that_is_so_already_when_it_is_made_anew_needs_no_yes(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):

        class Does(Answers):
            async def answer(self, asks: Asks) -> Answer:
                if asks.task.key == "2/app1/1":
                    for balancer in world.balancers.values():
                        balancer.weights |= {place: 0 for place in balancer.weights if place[1] == "app1"}
                return await super().answer(asks)

        operator = Does({"2/app1/1": Answer(way="again")})
        _, moments = await followed(await begun(session, operator, TEXT, VALUES))
        assert told(moments, "plan").count("2/app1/1") == 1
        assert "2/app1/1" in told(moments, "done")


async def test_a_question_may_be_answered_by_undoing_all_that_was_done(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        operator = Answers({"2/app1/2": Answer(way="unwind")})
        run, moments = await followed(await begun(session, operator, TEXT, VALUES))
        assert told(moments, "unwinding")
        assert run.progress.outcome == "unwound"
        assert {world.balancers["lb1"].weights[place] for place in world.balancers["lb1"].weights} == {100}


async def test_a_plan_may_be_answered_by_undoing_all_that_was_done(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        operator = Answers({"2/app1/3": Answer(way="unwind")})
        run, _ = await followed(await begun(session, operator, TEXT, VALUES))
        assert run.progress.outcome == "unwound"
