"""Runbooks: list, show, run and resume."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import click

from console.change.document import event_document, plan_document
from console.change.journal import FILE, Journal, Record
from console.change.plan import Plan
from console.change.run import Confirmation
from console.change.runbook import Runbook
from console.change.runbook.approving import answer
from console.change.runbook.asking import Answer, Asks, Moment
from console.change.runbook.estimate import estimate
from console.change.runbook.progress import Progress, named, progress
from console.change.runbook.report import report
from console.change.runbook.running import RunbookRun
from console.change.runbook.schema import encoded
from console.change.runbook.shelf import runbook_named, runbook_paths
from console.cli.change import stopped_by_signals
from console.cli.runbook_words import described
from console.cli.see import open_session, say_json
from console.cli.settings import Mistake, settings, shared
from console.cli.words import print_event, print_plan
from console.cluster.snapshot import Approval
from console.cluster.text import clean
from console.ports.protocols import Refused, Unclear
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


@click.group()
def runbook() -> None:
    """Guided maintenance: stages that are planned when they are reached, resumed where they ended."""


@runbook.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a runbook.")
@shared
def list_runbooks(as_json: bool) -> None:
    """The runbooks that there are, bundled and yours."""
    for name, path in runbook_paths(settings().config_dir).items():
        found = Runbook.read(path)
        if as_json:
            say_json({"name": name, "title": found.table.title, "purpose": found.table.purpose, "path": str(path)})
        else:
            click.echo(f"{name:<18}{found.table.title}")


@runbook.command()
@click.argument("name")
@shared
def show(name: str) -> None:
    """What a runbook is for, what it will not do, every stage, and how long they took before."""
    found = runbook_named(name, settings().config_dir)
    for line in described(found, estimate(_records(), found)):
        click.echo(clean(line, limit=1000))


@runbook.command()
@click.argument("name")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the runbook.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the journal.")
@click.option("--confirm", metavar="CLUSTER", help="Say yes to every stage's plan by the cluster's name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@shared
def run(name: str, params: tuple[str, ...], reason: str, confirm: str | None, as_json: bool) -> None:
    """Go through a runbook; without a terminal only where no stage asks anything."""
    found = runbook_named(name, settings().config_dir)
    values = found.values(dict(_param(text) for text in params))
    if not reason.strip():
        raise Mistake("--reason: expected a few words; they stand in the journal")

    async def begun(session: Session, operator: "_Terminal") -> RunbookRun:
        found.check_names(values, session.snapshot)
        return await RunbookRun.begin(session, operator, found, found.path.read_text(), values, reason)

    raise click.exceptions.Exit(asyncio.run(_go(found, begun, reason, confirm, as_json)))


@runbook.command()
@click.argument("run_id", metavar="RUN", default="")
@click.option("--confirm", metavar="CLUSTER", help="Say yes to every stage's plan by the cluster's name.")
@click.option("--as-it-is", is_flag=True, help="Take the cluster as it is now, though it is worse than it was.")
@click.option("--unwind", is_flag=True, help="Undo in reverse what was done, instead of going on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@shared
def resume(run_id: str, confirm: str | None, as_it_is: bool, unwind: bool, as_json: bool) -> None:
    """Go on where a run of a runbook ended, here or in another console; without RUN, tell which have not finished."""
    journal = Journal.open(settings().state_dir, settings().file().table.name, read_only=True)
    try:
        if not run_id:
            for one in progress(journal.records()):
                if not one.over:
                    click.echo(one.says)
            return
        left: Progress = named(journal.records(), run_id)
    finally:
        journal.close()

    async def begun(session: Session, operator: "_Terminal") -> RunbookRun:
        gone = await RunbookRun.resume(session, operator, run_id)
        if unwind:
            gone.unwind("the command line")
        return gone

    raise click.exceptions.Exit(asyncio.run(_go(left.runbook, begun, left.reason, confirm, as_json, as_it_is)))


@runbook.command()
@click.argument("run_id", metavar="RUN")
@click.option("--no", "refuses", is_flag=True, help="Say no instead.")
@shared
def approve(run_id: str, refuses: bool) -> None:
    """Agree, as another operator, to what a run of a runbook waits for."""

    async def answered() -> Approval:
        async with open_session(settings().file(), read_only=settings().read_only) as session:
            return await answer(session, run_id, agrees=not refuses)

    try:
        found = asyncio.run(answered())
    except (Refused, Unclear) as problem:
        raise Mistake(f"it cannot be answered: {problem}") from None
    click.echo(f"{'no' if refuses else 'yes'} to {found.owner}: {clean(found.says, limit=1000)}")


@runbook.command(name="schema")
def print_schema() -> None:
    """The JSON Schema of a runbook file, for editors; a file names it on its first line: `#:schema ./FILE`."""
    click.echo(encoded(), nl=False)


@runbook.command(name="report")
@click.argument("run_id", metavar="RUN")
@shared
def report_run(run_id: str) -> None:
    """The evidence of a run as Markdown, from the journal alone, at any later time."""
    journal = Journal.open(settings().state_dir, "", read_only=True)
    try:
        click.echo(report(list(journal.records()), run_id), nl=False)
    finally:
        journal.close()


class _Terminal:
    """Answers by the options of the command line, and otherwise asks on the terminal."""

    def __init__(self, reason: str, confirm: str | None, as_it_is: bool) -> None:
        self._reason = reason
        self._yes = confirm is not None
        self._as_it_is = as_it_is

    async def answer(self, asks: Asks) -> Answer:
        """The cluster's name was given for every plan; all else is asked, where somebody is there."""
        if asks.kind == "plan" and asks.plan:
            return await self._planned(asks.plan)
        if asks.kind == "problem":
            return await self._solved(asks)
        yes = await asyncio.to_thread(click.confirm, clean(asks.says, limit=1000), default=False, err=True)
        return Answer(way="go on" if yes else "stop")

    async def _planned(self, plan: Plan) -> Answer:
        confirmation = Confirmation(self._reason, words=plan.confirm_words, again=True)
        if self._yes:
            return Answer(way="go on", confirmation=confirmation)
        print_plan(plan)
        wanted = plan.confirm_words or "yes"
        said = await _typed(f"type {wanted} to go on, `skip`, or `stop`")
        if said == "skip":
            return Answer(way="skip", reason=await _typed("why is it skipped"))
        return Answer(way="go on", confirmation=confirmation) if said == wanted else Answer(way="stop")

    async def _solved(self, asks: Asks) -> Answer:
        if self._as_it_is and "go on" in asks.ways:
            self._as_it_is = False  # what it was like when somebody said so, and not what comes later
            return Answer(way="go on")
        if self._yes or not sys.stdin.isatty():
            return Answer(way="stop")
        for way in asks.ways:
            click.echo(f"  {way:<7} {WAYS[way]}", err=True)
        choice = click.Choice(list(asks.ways))
        way = await asyncio.to_thread(click.prompt, "what now", type=choice, default="stop", err=True)
        return Answer(way=way, reason=await _typed("why is it skipped") if way == "skip" else "")


async def _typed(asks: str) -> str:
    return str(await asyncio.to_thread(click.prompt, asks, err=True))


async def _go(
    found: Runbook,
    begun: Callable[[Session, _Terminal], Any],
    reason: str,
    confirm: str | None,
    as_json: bool,
    as_it_is: bool = False,
) -> int:
    file = settings().file()
    asks = confirm is None or any(stage.asks for stage in found.table.stages)
    if asks and not sys.stdin.isatty():
        raise Mistake(f"{found.name} asks on the way, and there is no terminal; --confirm {file.table.name} says yes")
    if confirm is not None and confirm != file.table.name:
        raise Mistake(f"--confirm {confirm}: expected the cluster's name, {file.table.name}")
    async with open_session(file, read_only=settings().read_only) as session:
        await session.look()
        gone = await begun(session, _Terminal(reason, confirm, as_it_is))
        with stopped_by_signals(gone.stop):
            async for moment in gone.go():
                _tell(moment, gone, as_json)
        return ENDS[gone.progress.outcome]


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
        if moment.says:
            click.echo(f"  {clean(moment.says, limit=1000)}")
    elif moment.kind != "plan":
        click.echo(f"  {moment.kind}: {clean(moment.says, limit=1000)}")


def _records() -> list[Record]:
    """Of the journal; none where there is no journal yet."""
    if not (settings().state_dir / FILE).exists():
        return []
    journal = Journal.open(settings().state_dir, "", read_only=True)
    try:
        return list(journal.records())
    finally:
        journal.close()


def _param(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Mistake(f"--param {text}: expected NAME=VALUE")
    return name, value
