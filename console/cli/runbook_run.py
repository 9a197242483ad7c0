"""A run of a runbook on the command line: who answers, and what is told."""

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import click

from console.change.document import event_document, plan_document
from console.change.plan import Plan
from console.change.run import Confirmation
from console.change.runbook import Runbook
from console.change.runbook.asking import Answer, Asks, Moment, Operator
from console.change.runbook.running import RunbookRun
from console.cli.change import numbered, stopped_by_signals
from console.cli.see import asked, say_json
from console.cli.settings import Mistake
from console.cli.words import print_event, print_plan
from console.cluster.text import clean
from console.ports.clusterfile import ClusterFile
from console.session import Session

ENDS = {"done": 0, "unwound": 0, "stopped": 3}
WAYS = {
    "go on": "take the cluster as it is now and go on",
    "again": "look again, and try the stage once more",
    "skip": "leave the stage out",
    "stop": "stop here; it can be gone on with later",
    "unwind": "stop, and undo in reverse what was done",
}
"""What each answer to a problem does."""


class Terminal:
    """Answers by the options of the command line, and otherwise asks on the terminal."""

    def __init__(self, reason: str, *, plans: bool, questions: bool = False, as_it_is: bool = False) -> None:
        self._reason = reason
        self._plans = plans
        """Yes to every plan."""
        self._questions = questions
        """Yes to every question, and whatever is to be done by hand counts as done: for a rehearsal."""
        self._as_it_is = as_it_is

    async def answer(self, asks: Asks) -> Answer:
        """The cluster's name was given for every plan; all else is asked, where somebody is there."""
        if asks.kind == "plan" and asks.plan:
            return await self._planned(asks.plan, asks.words)
        if asks.kind == "problem":
            return await self._solved(asks)
        question = partial(click.confirm, clean(asks.says, limit=1000), default=False, err=True)
        yes = self._questions or await asked(question)
        return Answer(way="go on" if yes else "stop")

    async def _planned(self, plan: Plan, words: str | None) -> Answer:
        confirmation = Confirmation(self._reason, words=words, again=True)
        if self._plans:
            return Answer(way="go on", confirmation=confirmation)
        print_plan(plan)
        wanted = words or "yes"
        said = await _typed(f"type {wanted} to go on, `skip`, or `stop`")
        if said == "skip":
            return Answer(way="skip", reason=await _typed("why is it skipped"))
        return Answer(way="go on", confirmation=confirmation) if said == wanted else Answer(way="stop")

    async def _solved(self, asks: Asks) -> Answer:
        if self._as_it_is and "go on" in asks.ways:
            self._as_it_is = False  # what it was like when somebody said so, and not what comes later
            return Answer(way="go on")
        if self._plans or not sys.stdin.isatty():
            return Answer(way="stop")
        way = await asked(partial(numbered, "what now", {way: WAYS[way] for way in asks.ways}, "stop"))
        return Answer(way=way, reason=await _typed("why is it skipped") if way == "skip" else "")


async def _typed(asks: str) -> str:
    return str(await asked(partial(click.prompt, asks, err=True)))


def check_answers(found: Runbook, file: ClusterFile, confirm: str | None) -> None:
    """Whether everything that is asked on the way can be answered. Raises Mistake."""
    asks = confirm is None or any(stage.asks for stage in found.table.stages)
    if asks and not sys.stdin.isatty():
        raise Mistake(f"{found.name} asks on the way, and there is no terminal; --confirm {file.table.name} says yes")
    if confirm is not None and confirm != file.table.name:
        raise Mistake(f"--confirm {confirm}: expected the cluster's name, {file.table.name}")


async def gone_through(
    session: Session, operator: Operator, begun: Callable[[Session, Operator], Awaitable[RunbookRun]], as_json: bool
) -> RunbookRun:
    """The run, when it has ended or stopped; every moment told as it comes."""
    await session.look()
    gone = await begun(session, operator)
    with stopped_by_signals(gone.stop):
        async for moment in gone.go():
            _tell(moment, gone, as_json)
    return gone


def _tell(moment: Moment, gone: RunbookRun, as_json: bool) -> None:
    if as_json:
        where = {"runbook_run": gone.progress.id, "kind": moment.kind, "says": moment.says}
        where["stage"] = moment.task.key if moment.task else ""
        more: dict[str, Any] = {}
        if moment.event:
            more["event"] = event_document(moment.event)
        if moment.plan:
            more["plan"] = plan_document(moment.plan)
        say_json({**where, **more})
    elif moment.event:
        print_event(moment.event)
    elif check := moment.check:
        click.echo(f"  {'ok' if check.ok else 'NOT'}  {clean(check.says)}: {clean(check.value, limit=1000)}")
    elif moment.kind == "stage" and moment.task:
        click.echo(f"{moment.task.key}  {clean(moment.task.title)}")
        for line in moment.says.splitlines():  # several paragraphs, where a runbook has that many words
            click.echo(f"  {clean(line, limit=1000)}".rstrip())
    elif moment.kind != "plan":
        click.echo(f"  {moment.kind}: {clean(moment.says, limit=1000)}")
