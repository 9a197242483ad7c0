"""A runbook rehearsed: on an embedded lab of its own, under traffic, which is gone afterwards."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from console import lab
from console.change.action import Value
from console.change.runbook import Runbook
from console.change.runbook.asking import Operator
from console.change.runbook.conditions import CONDITIONS
from console.change.runbook.running import RunbookRun
from console.cli.runbook_run import ENDS, Terminal, gone_through
from console.cli.see import say_json
from console.cli.settings import Mistake, settings
from console.ports.clusterfile import ClusterFile
from console.session import Session

NAME = "rehearsal"
SECOND = "second-operator@rehearsal"
TOLD = ("requests", "failed", "acknowledged", "lost", "write_gap_max_since_reset_s")
BROKEN_WITHIN_S = 60.0
"""How long the lab may take to be as broken as the runbook wants it."""


async def rehearsed(found: Runbook, given: Mapping[str, Value], as_json: bool) -> int:
    """The exit code of its run; what is asked is asked where there is a terminal, and else counts as yes.

    Journal and report stand in a state directory of the rehearsals' own: their times say nothing about the cluster's.
    """
    state_dir = settings().state_dir / "rehearsals"
    started = lab.up(NAME, state_dir, lambda words: click.echo(words, err=True))
    try:
        lab.reset_gap(NAME, state_dir)
        file = ClusterFile.read(Path(started.cluster_file), settings().plugins)
        gone = await _run(found, given, file, state_dir, as_json)
        traffic = _traffic(state_dir)
    finally:
        lab.down(NAME, state_dir)
    if as_json:
        say_json({"runbook_run": gone.progress.id, "kind": "traffic", **traffic})
    else:
        click.echo("its traffic: " + ", ".join(f"{name} {value}" for name, value in traffic.items()))
        click.echo(f"report: watchkeeper --state-dir {state_dir} runbook report {gone.progress.id}")
    return ENDS[gone.progress.outcome]


def _traffic(state_dir: Path) -> dict[str, object]:
    """What it met; a set without a Primary cannot be asked for its writes."""
    try:
        return {name: value for name, value in lab.traffic_report(NAME, state_dir).items() if name in TOLD}
    except lab.LabError as problem:
        return {"not known": str(problem)}


async def _run(
    found: Runbook, given: Mapping[str, Value], file: ClusterFile, state_dir: Path, as_json: bool
) -> RunbookRun:
    here = sys.stdin.isatty()
    operator = Terminal("a rehearsal", plans=not here, questions=not here)
    async with Session.open(file, state_dir) as session:
        for node in found.table.rehearsal.breaks:
            lab.kill(NAME, state_dir, node)
        await _as_broken(found, session)
        values = found.rehearsed(given, await session.look())

        async def begun(session: Session, operator: Operator) -> RunbookRun:
            return await RunbookRun.begin(session, operator, found, values, "a rehearsal")

        second = asyncio.create_task(_agree(session))
        try:
            return await gone_through(session, operator, begun, as_json)
        finally:
            second.cancel()


async def _agree(session: Session) -> None:
    """The second operator of a rehearsal says yes to all that is asked."""
    async for snapshot in session.follow():
        for asked in snapshot.approvals:
            if asked.agreed is None and session.lease_store:
                await session.lease_store.agree(asked.id, SECOND, agreed=True)


async def _as_broken(found: Runbook, session: Session) -> None:
    """Until the lab is seen to be as the runbook wants it. Raises Mistake."""
    until, ends_s = found.table.rehearsal.until, time.monotonic() + BROKEN_WITHIN_S
    while until and not (check := CONDITIONS[until](await session.look())).ok:
        if time.monotonic() > ends_s:
            raise Mistake(f"the lab does not come to be as {found.name} wants it: {check.says}: {check.value}")
        await asyncio.sleep(0.5)
