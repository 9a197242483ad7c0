"""What was seen of the cluster at one moment of a runbook, as plain values, and how two such moments differ."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from console.cluster.fresh import fresh
from console.cluster.snapshot import AppServer, Balancer, Health, Member, MemberState, PoolMember, Snapshot

SERVES, ANSWERS = "serves", "answers"
WELL = (SERVES, ANSWERS, MemberState.PRIMARY.value, MemberState.SECONDARY.value, MemberState.ARBITER.value)
"""The words of what is as it should be; any other is told when it is new."""
GONE = "not there"
KINDS = ("servers", "members", "balancers")
LIMIT_BYTES = 32 * 1024
"""What a picture may take of a record: without the parts that only the report needs, where it would take more."""


def seen(snapshot: Snapshot) -> dict[str, Any]:
    """A word for every server, member and balancer; who leads; requests and errors since the balancers began, or None.

    Kept in the journal with every stage that is reached or ends, and with every problem.
    """
    pools = [pool for server in snapshot.app_servers for pool in server.pools]
    core = {
        "servers": {server.name: _server(server) for server in snapshot.app_servers},
        "members": {member.name: _member(member) for member in snapshot.replica_set.members},
        "balancers": {balancer.name: _balancer(balancer) for balancer in snapshot.balancers},
        "primary": snapshot.replica_set.primary.name if snapshot.replica_set.primary else "",
        "requests": _sum([pool.requests for pool in pools]),
        "errors": _sum([pool.errors for pool in pools]),
        "term": snapshot.replica_set.term,
        "gap_s": snapshot.replica_set.gap_s,
    }
    whole = core | {
        "pools": {server.name: _pools(server) for server in snapshot.app_servers},
        "lag_s": {member.name: member.lag_s for member in snapshot.replica_set.members},
        "counters": {balancer.name: _counters(balancer, pools) for balancer in snapshot.balancers},
    }
    return whole if len(msgspec.json.encode(whole)) <= LIMIT_BYTES else core


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
    same = member.state.value.lower() == member.health
    return member.state.value if same else f"{member.state.value}, {member.health}"


def _balancer(balancer: Balancer) -> str:
    return ANSWERS if balancer.health is Health.UP and fresh(balancer.age_s) else str(balancer.health)


def _pools(server: AppServer) -> dict[str, str]:
    """What each balancer says of it, by the balancer's name."""
    words: dict[str, set[str]] = {}
    for pool in server.pools:
        words.setdefault(pool.balancer, set()).add(f"{pool.admin} {pool.check}" if pool.known else "not seen")
    return {balancer: " / ".join(sorted(said)) for balancer, said in words.items()}


def _counters(balancer: Balancer, pools: Iterable[PoolMember]) -> dict[str, Any]:
    """Of one balancer, by server; nothing of one that does not answer: what it counted meanwhile is not known."""
    own = [pool for pool in pools if pool.balancer == balancer.name]
    entries = {f"{pool.backend}/{pool.server}": [pool.requests, pool.errors] for pool in own}
    return {"process": balancer.process_id, "entries": entries if _balancer(balancer) == ANSWERS else None}


def _sum(counts: list[int | None]) -> int | None:
    return None if None in counts else sum(count or 0 for count in counts)
