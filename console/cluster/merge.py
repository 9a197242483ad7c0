"""Where observations come together: the latest of each source, merged into one snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from console.cluster.diagnoses import diagnose
from console.cluster.elections import Elections
from console.cluster.layout import Layout
from console.cluster.merge_lease import lease_of
from console.cluster.merge_members import replica_set
from console.cluster.merge_pools import app_servers, balancers
from console.cluster.observed import Observed, known
from console.cluster.snapshot import Health, Node, Snapshot
from console.cluster.standing import tolerates
from console.cluster.text import cleaned
from console.cluster.views import BalancerView, HealthView, HostView, LeaseView, MemberView, View

HOST_STALE_AFTER_S = 60.0
"""Hosts are looked at seldom and change slowly: their facts stay known for longer than a service's health."""


class Board:
    """The latest observation of each source; the only thing in this room that changes."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._latest: dict[tuple[type[View], str], Observed[View]] = {}
        self._reloads: dict[str, int] = {}
        self._elections = Elections()

    def put(self, view: View, at_s: float) -> None:
        """Keep a view seen at a second of the monotonic clock, unless a newer one of the same source is here."""
        view = cleaned(view)
        before = self._latest.get(_source(view))
        if before and before.at_s > at_s:
            return
        if before and isinstance(view, BalancerView) and isinstance(before.view, BalancerView):
            self._reloads[view.balancer] = self._reloads.get(view.balancer, 0) + _reloaded(before.view, view)
        if isinstance(view, MemberView):
            self._elections.note(view.itself.term, at_s)
        self._latest[_source(view)] = Observed(_carried(before.view, view) if before else view, at_s)

    def snapshot(self, now_s: float, at: datetime) -> Snapshot:
        """The picture at a second of the monotonic clock, which is `at` on the wall."""
        elections = self._elections.lately(now_s)
        return merge(self.layout, self._latest.values(), now_s, at, self._reloads, elections)


def merge(
    layout: Layout,
    observed: Iterable[Observed[View]],
    now_s: float,
    at: datetime,
    reloads: Mapping[str, int] | None = None,
    elections: int = 0,
) -> Snapshot:
    """One snapshot of everything observed, judged, in which nothing old looks fresh."""
    health: dict[str, Observed[HealthView]] = {}
    looks: dict[str, Observed[BalancerView]] = {}
    members: dict[str, Observed[MemberView]] = {}
    hosts: dict[str, Observed[HostView]] = {}
    lease: Observed[LeaseView] | None = None
    for one in observed:
        match one.view:
            case HealthView(server=name) as view:
                health[name] = Observed(view, one.at_s)
            case BalancerView(balancer=name) as view:
                looks[name] = Observed(view, one.at_s)
            case MemberView(address=name) as view:
                members[name] = Observed(view, one.at_s)
            case HostView(node=name) as view:
                hosts[name] = Observed(view, one.at_s)
            case LeaseView() as view:
                lease = Observed(view, one.at_s)
    kept = lease_of(lease, now_s, layout.stale_after_s)
    return judged(
        Snapshot(
            cluster=layout.cluster,
            environment=layout.environment,
            at=at,
            app_servers=app_servers(layout, health, looks, now_s),
            balancers=balancers(layout, looks, reloads or {}, now_s),
            replica_set=replace(replica_set(layout, members, now_s), elections_last_minute=elections),
            nodes=_nodes(layout, hosts, now_s),
            lease=kept.lease,
            lease_reason=kept.reason,
            holds=kept.holds,
            set_change=kept.set_change,
        )
    )


def judged(snapshot: Snapshot) -> Snapshot:
    """The same snapshot with what is wrong in it and how much it may still lose."""
    return replace(snapshot, tolerates=tolerates(snapshot), findings=diagnose(snapshot))


def _source(view: View) -> tuple[type[View], str]:
    match view:
        case HealthView(server=name) | BalancerView(balancer=name) | MemberView(address=name) | HostView(node=name):
            return type(view), name
        case LeaseView():
            return LeaseView, ""


def _carried(before: View, view: View) -> View:
    """A failed look keeps what is needed of the one before: which servers there were, and who has a vote."""
    if isinstance(view, BalancerView) and isinstance(before, BalancerView) and view.health is not Health.UP:
        return replace(
            view,
            servers=view.servers or before.servers,
            backends=view.backends or before.backends,
            version=view.version or before.version,
            uptime_s=before.uptime_s if view.uptime_s is None else view.uptime_s,
            process_id=before.process_id if view.process_id is None else view.process_id,
        )
    if isinstance(view, LeaseView) and isinstance(before, LeaseView) and view.health is not Health.UP:
        return replace(view, holds=before.holds, set_change=before.set_change)
    if isinstance(view, MemberView) and isinstance(before, MemberView) and not view.config:
        return replace(
            view,
            config=before.config,
            config_version=before.config_version,
            set_name=view.set_name or before.set_name,
            heartbeat_s=before.heartbeat_s,
            election_timeout_s=before.election_timeout_s,
        )
    return view


def _reloaded(before: BalancerView, view: BalancerView) -> bool:
    if before.process_id is not None and view.process_id is not None and before.process_id != view.process_id:
        return True
    return before.uptime_s is not None and view.uptime_s is not None and view.uptime_s < before.uptime_s


def _nodes(layout: Layout, hosts: Mapping[str, Observed[HostView]], now_s: float) -> tuple[Node, ...]:
    limit_s = max(layout.stale_after_s, HOST_STALE_AFTER_S)
    nodes = []
    for line in layout.nodes:
        seen = hosts.get(line.name)
        view = seen.view if seen else HostView(node=line.name, health=Health.UNKNOWN)
        now = known(seen, view.health, view.reason, now_s, limit_s)
        node = Node(name=line.name, address=line.address, roles=line.roles, domain=line.domain)
        nodes.append(
            replace(
                node,
                cpus=view.cpus,
                memory_bytes=view.memory_bytes,
                memory_used_bytes=view.memory_used_bytes,
                disk_bytes=view.disk_bytes,
                disk_used_bytes=view.disk_used_bytes,
                load1=view.load1 if now.health is Health.UP else None,
                health=now.health,
                reason=now.reason,
                age_s=now.age_s,
            )
        )
    return tuple(nodes)
