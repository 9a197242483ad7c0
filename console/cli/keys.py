"""The console's keys: as they are here, for people, for scripts and for the documentation."""

import click

from console.cli.see import say_json
from console.cli.settings import settings, shared


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--markdown", "as_markdown", is_flag=True, help="As tables for a document, as they are declared.")
@shared
def keys(as_json: bool, as_markdown: bool) -> None:
    """Every key of the console by its id, as `keys.toml` in the configuration directory can have it otherwise."""
    from console.tui.keymap import Keymap
    from console.tui.reference import as_declared, reference

    if as_markdown:
        click.echo(as_declared(), nl=False)
        return
    keymap = Keymap.read(settings().config_dir)
    for title, those in reference(keymap):
        if not as_json:
            click.echo(title)
        for told in those:
            if as_json:
                say_json(told)
            else:
                click.echo(f"  {told['keys']:<14}{told['id']:<22}{told['help']}")
    for mistake in keymap.mistakes:
        click.echo(f"Error: {mistake}", err=True)
    if keymap.mistakes:
        raise click.exceptions.Exit(2)
