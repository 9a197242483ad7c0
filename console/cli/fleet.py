"""The fleet, printed once."""

from contextlib import suppress

import click

from console import lab
from console.cli.see import say_json, waited
from console.cli.settings import settings, shared
from console.cluster.text import clean
from console.fleet import Fleet, Look
from console.ports.clusterfile import ClusterFile
from console.ports.error import OperatorError


def known() -> Fleet:
    """Every cluster file in the operator's directory, and the lab while it runs."""
    here = settings()
    paths = here.clusters()
    with suppress(OperatorError):  # no lab runs
        paths["lab"] = lab.status("lab", here.state_dir).cluster_file
    return Fleet(paths, lambda path: ClusterFile.read(path, here.plugins), here.state_dir)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a cluster.")
@shared
def fleet(as_json: bool) -> None:
    """Every cluster file in the configuration directory, the worst first; exit code 3 when one needs somebody."""
    looks = waited(known().once())
    for look in looks:
        if as_json:
            say_json(fleet_document(look))
        else:
            click.echo(clean(_line(look), limit=1000))
    if not looks:
        click.echo(
            f"no cluster file is in {settings().config_dir / 'clusters'}; `watchkeeper init` writes one", err=True
        )
    if any(look.rank[0] == 0 for look in looks):
        raise click.exceptions.Exit(3)


def fleet_document(look: Look) -> dict[str, object]:
    """One cluster of `fleet --json`."""
    snapshot = look.snapshot
    return {
        "name": look.name,
        "file": str(look.path),
        "at": look.at.isoformat() if look.at else None,
        "problem": look.problem or None,
        "environment": snapshot.environment if snapshot else None,
        "tolerates": {"app_servers": snapshot.tolerates.app_servers, "members": snapshot.tolerates.members}
        if snapshot
        else None,
        "primary": snapshot.replica_set.primary.name if snapshot and snapshot.replica_set.primary else None,
        "worst": {"severity": str(look.worst.severity), "says": look.worst.says} if look.worst else None,
    }


def _line(look: Look) -> str:
    if look.snapshot is None:
        return f"{look.name}: not seen: {look.problem}"
    may = f"may be lost: {look.snapshot.tolerates.says}"
    worst = f"{look.worst.severity}: {look.worst.says}" if look.worst else "nothing is wrong"
    return f"{look.name} ({look.snapshot.environment or 'no environment'}): {may}; {worst}"
