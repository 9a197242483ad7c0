"""The path of a request and its failure domains, printed once."""

from typing import Any

import click

from console.cli.see import look, say_json, waited
from console.cli.settings import settings, shared
from console.cluster.snapshot import AppServer, Snapshot
from console.cluster.text import clean
from console.cluster.topology import (
    domains,
    in_domains,
    member_contradiction,
    sends_to,
    server_contradiction,
    sync_source,
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@shared
def topology(as_json: bool) -> None:
    """Who sends to whom, who differs about whom, and what each failure domain would cost."""
    document = topology_document(waited(look(settings().file())))
    if as_json:
        say_json(document)
        return
    for line in topology_lines(document):
        click.echo(clean(line, limit=1000))


def topology_document(snapshot: Snapshot) -> dict[str, Any]:
    """`topology --json`."""
    replica_set = snapshot.replica_set
    return {
        "cluster": snapshot.cluster,
        "at": snapshot.at.isoformat(),
        "balancers": [
            {
                "name": one.name,
                "domain": one.domain,
                "health": str(one.health),
                "reason": one.reason,
                **dict(zip(("sends_to", "of"), sends_to(snapshot, one), strict=True)),
            }
            for one in in_domains(snapshot.balancers)
        ],
        "app_servers": [
            {
                "name": one.name,
                "domain": one.domain,
                "health": str(one.health),
                "reason": one.reason,
                "balancers": _opinions(one),
                "database": one.database and str(one.database),
                "differs": server_contradiction(snapshot, one),
            }
            for one in in_domains(snapshot.app_servers)
        ],
        "members": [
            {
                "name": one.name,
                "domain": one.domain,
                "state": str(one.state),
                "health": str(one.health),
                "reason": one.reason,
                "votes": one.votes,
                "sync_source": sync_source(snapshot, one) or None,
                "takes_writes": replica_set.primary is one,
                "differs": member_contradiction(snapshot, one),
            }
            for one in in_domains(replica_set.members)
        ],
        "domains": [
            {
                "name": one.name or None,
                "balancers": one.balancers,
                "app_servers": one.app_servers,
                "members": one.members,
                "service_goes_on": one.service,
                "writes_go_on": one.writes,
                "says": one.says,
            }
            for one in domains(snapshot)
        ],
    }


def _opinions(server: AppServer) -> dict[str, str]:
    """By balancer and backend: what it was asked to do, and what its check finds."""
    return {
        f"{pool.balancer}/{pool.backend}": f"{pool.admin}/{pool.check if pool.known else 'unknown'}"
        for pool in server.pools
    }


def topology_lines(document: dict[str, Any]) -> list[str]:
    """`topology` in words, a line each."""
    lines = [f"{document['cluster']}: clients -> balancers -> application servers -> replica set"]
    for one in document["balancers"]:
        sends = f"sends to {one['sends_to']} of {one['of']} servers"
        lines.append(f"balancer {one['name']}{_in(one)}: {_with(one['health'], one)}, {sends}")
    for one in document["app_servers"]:
        told = [f"{place} {says}" for place, says in one["balancers"].items()] or ["in no pool"]
        database = f"its database {one['database']}" if one["database"] else "it does not tell of its database"
        says = f"{_with(one['health'], one)}; {', '.join(told)}; {database}"
        lines.append(f"application server {one['name']}{_in(one)}: {says}{_differs(one)}")
    for one in document["members"]:
        way = "takes the writes" if one["takes_writes"] else f"copies from {one['sync_source'] or 'nobody'}"
        votes = f"{one['votes']} vote{'' if one['votes'] == 1 else 's'}"
        lines.append(f"member {one['name']}{_in(one)}: {_with(one['state'], one)}, {votes}, {way}{_differs(one)}")
    for one in document["domains"]:
        there = ", ".join((*one["balancers"], *one["app_servers"], *one["members"]))
        what = f"if {one['name']} is lost ({there})" if one["name"] else f"{there}"
        lines.append(f"{what}: {one['says']}")
    return lines


def _in(one: dict[str, Any]) -> str:
    return f" in {one['domain']}" if one["domain"] else ""


def _with(word: str, one: dict[str, Any]) -> str:
    return f"{word} ({one['reason']})" if one["reason"] else word


def _differs(one: dict[str, Any]) -> str:
    return f"; OPINIONS DIFFER: {one['differs']}" if one["differs"] else ""
