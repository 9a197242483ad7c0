"""Seeing: status, check and events."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar

import click
import msgspec

from console.cli.document import change_document, finding_document, status_document
from console.cli.settings import settings, shared
from console.cli.words import print_findings, print_snapshot
from console.cluster.changes import Change, changes
from console.cluster.requirements import check as requirements
from console.cluster.snapshot import Severity, Snapshot
from console.ports.clusterfile import ClusterFile
from console.session import Session

T = TypeVar("T")


def say_json(document: object) -> None:
    """One JSON document a line, at once."""
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
    sys.stdout.buffer.flush()


def waited(work: Coroutine[Any, Any, T]) -> T:
    """What comes of it: in a loop of its own, or in the one that a prompt has going beside it."""
    beside = settings().beside
    return beside.run(work) if beside else asyncio.run(work)


async def asked(question: Callable[[], T]) -> T:
    """What somebody answers; the loop goes on meanwhile. Raises click.Abort."""
    beside = settings().beside
    return await (beside.ask(question) if beside else asyncio.to_thread(question))


@asynccontextmanager
async def open_session(file: ClusterFile, *, read_only: bool = True) -> AsyncIterator[Session]:
    """A session on the state directory in use, or the prompt's own. Raises ClusterFileError."""
    here = settings().session
    if here is not None and here.file is file:
        yield here
        return
    async with Session.open(file, settings().state_dir, read_only=read_only) as session:
        yield session


def print_status(file: ClusterFile, as_json: bool = False) -> None:
    """One look, as words or as the document of the contract."""
    snapshot = waited(look(file))
    if as_json:
        say_json(status_document(snapshot))
    else:
        print_snapshot(snapshot)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--watch", is_flag=True, help="Again at each change, until interrupted.")
@shared
def status(as_json: bool, watch: bool) -> None:
    """One look at all three tiers."""
    file = settings().file()
    if not watch:
        print_status(file, as_json)
        return
    with suppress(KeyboardInterrupt):
        waited(_watch_status(file, as_json))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
def check(as_json: bool) -> None:
    """Findings, and the minimum requirements of a fault-tolerant deployment; exit code 3 when a critical one fails."""
    snapshot = waited(look(settings().file()))
    findings = sorted((*snapshot.findings, *requirements(snapshot)), key=lambda f: list(Severity).index(f.severity))
    if as_json:
        say_json({"cluster": snapshot.cluster, "findings": [finding_document(finding) for finding in findings]})
    else:
        print_findings(findings)
    if any(finding.severity is Severity.CRITICAL for finding in findings):
        raise click.exceptions.Exit(3)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--for", "seconds", type=click.FloatRange(min=0), metavar="SECONDS", help="End by itself.")
@shared
def events(as_json: bool, seconds: float | None) -> None:
    """What changes, as it does."""
    file = settings().file()
    with suppress(KeyboardInterrupt):
        waited(_events(file, as_json, seconds))


async def look(file: ClusterFile) -> Snapshot:
    """One look, in a session of its own. Raises ClusterFileError."""
    async with open_session(file) as session:
        return await session.look()


async def changing(session: Session, seconds: float | None) -> AsyncIterator[tuple[datetime, Change]]:
    """What changes, as it is seen, for as long."""
    before = await session.look()
    long = f" for {seconds:g} s" if seconds else ""
    click.echo(f"watching {session.cluster}{long}", err=True)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), aclosing(session.follow()) as pictures:
            async for after in pictures:
                for change in changes(before, after):
                    yield after.at, change
                before = after


async def _watch_status(file: ClusterFile, as_json: bool) -> None:
    async with open_session(file) as session:
        await session.look()
        async for snapshot in session.follow():
            if as_json:
                say_json(status_document(snapshot))
            else:
                if settings().beside is None:
                    click.clear()
                print_snapshot(snapshot)


async def _events(file: ClusterFile, as_json: bool, seconds: float | None) -> None:
    async with open_session(file) as session:
        async for at, change in changing(session, seconds):
            if as_json:
                say_json(change_document(at, change))
            else:
                click.echo(f"{at:%H:%M:%S.%f}"[:-3] + f" UTC  {change.subject}: {change.says}")
