"""Runbooks: list, show, run and resume."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import click

from console.change.action import Value
from console.change.document import plan_document
from console.change.journal import FILE, Journal, Record
from console.change.runbook import Runbook, RunbookError
from console.change.runbook.approving import answer
from console.change.runbook.asking import Operator
from console.change.runbook.dry import dry_run, together
from console.change.runbook.estimate import estimate
from console.change.runbook.progress import Progress, named, progress
from console.change.runbook.reading import evidence
from console.change.runbook.report import markdown
from console.change.runbook.running import RunbookRun
from console.change.runbook.schema import encoded
from console.change.runbook.several import several
from console.change.runbook.shelf import runbook_named, runbook_paths
from console.cli.change import a_reason
from console.cli.rehearsal import rehearsed
from console.cli.runbook_run import ENDS, Terminal, check_answers, gone_through
from console.cli.runbook_screens import as_page, write_screens
from console.cli.runbook_words import described
from console.cli.see import look, open_session, say_json, waited
from console.cli.settings import Mistake, settings, shared
from console.cluster.snapshot import Approval
from console.cluster.text import clean
from console.ports.protocols import Refused, Unclear
from console.session import Session


@click.group()
def runbook() -> None:
    """Guided maintenance: stages that are planned when they are reached, resumed where they ended."""


@runbook.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a runbook.")
@shared
def list_runbooks(as_json: bool) -> None:
    """The runbooks that there are, bundled and yours."""
    for name, path in runbook_paths(settings().config_dir).items():
        try:
            found = Runbook.read(path)
        except RunbookError as mistake:
            click.echo(f"{name}: cannot be used: {clean(str(mistake), limit=1000)}", err=True)
            continue
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
    cluster = settings().file().table.name if settings().cluster else ""
    for line in described(found, estimate(_records(), found, cluster=cluster)):
        click.echo(clean(line, limit=1000))


@runbook.command()
@click.argument("name", metavar="NAME|ACTION")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the runbook.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the journal.")
@click.option("--confirm", metavar="CLUSTER", help="Say yes to every stage's plan by the cluster's name.")
@click.option("--dry-run", "dry", is_flag=True, help="Plan the whole on the cluster as it stands, and do nothing.")
@click.option(
    "--rehearse", is_flag=True, help="On an embedded lab of its own instead; values that are not given fit it."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@shared
def run(
    name: str,
    targets: tuple[str, ...],
    params: tuple[str, ...],
    reason: str,
    confirm: str | None,
    dry: bool,
    rehearse: bool,
    as_json: bool,
) -> None:
    """Go through a runbook, or one action for several targets; without a terminal only where no stage asks anything."""
    given = dict(_param(text) for text in params)
    if targets:
        found = several(waited(look(settings().file())), name, targets)
    else:
        found = runbook_named(name, settings().config_dir)
    if rehearse:
        raise click.exceptions.Exit(waited(rehearsed(found, given, as_json)))
    values = found.values(given)
    if dry:
        raise click.exceptions.Exit(waited(_dry(found, values, as_json)))
    reason = a_reason(reason)

    async def begun(session: Session, operator: Operator) -> RunbookRun:
        found.check_names(values, session.snapshot)
        return await RunbookRun.begin(session, operator, found, values, reason)

    operator = Terminal(reason, plans=confirm is not None)
    raise click.exceptions.Exit(_ended(found, confirm, operator, begun, as_json))


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

    async def begun(session: Session, operator: Operator) -> RunbookRun:
        gone = await RunbookRun.resume(session, operator, run_id)
        if unwind:
            gone.unwind("the command line")
        return gone

    operator = Terminal(left.reason, plans=confirm is not None, as_it_is=as_it_is)
    raise click.exceptions.Exit(_ended(left.runbook, confirm, operator, begun, as_json))


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
        found = waited(answered())
    except (Refused, Unclear) as problem:
        raise Mistake(f"it cannot be answered: {problem}") from None
    click.echo(f"{'no' if refuses else 'yes'} to {found.owner}: {clean(found.says, limit=1000)}")


@runbook.command(name="schema")
def print_schema() -> None:
    """The JSON Schema of a runbook file, for editors; a file names it on its first line: `#:schema ./FILE`."""
    click.echo(encoded(), nl=False)


@runbook.command(name="report")
@click.argument("run_id", metavar="RUN")
@click.option("--html", "as_html", is_flag=True, help="One HTML file instead, with the screens of its moments in it.")
@click.option(
    "--svg",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the screens there as well.",
)
@shared
def report_run(run_id: str, as_html: bool, folder: Path | None) -> None:
    """The evidence of a run as Markdown, from the journal alone, at any later time."""
    found = evidence(_records(), run_id)
    click.echo(as_page(found) if as_html else markdown(found), nl=False)
    if folder:
        for path in write_screens(found, folder):
            click.echo(f"wrote {path}", err=True)


def _ended(
    found: Runbook,
    confirm: str | None,
    operator: Terminal,
    begun: Callable[[Session, Operator], Awaitable[RunbookRun]],
    as_json: bool,
) -> int:
    """The exit code of a run on the cluster that is meant. Raises Mistake."""
    file = settings().file()
    check_answers(found, file, confirm)

    async def gone() -> RunbookRun:
        async with open_session(file, read_only=settings().read_only) as session:
            return await gone_through(session, operator, begun, as_json)

    return ENDS[waited(gone()).progress.outcome]


async def _dry(found: Runbook, values: Mapping[str, Value], as_json: bool) -> int:
    """Every stage, planned on what the one before would leave; 3 when one would be refused."""
    async with open_session(settings().file()) as session:
        snapshot = await session.look(*(node.name for node in session.file.table.nodes))
        found.check_names(values, snapshot)
        stages = dry_run(found, values, snapshot, session.plan_in)
    for stage in stages:
        if as_json:
            plan = plan_document(stage.plan) if stage.plan else None
            say_json({"stage": stage.key, "title": stage.title, "word": stage.word, "says": stage.says, "plan": plan})
        else:
            says = f": {clean(stage.says, limit=1000)}" if stage.says else ""
            click.echo(f"{stage.word:<12}{stage.key}  {clean(stage.title)}{says}")
    if (whole := together(stages)) and not as_json:
        click.echo(f"together    at its worst: {whole.grade}: {whole.says}")
    return 3 if any(stage.word == "refused" for stage in stages) else 0


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
