"""The connection test, printed row by row: by `config test`, and at the end of `init`."""

from contextlib import aclosing
from pathlib import Path

import click
import msgspec

from console.cli.see import say_json
from console.cli.settings import settings
from console.cli.words import print_connection
from console.ports.connections import Verdict, connection_test


async def tested(path: Path, *, as_json: bool) -> int:
    """Try everything that the cluster file names; how many rows failed."""
    failed = 0
    async with aclosing(connection_test(path, settings().plugins, settings().state_dir)) as rows:
        async for row in rows:
            if row.verdict is Verdict.TRYING:
                continue
            failed += row.verdict is Verdict.FAILED
            if as_json:
                say_json({**msgspec.to_builtins(row), "took_s": round(row.took_s, 3)})
            else:
                print_connection(row)
    if not as_json:
        click.echo(f"{failed} failed" if failed else "everything answers", err=True)
    return failed
