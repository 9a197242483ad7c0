"""An operator for the tests of runbooks, and a runbook's run as they follow it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from console.change.action import Value
from console.change.run import Confirmation
from console.change.runbook import Runbook
from console.change.runbook.asking import Answer, Asks, Moment, Task
from console.change.runbook.running import RunbookRun
from console.session import Session


class Says:
    """An operator who says yes, and does what a test wants at a task; to a problem, that it stops."""

    def __init__(
        self,
        at: Callable[[Task], str | bool] = lambda task: True,
        solved: Callable[[Asks], Answer] = lambda asks: Answer(way="stop"),
    ) -> None:
        self._at = at
        self._solved = solved
        self.asked: list[str] = []
        self.problems: list[Asks] = []

    async def answer(self, asks: Asks) -> Answer:
        if asks.kind == "problem":
            self.problems.append(asks)
            return self._solved(asks)
        self.asked.append(asks.task.key if asks.kind == "plan" else f"{asks.task.key}: {asks.says}")
        said = self._at(asks.task)
        if isinstance(said, str):
            return Answer(way="skip", reason=said)
        words = asks.plan.confirm_words if asks.plan else None
        confirmation = Confirmation("a test", words=words, again=True)
        return Answer(way="go on", confirmation=confirmation) if said else Answer(way="stop")


async def begun(session: Session, operator: Says, text: str, values: Mapping[str, Value] | None = None) -> RunbookRun:
    """A new run, not on its way yet."""
    runbook = Runbook.decode("turns", text, Path("turns.toml"))
    return await RunbookRun.begin(session, operator, runbook, values or {}, "a test")


async def followed(
    run: RunbookRun, at: Callable[[RunbookRun, Moment], None] = lambda run, moment: None
) -> tuple[RunbookRun, list[Moment]]:
    """It, and its moments until it ended or stopped; `at` is told each of them as it comes."""
    moments = []
    async for moment in run.go():
        moments.append(moment)
        at(run, moment)
    return run, moments


def told(moments: list[Moment], kind: str) -> list[str]:
    """The stages, or the words, of the moments of a kind."""
    return [moment.task.key if moment.task else moment.says for moment in moments if moment.kind == kind]
