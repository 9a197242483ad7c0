"""The command line: one verb set for people, scripts and tests; stdout is data, stderr is narration."""

import os
import resource
import sys

import click

from console.cli.root import root
from console.ports.error import OperatorError


def main() -> None:
    """Run the command line and exit with the code of its contract; no traceback reaches an operator."""
    _keep_to_ourselves()
    try:
        sys.exit(root.main(standalone_mode=False) or 0)
    except click.exceptions.Exit as left:
        sys.exit(left.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except OperatorError as mistake:
        click.echo(f"Error: {mistake}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads; say nothing at the end either
        sys.exit(0)
    except Exception as crash:
        if os.environ.get("WATCHKEEPER_TRACEBACK"):
            raise
        click.echo(f"unexpected error: {type(crash).__name__}: {crash}", err=True)
        click.echo("this is a bug; WATCHKEEPER_TRACEBACK=1 shows where", err=True)
        sys.exit(1)


def _keep_to_ourselves() -> None:
    """What this process holds in memory is secret: no core file of it, and no file that others can read."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEVTOOLS_HOST", "TEXTUAL_DEVTOOLS_PORT", "TEXTUAL_SCREENSHOT"):
        os.environ.pop(name, None)  # textual's doors for debugging: they write down or send away what is on screen
