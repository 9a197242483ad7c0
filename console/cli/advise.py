"""Advising: headroom against the peak, and whether to scale out or up."""

import asyncio
from typing import Any

import click

from console.cli.see import open_session, say_json, waited
from console.cli.settings import settings, shared
from console.cli.words import print_advice
from console.cluster import advice
from console.cluster.advice import Advice
from console.cluster.headroom import Headroom, headroom
from console.cluster.sizing import Sizing
from console.cluster.snapshot import Snapshot
from console.ports.clusterfile import ClusterFile


@click.command(name="advise")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--users", type=click.IntRange(min=1), metavar="N", help="How many use it, for the vendor's table.")
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0, max=900),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="Watch for so long first: the peak is the highest that was seen.",
)
@shared
def advise(as_json: bool, users: int | None, seconds: float) -> None:
    """What the peak needs against what is there with one gone; whether to scale out or up, by how much, and why."""
    snapshot, sizing = waited(_watched(settings().file(), seconds))
    found, measures = advice.advise(snapshot, sizing, users), headroom(snapshot)
    if as_json:
        say_json(advice_document(snapshot, measures, found))
    else:
        print_advice(measures, found)


def advice_document(snapshot: Snapshot, measures: tuple[Headroom, ...], found: tuple[Advice, ...]) -> dict[str, Any]:
    """`advise --json`."""
    load = snapshot.load
    return {
        "cluster": snapshot.cluster,
        "at": snapshot.at.isoformat(),
        "watched_s": round(load.over_s, 1),
        "peak": {
            "requests_s": None if load.peak_requests_s is None else round(load.peak_requests_s, 3),
            "sessions": load.peak_sessions if load.over_s else None,
        },
        "headroom": [
            {"what": one.what, "now": one.now, "one_less": one.one_less, "holds": one.holds} for one in measures
        ],
        "advice": [
            {"subject": one.subject, "says": one.says, "because": list(one.because), "action": one.action or None}
            for one in found
        ],
    }


async def _watched(file: ClusterFile, seconds: float) -> tuple[Snapshot, Sizing | None]:
    async with open_session(file) as session:
        await session.look(*(node.name for node in file.table.nodes if node.size))
        if seconds:
            click.echo(f"watching {session.cluster} for {seconds:g} s", err=True)
        await asyncio.sleep(seconds)
        return session.snapshot, session.sizing
