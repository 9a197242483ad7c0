"""The nodes out of what their hosts, their service managers and whoever sized them say."""

from collections.abc import Mapping
from dataclasses import replace

from console.cluster.layout import Layout, NodeLine
from console.cluster.observed import Observed, known
from console.cluster.snapshot import Health, Node, ServiceState
from console.cluster.views import HostView, ServiceView, SizeView

HOST_STALE_AFTER_S = 60.0
"""Hosts are looked at seldom and change slowly: their facts stay known for longer than a service's health."""


def nodes(
    layout: Layout,
    hosts: Mapping[str, Observed[HostView]],
    services: Mapping[str, Observed[ServiceView]],
    sizes: Mapping[str, Observed[SizeView]],
    now_s: float,
) -> tuple[Node, ...]:
    """Every node of the cluster file, spares included."""
    limit_s = max(layout.stale_after_s, HOST_STALE_AFTER_S)
    return tuple(
        _sized(
            _served(_node(line, hosts.get(line.name), now_s, limit_s), services.get(line.name), now_s, limit_s),
            sizes.get(line.name),
            now_s,
            limit_s,
        )
        for line in layout.nodes
    )


def _node(line: NodeLine, seen: Observed[HostView] | None, now_s: float, limit_s: float) -> Node:
    view = seen.view if seen else HostView(node=line.name, health=Health.UNKNOWN)
    now = known(seen, view.health, view.reason, now_s, limit_s)
    return Node(
        name=line.name,
        address=line.address,
        roles=line.roles,
        domain=line.domain,
        shell=line.shell,
        spare=line.spare,
        has_service=line.service,
        has_size=line.size,
        cpus=view.cpus,
        memory_bytes=view.memory_bytes,
        memory_used_bytes=view.memory_used_bytes,
        disk_bytes=view.disk_bytes,
        disk_used_bytes=view.disk_used_bytes,
        load1=view.load1 if now.health is Health.UP else None,
        health=now.health,
        reason=now.reason if line.shell else "no shell is configured for it",
        age_s=now.age_s,
    )


def _served(node: Node, seen: Observed[ServiceView] | None, now_s: float, limit_s: float) -> Node:
    if seen is None:
        return node
    age_s = seen.age_s(now_s)
    state = seen.view.state if age_s <= limit_s else ServiceState.UNKNOWN
    return replace(
        node,
        service=state,
        service_reason=seen.view.reason,
        service_forbidden=seen.view.forbidden,
        service_age_s=age_s,
    )


def _sized(node: Node, seen: Observed[SizeView] | None, now_s: float, limit_s: float) -> Node:
    if seen is None:
        return node
    age_s, view = seen.age_s(now_s), seen.view
    if age_s > limit_s:
        return replace(node, size_reason=f"last read {age_s:.0f} s ago", size_age_s=age_s)
    return replace(
        node,
        size=view.size,
        size_reason=view.reason,
        size_age_s=age_s,
        size_live=view.live,
        size_most=view.most,
        size_forbidden=view.forbidden,
        in_use_bytes=view.in_use_bytes,
    )
