"""About this installation: info, config and plugins."""

import platform
from importlib.metadata import version

import click
import msgspec

import console
from console.change.action import Action
from console.change.actions import ACTIONS
from console.cli.see import say_json
from console.cli.settings import settings, shared
from console.ports.clusterfile import ClusterTable
from console.ports.plugins import PORTS, PluginError, bundled
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
def schema() -> None:
    """The JSON schema of the cluster file, for editors; the tables of plugins are open in it."""
    say_json(msgspec.json.schema(ClusterTable))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
def plugins(as_json: bool) -> None:
    """What plugins there are, what each provides, and what failed to load."""
    there = settings().plugins
    rows = {name: _provides(name) for name in there.names()}
    if as_json:
        say_json(rows)
        return
    width = max(map(len, rows), default=0) + 2
    for name, provides in rows.items():
        click.echo(f"{name:<{width}}{provides}")


def _provides(name: str) -> str:
    there = settings().plugins
    provided, problem = [], ""
    for port in PORTS:
        try:
            there.load(name, port)
            provided.append(port)
        except PluginError as error:
            problem = str(error)
    return ", ".join(provided) or f"failed: {problem}"


def _action(action: Action) -> dict[str, object]:
    return {"name": action.name, "does": action.does, "parameters": [p.name for p in action.parameters]}
