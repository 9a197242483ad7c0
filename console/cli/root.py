"""The verbs, each by its own file; without one, the console opens."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

import console
from console.cli.settings import Mistake, Settings, drawable, settings, shared
from console.ports.clusterfile import ClusterFile, ClusterFileError

if TYPE_CHECKING:
    from console.fleet import Fleet

VERBS = {
    "status": "see",
    "check": "see",
    "advise": "advise",
    "events": "see",
    "topology": "topology",
    "timeline": "timeline",
    "plan": "change",
    "run": "change",
    "runbook": "runbook",
    "journal": "journal",
    "lab": "lab",
    "demo": "lab",
    "info": "setup",
    "config": "setup",
    "hosts": "hosts",
    "plugins": "plugins",
    "raw": "telling",
    "logs": "telling",
    "keys": "keys",
    "fleet": "fleet",
    "init": "init",
    "serve": "serve",
}
"""Each verb, and the file of this room that it stands in."""


class Verbs(click.Group):
    """A verb's file is loaded when the verb is asked for: the console opens without any."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Every verb, by name."""
        return sorted(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The verb of that name, or None."""
        if name not in VERBS:
            return None
        verb: click.Command = getattr(import_module(f"console.cli.{VERBS[name]}"), name)
        return verb


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(console.__version__, prog_name="watchkeeper")
@click.option("--read-only", is_flag=True, help="Look only: nothing can be changed.")
@click.option("--theme", metavar="NAME", help="Theme of the console.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option(
    "--ascii", "in_ascii", is_flag=True, help="Draw with ASCII alone, where a font lacks the signs of a state."
)
@click.option("--plain", "in_words", is_flag=True, help="A prompt and words, or a script on stdin; no screens.")
@click.option("--keep-going", is_flag=True, help="A plain script goes on after a line that failed.")
@shared
@click.pass_context
def root(
    context: click.Context,
    read_only: bool,
    theme: str | None,
    no_mouse: bool,
    in_ascii: bool,
    in_words: bool,
    keep_going: bool,
) -> None:
    """One console for application servers, load balancers and a MongoDB replica set."""
    context.ensure_object(Settings).read_only |= read_only
    if context.invoked_subcommand is not None:
        return
    drawn = not in_words and drawable()
    several = drawn and settings().several
    file = _readable(several) if several else settings().file()
    if in_words:
        from console.cli.plain import plain

        context.exit(plain(file, settings(), keep_going=keep_going))
    if not drawn:
        from console.cli.see import print_status

        print_status(file)
        return
    from console.tui import run_console  # textual is for the console only: the verbs start without it

    context.exit(
        run_console(
            file,
            settings().state_dir,
            read_only=read_only,
            theme=theme,
            mouse=not no_mouse,
            in_ascii=in_ascii,
            config_dir=settings().config_dir,
            fleet=known_fleet,
            opens="fleet" if several else "dashboard",
        )
    )


def _readable(paths: list[Path]) -> ClusterFile:
    """The first cluster whose file has no mistake; the fleet stands before it. Raises ClusterFileError."""
    for number, path in enumerate(paths, 1):
        try:
            return ClusterFile.read(path, settings().plugins)
        except ClusterFileError:
            if number == len(paths):
                raise
    raise Mistake("no cluster file is known")


def known_fleet() -> "Fleet":
    """Every cluster that this operator knows; read when somebody looks at them."""
    from console.cli.fleet import known

    return known()
