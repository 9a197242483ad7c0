"""The vendors' own words: raw documents, and the log of a node's service."""

import asyncio
from contextlib import suppress

import click

from console.cli.see import open_session, say_json, waited
from console.cli.settings import settings, shared
from console.cluster.text import clean
from console.ports.clusterfile import ClusterFile
from console.ports.logs import FOLLOW_EVERY_S, LINES, LINES_LIMIT, Log, added
from console.ports.raw import Raw

LINE = 4000
"""Characters of a line that are printed."""
NOT_READ = 5


@click.command()
@click.argument("node")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
def raw(node: str, as_json: bool) -> None:
    """What the vendors themselves answer of a node; exit code 5 when none of it could be read."""
    found = waited(_raw(settings().file(), node))
    if as_json:
        documents = [{"title": one.title, "text": one.text, "problem": one.problem} for one in found.documents]
        say_json({"node": found.node, "at": found.at, "took_s": round(found.took_s, 3), "documents": documents})
    else:
        for one in found.documents:
            _print(f"── {one.title}  ({found.at:%Y-%m-%d %H:%M:%S} UTC)")
            _print(one.text)
            if one.problem:
                click.echo(clean(f"{one.title}: {one.problem}", LINE), err=True)
            click.echo()
    if not any(one.text for one in found.documents):
        raise click.exceptions.Exit(NOT_READ)


@click.command()
@click.argument("node")
@click.option(
    "--lines", type=click.IntRange(1, LINES_LIMIT), default=LINES, show_default=True, help="The last so many."
)
@click.option("--follow", is_flag=True, help="Go on with what is added, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
def logs(node: str, lines: int, follow: bool, as_json: bool) -> None:
    """The last lines of the log of a node's service; exit code 5 when it cannot be read."""
    with suppress(KeyboardInterrupt):
        waited(_logs(settings().file(), node, lines, follow, as_json))


async def _raw(file: ClusterFile, node: str) -> Raw:
    async with open_session(file) as session:
        return await session.raw(node)


async def _logs(file: ClusterFile, node: str, lines: int, follow: bool, as_json: bool) -> None:
    async with open_session(file) as session:
        before: tuple[str, ...] = ()
        while True:
            found = await session.log(node, lines)
            if as_json:
                say_json(_document(found))
            elif not found.problem:
                new, whole = added(before, found.lines)
                if not whole:
                    click.echo("lines may be missing here", err=True)
                _print("\n".join(new))
                if not found.lines and not before and not follow:
                    click.echo("the log is there, and empty", err=True)
                before = found.lines
            if found.problem:
                click.echo(clean(f"{node}: {found.problem}", LINE), err=True)
            if not follow:
                if found.problem:
                    raise click.exceptions.Exit(NOT_READ)
                return
            await asyncio.sleep(FOLLOW_EVERY_S)


def _document(found: Log) -> dict[str, object]:
    return {
        "node": found.node,
        "at": found.at,
        "command": found.command,
        "lines": [clean(line, LINE) for line in found.lines],
        "problem": found.problem,
    }


def _print(text: str) -> None:
    for line in text.splitlines():
        click.echo(clean(line.expandtabs(4), LINE))
