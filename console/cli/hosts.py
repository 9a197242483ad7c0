"""The hosts: how each is reached, and trusting the key of one that is met for the first time."""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from console.change.journal import Journal
from console.cli.see import asked, say_json, waited
from console.cli.settings import Mistake, settings, shared
from console.cluster.text import clean, meant
from console.ports.clusterfile import ClusterFile
from console.ports.hosts import Hops, HostLine, hops, look
from console.ports.protocols import HostKey, Refused, Route, ShellError, TrustsHosts
from console.ports.reach import Reach

REFUSED = 3


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
@click.pass_context
def hosts(context: click.Context, as_json: bool) -> None:
    """How each host is reached, its key, its round trip, and what our user may not do there."""
    if context.invoked_subcommand is not None:
        return
    lines = waited(_looked(settings().file()))
    if as_json:
        say_json([host_document(line) for line in lines])
        return
    for line in lines:
        click.echo(_words(line))


@hosts.command()
@click.argument("nodes", nargs=-1, required=True, metavar="NODE...")
@click.option(
    "--fingerprint",
    "fingerprints",
    multiple=True,
    metavar="SHA256:...",
    help="Trust a key that has this fingerprint without asking; may be given for each host.",
)
@shared
def trust(nodes: tuple[str, ...], fingerprints: tuple[str, ...]) -> None:
    """Show the keys of hosts, and those of their jump hosts first; trust those that you say yes to, and only those.

    Compare each fingerprint with the host's own, on its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
    """
    if settings().read_only:
        raise Mistake("nothing can be trusted: this session is read-only")
    for fingerprint in fingerprints:
        if not fingerprint.startswith("SHA256:"):
            raise Mistake(f"--fingerprint {fingerprint}: expected SHA256: and 43 characters, as `hosts` shows it")
    try:
        waited(_trust(settings().file(), nodes, fingerprints))
    except (Refused, ShellError) as refusal:
        click.echo(f"refused: {clean(str(refusal), limit=1000)}", err=True)
        raise click.exceptions.Exit(REFUSED) from None


def host_document(line: HostLine) -> dict[str, Any]:
    """One host of `hosts --json`."""
    route, key = line.route, line.key
    return {
        "name": line.name,
        "nodes": list(line.nodes),
        "user": route and route.user,
        "address": route and route.address,
        "port": route and route.port,
        "jumps": [jump.rpartition(",")[2] for jump in route.jumps] if route else [],
        "key": key.trust if key else "not seen",
        "key_kind": key and key.kind,
        "fingerprint": key and key.fingerprint,
        "reached": not line.problem,
        "round_trip_ms": None if line.round_trip_ms is None else round(line.round_trip_ms, 1),
        "problem": line.problem,
        "forbidden": list(line.forbidden),
    }


def _words(line: HostLine) -> str:
    told = host_document(line)
    way = f"{told['user']}@{told['address']}:{told['port']}" if line.route else "the way is not told"
    through = f" through {', '.join(told['jumps'])}" if told["jumps"] else ""
    key = f", key {told['key']}" + (f" ({told['fingerprint']})" if line.key else "")
    reached = f"answers in {told['round_trip_ms']} ms" if told["reached"] else line.problem
    lines = [f"{line.name:<10}{way}{through}{key}", f"          {reached}"]
    lines += [f"          may not: {what}" for what in line.forbidden]
    return "\n".join(clean(one, limit=1000) for one in lines)


async def _looked(file: ClusterFile) -> tuple[HostLine, ...]:
    reach = Reach.of(file)
    try:
        return await look(reach)
    finally:
        await reach.close()


async def _trust(file: ClusterFile, nodes: Sequence[str], fingerprints: Sequence[str]) -> None:
    """Raises Mistake, Refused, ShellError or JournalError; what was trusted before that stays trusted."""
    journal = Journal.open(settings().state_dir, file.table.name)
    reach = Reach.of(file)
    try:
        shells = reach.shells
        if not isinstance(shells, TrustsHosts):
            raise Mistake(f"{file.path}: its [shell] plugin keeps no keys of hosts")
        found = await hops(reach)
        for host in await _wanted(shells, found, nodes):
            await _meet(shells, host, found.name(host), fingerprints, journal)
    finally:
        await reach.close()
        journal.close()


async def _wanted(shells: TrustsHosts, found: Hops, nodes: Sequence[str]) -> list[str]:
    """The hosts of these nodes, each after its jump hosts. Raises Mistake with the nearest name, or ShellError."""
    by_name = {host.rpartition(",")[2]: host for host in found.order}
    by_name |= {node: host for host, own in found.nodes.items() for node in own}
    wanted: dict[str, None] = {}
    for node in nodes:
        if node not in by_name:
            raise Mistake(f"no host '{node}'; {meant(node, by_name)}there are: {', '.join(by_name)}")
        for host in (*(await shells.route(by_name[node])).jumps, by_name[node]):
            wanted.setdefault(host)
    return list(wanted)


async def _meet(shells: TrustsHosts, host: str, name: str, fingerprints: Sequence[str], journal: Journal) -> None:
    """Raises Refused unless the key is known, or somebody said yes to it."""
    route, key = await shells.route(host), await shells.shown(host)
    if key.trust == "known":
        click.echo(f"{name}: its key is known ({key.fingerprint})", err=True)
        return
    click.echo(clean(_shown(name, route, key), limit=1000), err=True)
    if key.trust == "changed":
        raise Refused(f"the key of {name} CHANGED, and a changed key is never replaced here: {key.says}")
    await _agreed(name, key, fingerprints)
    says = f"somebody said yes to the key of {name}: {key.kind} {key.fingerprint}"
    await journal.append("host.key_accepted", target=name, detail={"says": says})
    written = await shells.trust(key)
    click.echo(f"{name}: its key is trusted from now on, in {written}", err=True)


async def _agreed(name: str, key: HostKey, fingerprints: Sequence[str]) -> None:
    """Raises Refused when nobody says yes, Mistake when there is nobody to ask."""
    if key.fingerprint in fingerprints:
        return
    if fingerprints:
        raise Refused(f"{name} shows {key.fingerprint}, which is not what --fingerprint says; it was not trusted")
    if not sys.stdin.isatty():
        raise Mistake(
            f"{name}: there is no terminal to ask on; compare the fingerprint with the host's own, "
            "then give it with --fingerprint"
        )
    question = f"Is that the key of {name}? Trust it from now on"
    if not await asked(partial(click.confirm, question, default=False, err=True)):
        raise Refused(f"the key of {name} was not trusted; nothing was changed")


def _shown(name: str, route: Route, key: HostKey) -> str:
    through = f", through {', '.join(jump.rpartition(',')[2] for jump in route.jumps)}" if route.jumps else ""
    return f"{name} at {route.address} port {route.port}{through} shows a key {key.kind} {key.fingerprint}"
