"""The embedded lab: a real cluster on this machine, and the console on it."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from console import lab as cluster_lab
from console.cli.see import print_status, say_json
from console.cli.settings import drawable, settings, shared
from console.ports.clusterfile import ClusterFile

NAME = click.option("--name", default="lab", metavar="NAME", help="Which lab, where there are several.")


@click.group()
def lab() -> None:
    """A real cluster on this machine: three mongod, two haproxy, three application servers, a spare of two kinds."""


@lab.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document when all is green.")
@NAME
@shared
def up(as_json: bool, name: str) -> None:
    """Start it and wait until all is green."""
    started = cluster_lab.up(name, settings().state_dir, _narrate)
    _print(started, as_json)


@lab.command()
@NAME
@shared
def down(name: str) -> None:
    """End every process of it and remove its files."""
    if not cluster_lab.down(name, settings().state_dir):
        click.echo(f"no lab '{name}' is there", err=True)


@lab.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@NAME
@shared
def status(as_json: bool, name: str) -> None:
    """Its nodes and their states."""
    _print(cluster_lab.status(name, settings().state_dir), as_json)


@lab.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@NAME
@shared
def traffic(as_json: bool, name: str) -> None:
    """What its traffic met: requests, failures, the longest write gap, acknowledged writes lost."""
    report = cluster_lab.traffic_report(name, settings().state_dir)
    if as_json:
        say_json(report)
    else:
        for key, value in report.items():
            click.echo(f"{key}: {value}")


def _fault(verb: str, does: str) -> click.Command:
    @click.argument("node")
    @NAME
    @shared
    def command(node: str, name: str) -> None:
        getattr(cluster_lab, verb)(name, settings().state_dir, node)

    return click.command(verb, help=does)(command)


FAULTS = {
    "kill": "End a node's process at once (SIGKILL).",
    "pause": "Stop a node's process without ending it (SIGSTOP).",
    "resume": "Let a paused node go on.",
    "partition": "Let connections to a node hang, without a reset.",
    "heal": "Bring a node back: started, going on, connected.",
}
for fault, words in FAULTS.items():
    lab.add_command(_fault(fault, words))


@click.command()
@click.option("--plain", "in_words", is_flag=True, help="In words alone, without screens.")
@click.option("--keep-going", is_flag=True, help="A plain script goes on after a line that failed.")
@shared
def demo(in_words: bool, keep_going: bool) -> None:
    """The console on the embedded lab; both end together."""
    state_dir = settings().state_dir
    drawn = not in_words and drawable()
    started = cluster_lab.up("lab", state_dir, _narrate)
    try:
        file = ClusterFile.read(Path(started.cluster_file), settings().plugins)
        if in_words:
            from console.cli.plain import plain

            code = plain(file, settings(), keep_going=keep_going)
        elif drawn:
            from console.tui import run_console  # textual is for the console only

            faults = {word: partial(getattr(cluster_lab, word), "lab", state_dir) for word in FAULTS}
            code = run_console(
                file, state_dir, read_only=False, theme=None, config_dir=settings().config_dir, faults=faults
            )
        else:
            code = 0
            print_status(file)
    finally:
        cluster_lab.down("lab", state_dir)
    raise click.exceptions.Exit(code)


def _narrate(words: str) -> None:
    click.echo(words, err=True)


def _print(status: Any, as_json: bool) -> None:
    if as_json:
        say_json(status.to_json())
        return
    document = status.to_json()
    click.echo(f"lab '{document['name']}' in {document['dir']}")
    click.echo(f"cluster file: {document['cluster_file']}")
    click.echo("front ends: " + " ".join(document["urls"]))
    for node in document["nodes"]:
        click.echo(
            f"{node['name']:<6}{node['role']:<10}{node['address']}:{node['port']:<7}pid {node['pid']:<9}{node['state']}"
        )
