"""Runbooks: list, show, run and resume."""

import asyncio
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from console.change.document import event_document, plan_document
from console.change.journal import Journal
from console.change.plan import Plan
from console.change.run import Confirmation
from console.change.runbook import Runbook, RunbookError
from console.change.runbook.format import StageTable
from console.change.runbook.progress import Progress, named, progress
from console.change.runbook.report import report
from console.change.runbook.running import Moment, RunbookRun, Task
from console.cli.change import stopped_by_signals
from console.cli.see import open_session, say_json
from console.cli.settings import Mistake, settings, shared
from console.cli.words import print_event, print_plan
from console.cluster.text import clean
from console.session import Session

ENDS = {"done": 0, "stopped": 3}
BUNDLED = Path(__file__).resolve().parent.parent / "runbooks"


@click.group()
def runbook() -> None:
    """Guided maintenance: stages that are planned when they are reached, resumed where they ended."""


@runbook.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a runbook.")
@shared
def list_runbooks(as_json: bool) -> None:
    """The runbooks that there are, bundled and yours."""
    for name, path in _paths().items():
        found = Runbook.read(path)
        if as_json:
            say_json({"name": name, "title": found.table.title, "purpose": found.table.purpose, "path": str(path)})
        else:
            click.echo(f"{name:<18}{found.table.title}")


@runbook.command()
@click.argument("name")
@shared
def show(name: str) -> None:
    """What a runbook is for, what it will not do, and every stage."""
    for line in _described(_named(name)):
        click.echo(line)


@runbook.command()
@click.argument("name")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the runbook.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the journal.")
@click.option("--confirm", metavar="CLUSTER", help="Say yes to every stage's plan by the cluster's name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@shared
def run(name: str, params: tuple[str, ...], reason: str, confirm: str | None, as_json: bool) -> None:
    """Go through a runbook; without a terminal only where no stage asks anything."""
    found = _named(name)
    values = found.values(dict(_param(text) for text in params))
    if not reason.strip():
        raise Mistake("--reason: expected a few words; they stand in the journal")

    async def begun(session: Session, operator: "_Terminal") -> RunbookRun:
        return await RunbookRun.begin(session, operator, found, found.path.read_text(), values, reason)

    raise click.exceptions.Exit(asyncio.run(_go(found, begun, reason, confirm, as_json)))


@runbook.command()
@click.argument("run_id", metavar="RUN", default="")
@click.option("--confirm", metavar="CLUSTER", help="Say yes to every stage's plan by the cluster's name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@shared
def resume(run_id: str, confirm: str | None, as_json: bool) -> None:
    """Go on where a run of a runbook ended, here or in another console; without RUN, tell which have not finished."""
    journal = Journal.open(settings().state_dir, settings().file().table.name, read_only=True)
    try:
        if not run_id:
            for one in progress(journal.records()):
                if one.outcome != "done":
                    click.echo(one.says)
            return
        left: Progress = named(journal.records(), run_id)
    finally:
        journal.close()

    async def begun(session: Session, operator: "_Terminal") -> RunbookRun:
        return await RunbookRun.resume(session, operator, run_id)

    raise click.exceptions.Exit(asyncio.run(_go(left.runbook, begun, left.reason, confirm, as_json)))


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

    def __init__(self, session: Session, reason: str, confirm: str | None) -> None:
        self._session = session
        self._reason = reason
        self._yes = confirm is not None

    async def confirm(self, task: Task, plan: Plan) -> Confirmation | str | None:
        """The cluster's name was given for all of them; else the plan is shown, and its words are asked for."""
        if self._yes:
            return Confirmation(self._reason, words=plan.confirm_words, again=True)
        print_plan(plan)
        wanted = plan.confirm_words or "yes"
        said = await asyncio.to_thread(click.prompt, f"type {wanted} to go on, `skip`, or `stop`", err=True)
        if said == "skip":
            return str(await asyncio.to_thread(click.prompt, "why is it skipped", err=True))
        return Confirmation(self._reason, words=plan.confirm_words, again=True) if said == wanted else None

    async def answer(self, task: Task, words: str) -> bool:
        """Always asked."""
        return bool(await asyncio.to_thread(click.confirm, clean(words, limit=1000), default=False, err=True))


async def _go(
    found: Runbook, begun: Callable[[Session, _Terminal], Any], reason: str, confirm: str | None, as_json: bool
) -> int:
    file = settings().file()
    asks = confirm is None or any(stage.asks for stage in found.table.stages)
    if asks and not sys.stdin.isatty():
        raise Mistake(f"{found.name} asks on the way, and there is no terminal; --confirm {file.table.name} says yes")
    if confirm is not None and confirm != file.table.name:
        raise Mistake(f"--confirm {confirm}: expected the cluster's name, {file.table.name}")
    async with open_session(file, read_only=settings().read_only) as session:
        await session.look()
        gone = await begun(session, _Terminal(session, reason, confirm))
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


def _described(found: Runbook) -> list[str]:
    table = found.table
    lines = [table.title, "", table.purpose]
    for title, words in (
        ("Use it when", table.use_when),
        ("Not when", table.not_when),
        ("It will not", table.will_not),
    ):
        lines += ["", f"{title}:", *(f"  - {word}" for word in words)]
    if table.parameters:
        lines += ["", "Parameters:"]
        lines += [f"  --param {p.name}=… ({p.type}{_default(p.default)}): {p.says}" for p in table.parameters]
    lines += ["", "Stages:"]
    for number, stage in enumerate(table.stages, 1):
        lines += _stage(stage, str(number), "  ")
    return lines


def _stage(stage: StageTable, key: str, indent: str) -> list[str]:
    does = {
        "action": f"{stage.action} {stage.on}".strip(),
        "check": f"must hold: {stage.check}",
        "wait": f"waits for: {stage.wait}, up to {stage.patience_s:g} s",
        "question": f"asks: {stage.question}",
        "manual": f"by hand: {stage.manual}",
        "each": f"for {stage.each}:",
    }[stage.kind]
    lines = [f"{indent}{key}. {stage.name}: {does}"]
    if stage.says:
        lines.append(f"{indent}   {stage.says}")
    for number, inner in enumerate(stage.stages, 1):
        lines += _stage(inner, f"{key}.{number}", f"{indent}  ")
    return lines


def _default(value: object) -> str:
    return "" if value is None else f", {value} unless told"


def _paths() -> dict[str, Path]:
    """By name; yours do not silently replace a bundled one."""
    folders = (settings().config_dir / "runbooks", BUNDLED)
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def _named(name: str) -> Runbook:
    there = _paths()
    if name in there:
        return Runbook.read(there[name])
    if name.endswith(".toml") or "/" in name:
        return Runbook.read(Path(name))
    nearest = get_close_matches(name, there, n=1)
    hint = f"did you mean '{nearest[0]}'? " if nearest else ""
    raise RunbookError(f"no runbook '{name}'; {hint}there are: {', '.join(there)}")


def _param(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Mistake(f"--param {text}: expected NAME=VALUE")
    return name, value
