"""Application servers and balancers out of what was observed of them."""

from collections.abc import Mapping
from dataclasses import replace

from console.cluster.layout import BalancerLine, Layout, NodeLine
from console.cluster.observed import Known, Observed, known, node_at
from console.cluster.snapshot import Admin, AppServer, Balancer, Health, PoolMember
from console.cluster.views import BalancerView, HealthView

Looks = Mapping[str, Observed[BalancerView]]
PoolPlace = tuple[str, str, str]
"""(balancer, backend, the server's name there)."""
Lost = Mapping[PoolPlace, Admin]
"""What places were set to when a reload of their balancer made them ready again."""


def app_servers(
    layout: Layout, health: Mapping[str, Observed[HealthView]], looks: Looks, now_s: float, lost: Lost
) -> tuple[AppServer, ...]:
    """Every node with the role app, then every server that only a balancer knows, so that nothing is hidden."""
    apps = {node.name: node for node in layout.role("app")}
    pools: dict[str, list[PoolMember]] = {name: [] for name in apps}
    for balancer in sorted(looks):
        for entry in _entries(looks[balancer], now_s, layout.stale_after_s):
            entry = replace(entry, lost=lost.get(pool_place(entry)))
            pools.setdefault(_name(layout, apps, entry), []).append(entry)
    return tuple(
        _app_server(apps.get(name), health.get(name), tuple(places), name, now_s, layout.stale_after_s)
        for name, places in pools.items()
    )


def balancers(layout: Layout, looks: Looks, reloads: Mapping[str, int], now_s: float) -> tuple[Balancer, ...]:
    """Every balancer of the cluster file, and any other that was looked at."""
    lines = {line.name: line for line in layout.balancers}
    for name in looks:
        lines.setdefault(name, BalancerLine(name=name, plugin=""))
    nodes = {node.name: node for node in layout.nodes}
    return tuple(
        _balancer(line, nodes.get(name), looks.get(name), reloads.get(name, 0), now_s, layout.stale_after_s)
        for name, line in lines.items()
    )


def pool_place(entry: PoolMember) -> PoolPlace:
    """Where an entry stands."""
    return entry.balancer, entry.backend, entry.server


def kept_lost(lost: Lost, before: BalancerView, view: BalancerView, reloaded: bool) -> Lost:
    """What is missed after one more look: what this reload took, and what is still not set anew."""
    if view.health is not Health.UP:
        return lost
    now = {pool_place(entry): entry.admin for entry in view.servers}
    taken = {pool_place(e): e.admin for e in before.servers if e.admin is not Admin.READY} if reloaded else {}
    missed = {**lost, **taken}
    return {
        place: admin for place, admin in missed.items() if place[0] != view.balancer or now.get(place) is Admin.READY
    }


def _name(layout: Layout, apps: Mapping[str, NodeLine], entry: PoolMember) -> str:
    if entry.server in apps:
        return entry.server
    node = node_at(layout, entry.address, "app") if entry.address else None
    return node.name if node else entry.server


def _entries(look: Observed[BalancerView], now_s: float, stale_after_s: float) -> tuple[PoolMember, ...]:
    now = _known(look, now_s, stale_after_s)
    if now.health is Health.UP:
        return look.view.servers
    # The last that it said: which servers there are. Whether they are up, nobody knows.
    says = f"{look.view.balancer}: {now.reason or now.health}"
    return tuple(
        replace(entry, check=Health.UNKNOWN, check_says=says, known=False, requests_s=None, errors_s=None)
        for entry in look.view.servers
    )


def _app_server(
    node: NodeLine | None,
    seen: Observed[HealthView] | None,
    pools: tuple[PoolMember, ...],
    name: str,
    now_s: float,
    stale_after_s: float,
) -> AppServer:
    if node is None:
        address = next((pool.address for pool in pools if pool.address), "")
        return AppServer(name=name, address=address, reason="not in the cluster file", pools=pools)
    view = seen.view if seen else HealthView(server=name, health=Health.UNKNOWN)
    now = known(seen, view.health, view.reason, now_s, stale_after_s)
    return AppServer(
        name=name,
        address=node.address if node.port is None else f"{node.address}:{node.port}",
        domain=node.domain,
        health=now.health,
        reason=now.reason,
        latency_ms=view.latency_ms if now.health is Health.UP else None,
        age_s=now.age_s,
        database=view.database and (Health.UNKNOWN if now.health is Health.UNKNOWN else view.database),
        pools=pools,
    )


def _balancer(
    line: BalancerLine,
    node: NodeLine | None,
    look: Observed[BalancerView] | None,
    reloads: int,
    now_s: float,
    stale_after_s: float,
) -> Balancer:
    view = look.view if look else BalancerView(balancer=line.name, health=Health.UNKNOWN)
    now = _known(look, now_s, stale_after_s)
    up = now.health is Health.UP
    return Balancer(
        name=line.name,
        plugin=line.plugin,
        address=node.address if node else "",
        domain=node.domain if node else "",
        health=now.health,
        reason=now.reason,
        version=view.version,
        uptime_s=view.uptime_s if up else None,
        process_id=view.process_id,
        reloads=reloads,
        writable=view.writable if up else None,
        writable_reason=view.writable_reason if up else "",
        backends=view.backends,
        pools=view.pools,
        age_s=now.age_s,
    )


def _known(look: Observed[BalancerView] | None, now_s: float, stale_after_s: float) -> Known:
    health = look.view.health if look else Health.UNKNOWN
    return known(look, health, look.view.reason if look else "", now_s, stale_after_s)
