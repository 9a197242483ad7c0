"""About this installation: info and config."""

import platform
from importlib.metadata import version

import click
import msgspec

import console
from console.change.action import Action
from console.change.actions import ACTIONS
from console.cli.connections import tested
from console.cli.see import say_json, waited
from console.cli.settings import settings, shared
from console.ports.clusterfile import ClusterTable
from console.ports.plugins import bundled
from console.ports.reach import Reach

LIBRARIES = ("textual", "pymongo", "httpx", "asyncssh", "msgspec")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
def info(as_json: bool) -> None:
    """Versions, and every path in use."""
    now = settings()
    document = {
        "watchkeeper": console.__version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "config_dir": str(now.config_dir),
        "clusters": {name: str(path) for name, path in now.clusters().items()},
        "state_dir": str(now.state_dir),
        "journal": str(now.state_dir / "journal.sqlite3"),
        "plugins": [str(folder) for folder in now.plugins.folders],
        "themes": [str(bundled("themes")), str(now.config_dir / "themes")],
        "actions": [_action(action) for action in ACTIONS],
    }
    if as_json:
        say_json(document)
        return
    for name, value in document.items():
        click.echo(f"{name}: {value}")


@click.group()
def config() -> None:
    """The cluster file."""


@config.command()
@shared
def check() -> None:
    """Is the cluster file right? Connects to nothing."""
    file = settings().file()
    Reach.of(file)
    click.echo(f"{file.path}: right", err=True)


@config.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@shared
def test(as_json: bool) -> None:
    """Try everything that the cluster file names, row by row, with what to do about a failure; exit code 3 with one."""
    if waited(tested(settings().path(), as_json=as_json)):
        raise click.exceptions.Exit(3)


@config.command()
def schema() -> None:
    """The JSON schema of the cluster file, for editors; the tables of plugins are open in it."""
    say_json(msgspec.json.schema(ClusterTable))


def _action(action: Action) -> dict[str, object]:
    return {"name": action.name, "does": action.does, "parameters": [p.name for p in action.parameters]}
