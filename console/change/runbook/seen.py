"""What was seen of the cluster at one moment of a runbook, as plain values, and how two such moments differ."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from console.cluster.fresh import fresh
from console.cluster.snapshot import AppServer, Balancer, Health, Member, MemberState, Snapshot

SERVES, ANSWERS = "serves", "answers"
WELL = (SERVES, ANSWERS, MemberState.PRIMARY.value, MemberState.SECONDARY.value, MemberState.ARBITER.value)
"""The words of what is as it should be; any other is told when it is new."""
GONE = "not there"
KINDS = ("servers", "members", "balancers")


def seen(snapshot: Snapshot) -> dict[str, Any]:
    """A word for every server, member and balancer; who leads; requests and errors since the balancers began, or None.

    Kept in the journal with every stage that is reached or ends.
    """
    pools = [pool for server in snapshot.app_servers for pool in server.pools]
    return {
        "servers": {server.name: _server(server) for server in snapshot.app_servers},
        "members": {member.name: _member(member) for member in snapshot.replica_set.members},
        "balancers": {balancer.name: _balancer(balancer) for balancer in snapshot.balancers},
        "primary": snapshot.replica_set.primary.name if snapshot.replica_set.primary else "",
        "requests": _sum([pool.requests for pool in pools]),
        "errors": _sum([pool.errors for pool in pools]),
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any], ours: Collection[str]) -> tuple[str, ...]:
    """What is worse than it was, a sentence each, and not by what the runbook itself has done to `ours`."""
    return tuple(_differences(before, now, ours))


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], ours: Collection[str]) -> Iterator[str]:
    for kind in KINDS:
        for name, was in before.get(kind, {}).items():
            word = now[kind].get(name, GONE)
            if name not in ours and word not in (was, *WELL):
                yield f"{name} was: {was}, is: {word}"


def _server(server: AppServer) -> str:
    if server.serving and fresh(server.age_s):
        return SERVES
    if not server.pools:
        return f"in no pool, {server.health}"
    weight = "" if any(pool.weight for pool in server.pools) else ", weight 0"
    return f"{'/'.join(sorted(server.admins))}, {server.health}{weight}"


def _member(member: Member) -> str:
    if member.health is Health.UP and fresh(member.age_s):
        return str(member.state.value)
    return f"{member.state.value}, {member.health}"


def _balancer(balancer: Balancer) -> str:
    return ANSWERS if balancer.health is Health.UP and fresh(balancer.age_s) else str(balancer.health)


def _sum(counts: list[int | None]) -> int | None:
    return None if None in counts else sum(count or 0 for count in counts)
