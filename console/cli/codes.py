"""The exit codes of the contract: whatever a verb raises is a sentence on stderr and one number."""

import os
import sys
from collections.abc import Callable

import click

from console.ports.error import OperatorError

INTERRUPTED = 130


def code_of(verb: Callable[[], int | None]) -> int:
    """What it ends with; no traceback reaches an operator."""
    try:
        return verb() or 0
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OperatorError as mistake:
        click.echo(f"Error: {mistake}", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads; say nothing at the end either
        return 0
    except Exception as crash:
        if os.environ.get("WATCHKEEPER_TRACEBACK"):
            raise
        click.echo(f"unexpected error: {type(crash).__name__}: {crash}", err=True)
        click.echo("this is a bug; WATCHKEEPER_TRACEBACK=1 shows where", err=True)
        return 1
