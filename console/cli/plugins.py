"""Plugins: what is there, what each can do, what failed to load; and one held to the contract of its port."""

import asyncio
from contextlib import closing
from dataclasses import dataclass

import click
import msgspec
import rich.console
from rich.table import Table

from console.change.journal import Journal
from console.cli.see import say_json, waited
from console.cli.settings import Mistake, settings, shared
from console.contract import Verdict
from console.contract.behaviour import outcomes
from console.contract.trials import Trial, trials
from console.ports.capabilities import capabilities
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import PORTS, PluginError
from console.ports.reach import Reach

MARKS = {Verdict.HOLDS: "holds", Verdict.BROKEN: "BROKEN", Verdict.NOT_OFFERED: "not offered"}


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
@click.pass_context
def plugins(context: click.Context, as_json: bool) -> None:
    """What plugins there are, what each can do, and what failed to load."""
    if context.invoked_subcommand is not None:
        return
    rows = [_row(name) for name in settings().plugins.names()]
    if as_json:
        say_json({row.name: {"provides": row.provides, "from": row.place, "problem": row.problem} for row in rows})
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("PLUGIN", "PORT", "WHAT IT CAN DO", "FROM"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        if row.problem:
            table.add_row(row.name, "FAILED", row.problem, row.place)
        plain = [port for port, able in row.provides.items() if not able]
        if plain:
            table.add_row(row.name, ", ".join(plain), "", row.place)
        for port, able in row.provides.items():
            if able:
                table.add_row(row.name, port, ", ".join(able), row.place)
    rich.console.Console().print(table)


@plugins.command()
@click.argument("name")
@click.option("--change", metavar="NAME", default="", help="Also try what changes this node, balancer or copy.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a behaviour.")
@shared
def test(name: str, change: str, as_json: bool) -> None:
    """Hold a plugin to the contract of its ports, as the cluster file uses it. Exit code 4 when a behaviour is broken.

    Without --change it only looks. What is changed is put back; try it on a cluster that nobody depends on.
    """
    if waited(_tried(name, change, as_json)):
        raise click.exceptions.Exit(4)


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    provides: dict[str, list[str]]
    place: str
    problem: str


def _row(name: str) -> _Row:
    there, provides, problem = settings().plugins, {}, ""
    for port in PORTS:
        try:
            provides[port] = list(capabilities(port, there.load(name, port)))
        except PluginError as error:
            problem = str(error)
    return _Row(name, provides, there.place(name), "" if provides else problem)


async def _tried(name: str, change: str, as_json: bool) -> bool:
    file = settings().file()
    reach, other = [await asyncio.to_thread(Reach.of, file) for _ in range(2)]
    try:
        found = await trials(file, reach, other, name, change)
        if not found:
            raise Mistake(f"{file.path} uses no plugin '{name}'; there: {', '.join(_used(file.table)) or 'none'}")
        if change:
            _written_down(file, name, change, found)
        broken = [await _held(name, trial, as_json) for trial in found]
    finally:
        await reach.close()
        await other.close()
    return any(broken)


def _written_down(file: ClusterFile, plugin: str, change: str, found: list[Trial]) -> None:
    """That something is about to be tried stands in the journal first. Raises Mistake or JournalError."""
    if not any(trial.change for trial in found):
        names = ", ".join(dict.fromkeys(trial.name for trial in found))
        raise Mistake(f"--change {change}: plugin '{plugin}' stands for nothing of that name; it does for {names}")
    if file.table.environment.lower().startswith("prod"):
        raise Mistake(f"{file.table.name} is a {file.table.environment} cluster: nothing is tried out on it")
    with closing(Journal.open(settings().state_dir, file.table.name)) as journal:
        journal.append_now("plugin.tried", target=change, detail={"plugin": plugin})


async def _held(plugin: str, trial: Trial, as_json: bool) -> bool:
    """Every outcome of one trial as it comes; whether one is broken."""
    broken = False
    untried = 0
    if not as_json:
        click.echo(f"plugin {plugin}, port {trial.suite.port}, {trial.name}")
    async for outcome in outcomes(trial.suite, trial.subject, change=trial.change):
        broken = broken or outcome.verdict is Verdict.BROKEN
        untried += outcome.verdict is Verdict.NOT_TRIED
        if as_json:
            where = {"plugin": plugin, "port": trial.suite.port, "name": trial.name}
            say_json({**where, "says": outcome.says, "verdict": outcome.verdict, "why": outcome.why})
        elif outcome.verdict is not Verdict.NOT_TRIED:
            click.echo(f"  {MARKS[outcome.verdict]:<11} {outcome.says}{f': {outcome.why}' if outcome.why else ''}")
    if untried and not as_json:
        click.echo(f"  not tried   {untried} that change something; `--change {trial.name}` tries them")
    return broken


def _used(table: object) -> list[str]:
    """The plugins that a cluster file names."""
    names: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            names.update(v for k, v in value.items() if k == "plugin" and isinstance(v, str))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                walk(inner)

    walk(msgspec.to_builtins(table))
    return sorted(names)
