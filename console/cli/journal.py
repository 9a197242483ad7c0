"""The journal: show, verify, unfinished, export; and resume, undo and close of what was interrupted."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from console.change.journal import CopyState, Journal, JournalError, Record, Verdict, export, verify, verify_copies
from console.change.plan import Plan, PlanError
from console.change.run import Confirmation
from console.cli.change import CONFIRMING, EXIT_CODES, a_reason, agreed, confirmed, followed
from console.cli.see import open_session, say_json, waited
from console.cli.settings import settings, shared
from console.cluster.text import clean
from console.ports.reach import Reach
from console.session import Session

FILE = "journal.sqlite3"


@click.group(invoke_without_command=True)
@click.pass_context
def journal(context: click.Context) -> None:
    """What was done here: who, when, why, each step with its proof."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@journal.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--last", type=click.IntRange(min=1), default=50, help="How many records; 50 unless told.")
@shared
def show(as_json: bool = False, last: int = 50) -> None:
    """The newest records, oldest of them first."""
    opened = _open()
    if opened is None:
        click.echo("the journal is empty: nothing was changed from here yet", err=True)
        return
    try:
        for record in list(opened.records())[-last:]:
            _say(record, as_json)
    finally:
        opened.close()


@journal.command(name="verify")
@click.option("--copies", is_flag=True, help="Compare it with its copies, where they can be read back.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
def verify_journal(copies: bool, as_json: bool) -> None:
    """Is every record as it was written? Exit code 0 yes, 1 broken, 2 unreadable, 3 without an anchor."""
    verdict = verify(_path())
    if copies:
        verdict = waited(_compared(verdict))
    if as_json:
        problems = [{"seq": p.seq, "kind": p.kind, "says": p.says} for p in verdict.problems]
        say_json({"ok": verdict.ok, "records": verdict.records, "head": verdict.head, "problems": problems})
    else:
        for problem in verdict.problems:
            click.echo(problem.says)
        click.echo(f"{verdict.records} records, {'unbroken' if verdict.ok else 'NOT as they were written'}")
    raise click.exceptions.Exit(verdict.exit_code)


@journal.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@shared
def unfinished(as_json: bool) -> None:
    """Runs that began and did not end: what a kill -9 or a power cut left."""
    opened = _open()
    if opened is None:
        return
    try:
        for run in opened.unfinished():
            if as_json:
                say_json(run)
            else:
                click.echo(clean(run.says, limit=1000))
    finally:
        opened.close()


@journal.command(name="export")
@shared
def export_journal() -> None:
    """Every record as JSON lines, hashes included."""
    _lines(export(_path()))


@journal.command(name="copies")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a copy.")
@shared
def copies_of_journal(as_json: bool) -> None:
    """Send every copy what it lacks, and tell how far each has come; exit code 4 when one is behind."""
    states = waited(_copied())
    for state in states:
        if as_json:
            say_json(state)
        else:
            click.echo(clean(state.says, limit=1000))
    if not states:
        click.echo("no copies: the cluster file has no [[journal]] table", err=True)
    if any(state.behind or state.forked for state in states):
        raise click.exceptions.Exit(4)


async def _copied() -> tuple[CopyState, ...]:
    async with open_session(settings().file(), read_only=False) as session:
        if session.journal is None:
            raise JournalError(session.journal_problem)
        return await session.copy_now()


async def _compared(verdict: Verdict) -> Verdict:
    reach = await asyncio.to_thread(Reach.of, settings().file())
    try:
        return await verify_copies(_path(), verdict, reach.copies)
    finally:
        await reach.close()


def _way(verb: str, does: str) -> click.Command:
    def command(run: str, reason: str, yes: bool, confirm: str | None, as_json: bool) -> None:
        if not settings().asks:
            confirmed(reason, yes, confirm)  # what is missing is told before anything is looked at
        said = partial(agreed, reason=reason, yes=yes, confirm=confirm)
        raise click.exceptions.Exit(waited(_go(verb, run, said, as_json)))

    body = command
    for option in (click.argument("run"), *CONFIRMING, click.option("--json", "as_json", is_flag=True)):
        body = option(body)
    return click.command(verb, help=does)(shared(body))


async def _go(verb: str, run: str, said: Callable[[Plan], Awaitable[Confirmation]], as_json: bool) -> int:
    """Each looks at the proofs of the steps first, and tells what it sees."""
    async with open_session(settings().file(), read_only=settings().read_only) as session:
        await session.look()
        if settings().asks:
            await _say_sights(session, run)
        confirmation = await said(session.interrupted_plan(run))
        started = (session.resume if verb == "resume" else session.undo)(run, replace(confirmation, plan_hash=None))
        return EXIT_CODES[await followed(started, as_json)]


journal.add_command(_way("resume", "Go on with an interrupted run, after the last of its changes that is so."))
journal.add_command(_way("undo", "Undo what an interrupted run has done, in reverse, each step proved."))


@journal.command()
@click.argument("run")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the journal.")
@shared
def close(run: str, reason: str) -> None:
    """Mark an interrupted run as done with, as the cluster stands."""
    waited(_close(run, a_reason(reason)))


async def _close(run: str, reason: str) -> None:
    async with open_session(settings().file(), read_only=settings().read_only) as session:
        await session.look()
        await _say_sights(session, run)
        await session.close_run(run, reason)
    click.echo(f"run {run} is marked as done", err=True)


async def _say_sights(session: Session, run: str) -> None:
    try:
        for sight in await session.reconcile(run):
            click.echo(clean(f"step {sight.step}: {sight.says}", limit=1000))
    except (PlanError, JournalError) as problem:
        click.echo(clean(f"its steps cannot be looked at again: {problem}", limit=1000), err=True)


def _lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _path() -> Path:
    return settings().state_dir / FILE


def _open() -> Journal | None:
    if not _path().exists():
        return None
    return Journal.open(settings().state_dir, cluster="", read_only=True)


def _say(record: Record, as_json: bool) -> None:
    if as_json:
        say_json(record)
        return
    step = f" step {record.step}" if record.step else ""
    about = f"{record.action or ''} {record.target or ''}".strip()
    says = " ".join(str(record.detail[key]) for key in ("does", "seen", "says") if key in record.detail)
    says = f"CORRUPT: {record.corrupt}" if record.corrupt else says
    words = (str(record.seq), f"{record.at:%Y-%m-%d %H:%M:%S} UTC", record.who, record.run or "", record.kind)
    tail = "  ".join(part for part in (about + step, record.outcome or "", record.reason or "", says) if part)
    click.echo(clean("  ".join(words) + "  " + tail, limit=1000))
