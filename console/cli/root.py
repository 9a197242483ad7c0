"""The verbs, each by its own file; without one, the console opens."""

import sys

import click

import console
from console.cli import advise, change, journal, lab, see, setup
from console.cli.settings import Settings, settings, shared


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(console.__version__, prog_name="watchkeeper")
@click.option("--read-only", is_flag=True, help="Look only: nothing can be changed.")
@click.option("--theme", metavar="NAME", help="Theme of the console.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@shared
@click.pass_context
def root(context: click.Context, read_only: bool, theme: str | None, no_mouse: bool) -> None:
    """One console for application servers, load balancers and a MongoDB replica set."""
    context.ensure_object(Settings).read_only = read_only
    if context.invoked_subcommand is None:
        file = settings().file()
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            see.print_status(file)
            return
        from console.tui import run_console  # textual is for the console only: the verbs start without it

        context.exit(
            run_console(
                file,
                settings().state_dir,
                read_only=read_only,
                theme=theme,
                mouse=not no_mouse,
                user_themes=settings().themes,
            )
        )


for verb in (*see.VERBS, *advise.VERBS, *change.VERBS, *journal.VERBS, *lab.VERBS, *setup.VERBS):
    root.add_command(verb)
