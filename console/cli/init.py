"""A cluster file to begin with, from what there is: balancers' configurations, and the replica set's address."""

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from console.cli import places
from console.cli.connections import tested
from console.cli.places import Place, Read
from console.cli.see import waited
from console.cli.settings import Mistake, settings, shared
from console.cluster.text import clean
from console.ports.beginning import Beginning, text_of
from console.ports.clusterfile import ClusterFile
from console.ports.protocols.written import ReadsSet, WrittenSet

T = TypeVar("T")
FILE = "[NAME=]FILE|[NAME=]ssh://[USER@]HOST[:PORT]/FILE"


@click.command()
@click.option("--name", metavar="NAME", help="What the cluster is called.")
@click.option("--environment", metavar="WORD", help="production, test, …: shown wherever something is confirmed.")
@click.option(
    "--haproxy", "haproxies", multiple=True, metavar=FILE, help="A haproxy.cfg, here or there; once a balancer."
)
@click.option("--nginx", "nginxes", multiple=True, metavar=FILE, help="An nginx.conf, likewise.")
@click.option("--mongodb", "uri", metavar="URI", help="mongodb://HOST,…/?replicaSet=NAME of one member or more.")
@click.option("--health-path", default="", metavar="PATH", help="Of the application servers' health check.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where it is written.")
@click.option("--force", is_flag=True, help="In place of a file that is there.")
@click.option(
    "--test/--no-test",
    "test",
    default=None,
    help="Try everything that it names, as `config test` does; exit code 3 with a failure. At a terminal it asks.",
)
@shared
def init(
    name: str | None,
    environment: str | None,
    haproxies: tuple[str, ...],
    nginxes: tuple[str, ...],
    uri: str | None,
    health_path: str,
    out: Path | None,
    force: bool,
    test: bool | None,
) -> None:
    """Write a cluster file from what there is, and try it; without options, at a terminal, it asks."""
    if not (haproxies or nginxes or uri):
        if not sys.stdin.isatty():
            raise Mistake("init needs --haproxy FILE, --nginx FILE or --mongodb URI; at a terminal it asks for them")
        found, replica_set = _interview()
    else:
        found = _balancers("haproxy", haproxies, 0)
        found += _balancers("nginx", nginxes, len(found))
        replica_set = _set(uri) if uri else None
    name = name or _asked("what is the cluster called", "--name", "cluster")
    environment = environment or _asked("what kind of cluster is it (production, test, …)", "--environment", "test")
    begun = Beginning(
        name=name,
        environment=environment,
        balancers=[(place.name, place.plugin, written) for place, written, _ in found],
        replica_set=("mongodb", replica_set) if replica_set else None,
        hosts={place.name: host for place, _, host in found if host},
        shell=places.SHELL,
        health_path=health_path,
    )
    path = out or settings().config_dir / "clusters" / f"{name}.toml"
    _write(path, text_of(begun), force)
    servers, members = len(begun.servers), len(replica_set.members) if replica_set else 0
    click.echo(f"wrote {path}: {len(found)} balancers, {servers} application servers, {members} members", err=True)
    for note in begun.notes:
        click.echo(f"to do: {clean(note, limit=1000)}", err=True)
    if test is None:
        test = sys.stdin.isatty() and click.confirm("Try everything that it names now", default=True, err=True)
    if test and waited(tested(path, as_json=False)):
        click.echo(f"{path} stays as it is; again: {_line(path, 'config', 'test')}", err=True)
        raise click.exceptions.Exit(3)
    click.echo(f"next: {_line(path) if test else _line(path, 'config', 'test')}", err=True)


def _line(path: Path, *words: str) -> str:
    known = settings().clusters().get(path.stem) == path
    return shlex.join(["watchkeeper", "--cluster", path.stem if known else str(path), *words])


def _interview() -> tuple[list[Read], WrittenSet | None]:
    """What there is to read. Raises Mistake where there is nothing."""
    click.echo("What there is to read; enter alone skips a question.", err=True)
    click.echo("A file on another host: ssh://HOST/PATH, as your ~/.ssh/config knows it.", err=True)
    asks = "path of haproxy.cfg (several: parted by blanks)"
    found = _answered(asks, lambda said: _balancers("haproxy", said.split(), 0)) or []
    found += _answered("path of nginx.conf", lambda said: _balancers("nginx", said.split(), len(found))) or []
    replica_set = _answered("MongoDB URI", _set)
    if not (found or replica_set):
        raise Mistake("there is nothing to begin with: name a haproxy.cfg, an nginx.conf or a MongoDB URI")
    return found, replica_set


def _answered(asks: str, reads: Callable[[str], T]) -> T | None:
    """What comes of an answer; one that cannot be read is told, and asked for again; an empty one is none."""
    while said := click.prompt(asks, default="", show_default=False, err=True):
        try:
            return reads(said)
        except Mistake as mistake:
            click.echo(f"Error: {mistake.message}", err=True)
    return None


def _balancers(plugin: str, said: Sequence[str], before: int) -> list[Read]:
    """Raises Mistake for the first that cannot be read."""
    return waited(places.read([Place.of(one, plugin, number) for number, one in enumerate(said, before + 1)]))


def _asked(asks: str, option: str, default: str) -> str:
    """Raises Mistake where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise Mistake(f"{option}: expected a word; there is no terminal to ask on")
    said: str = click.prompt(asks, default=default, err=True)
    return said


def _set(uri: str) -> WrittenSet:
    """Raises Mistake; the address is not told again: it may hold a password."""
    reads: type[ReadsSet] = settings().plugins.load("mongodb", "address")
    try:
        return reads.read(uri)
    except ValueError as mistake:
        raise Mistake(f"--mongodb: {clean(str(mistake).replace(uri, '…'), limit=1000)}") from None


def _write(path: Path, text: str, force: bool) -> None:
    """For its owner only; what is there is replaced only when somebody says so. Raises Mistake or ClusterFileError."""
    ClusterFile.decode(text, path, settings().plugins)
    if (
        path.exists()
        and not force
        and not (sys.stdin.isatty() and click.confirm(f"{path} is there; replace it", default=False, err=True))
    ):
        raise Mistake(f"{path} is there already; give --force to replace it, or --out another file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Mistake(f"{path} cannot be written: {error.strerror}") from None
