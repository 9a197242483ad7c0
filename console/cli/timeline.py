"""The timeline, printed: what was done, and, where it is watched for a while, what is seen."""

from datetime import UTC, datetime

import click

from console.change.chronicle import done, markdown
from console.cli.see import changing, open_session, say_json, waited
from console.cli.settings import settings, shared
from console.cluster.text import clean
from console.cluster.timeline import Entry, Incident, incidents, seen
from console.ports.clusterfile import ClusterFile


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object an incident, the newest first.")
@click.option("--markdown", "as_markdown", is_flag=True, help="As a document.")
@click.option("--for", "seconds", type=click.FloatRange(min=0), metavar="SECONDS", help="Watch as long, then print.")
@shared
def timeline(as_json: bool, as_markdown: bool, seconds: float | None) -> None:
    """What happened over all tiers, in incidents; before this command only what was done is known."""
    file = settings().file()
    since = datetime.now(UTC)
    looked = waited(_watched(file, seconds)) if seconds else []
    found = incidents([*looked, *done(None, settings().state_dir, file.table.name)])
    if as_markdown:
        says = f"Watched since {since:%H:%M:%S} UTC; before that only actions are known."
        says = says if seconds else "Only actions are known: nothing was watched."
        click.echo(markdown(file.table.name, found, datetime.now(UTC), says), nl=False)
    elif as_json:
        for incident in found:
            say_json(incident_document(incident))
    else:
        for line in (line for incident in found for line in incident_lines(incident)):
            click.echo(clean(line, limit=1000))
        if not found:
            click.echo("nothing was done yet; `timeline --for SECONDS` watches for a while")


def incident_document(incident: Incident) -> dict[str, object]:
    """One incident of `timeline --json`."""
    return {
        "begin": incident.begin.isoformat(),
        "lasted_s": incident.lasted_s,
        "says": incident.says,
        "entries": [
            {
                "at": entry.at.isoformat(),
                "after_s": incident.after_s(entry),
                "tier": entry.tier,
                "subject": entry.subject,
                "kind": entry.kind,
                "before": entry.before,
                "after": entry.after,
                "who": entry.who or None,
                "run": entry.run or None,
                "says": entry.says,
            }
            for entry in incident.entries
        ],
    }


async def _watched(file: ClusterFile, seconds: float) -> list[Entry]:
    """What changed in that time, the oldest first."""
    async with open_session(file) as session:
        return [seen(at, change) async for at, change in changing(session, seconds)]


def incident_lines(incident: Incident) -> list[str]:
    """One incident in words, its entries under it."""
    head = f"{incident.begin:%Y-%m-%d %H:%M:%S} UTC, {incident.lasted_s:.1f} s: {incident.says}"
    if len(incident.entries) == 1:
        return [f"{incident.begin:%Y-%m-%d %H:%M:%S} UTC: {incident.entries[0].says}"]
    return [head, *(f"  t+{incident.after_s(entry):.1f} s {entry.says}" for entry in incident.entries)]
