"""Where observations come together: the latest of each source, merged into one snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from console.cluster.diagnoses import diagnose
from console.cluster.handover import Handovers
from console.cluster.history import History, Sample
from console.cluster.layout import Layout
from console.cluster.merge_members import replica_set
from console.cluster.merge_nodes import nodes
from console.cluster.merge_pools import app_servers, balancers
from console.cluster.observed import Observed
from console.cluster.rates import Rates
from console.cluster.snapshot import Health, Snapshot
from console.cluster.standing import tolerates
from console.cluster.text import cleaned
from console.cluster.views import BalancerView, HealthView, HostView, MemberView, ServiceView, SizeView, View


class Board:
    """The latest observation of each source; the only thing in this room that changes."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._latest: dict[tuple[type[View], str], Observed[View]] = {}
        self._reloads: dict[str, int] = {}
        self._rates = Rates()
        self._history = History()
        self._handovers = Handovers()

    def put(self, view: View, at_s: float) -> None:
        """Keep a view seen at a second of the monotonic clock, unless a newer one of the same source is here."""
        view = cleaned(view)
        before = self._latest.get(_source(view))
        if before and before.at_s > at_s:
            return
        if isinstance(view, BalancerView):
            view = self._rates.rated(view, at_s)
            if before and isinstance(before.view, BalancerView):
                self._reloads[view.balancer] = self._reloads.get(view.balancer, 0) + _reloaded(before.view, view)
        if isinstance(view, MemberView):
            self._handovers.hear(view, at_s)
        self._latest[_source(view)] = Observed(_carried(before.view, view) if before else view, at_s)
        self._history.look(at_s, lambda: self._merged(at_s, datetime.now(UTC)))

    @property
    def history(self) -> tuple[Sample, ...]:
        """A few numbers of each of the last moments, the oldest first."""
        return self._history.samples

    def snapshot(self, now_s: float, at: datetime) -> Snapshot:
        """The picture at a second of the monotonic clock, which is `at` on the wall."""
        snapshot = self._merged(now_s, at)
        return replace(snapshot, load=self._history.load(snapshot))

    def _merged(self, now_s: float, at: datetime) -> Snapshot:
        merged = merge(self.layout, self._latest.values(), now_s, at, self._reloads)
        primary = merged.replica_set.primary
        gap_s = self._handovers.gap_s(primary.term) if primary else None
        return replace(merged, replica_set=replace(merged.replica_set, gap_s=gap_s))


def merge(
    layout: Layout,
    observed: Iterable[Observed[View]],
    now_s: float,
    at: datetime,
    reloads: Mapping[str, int] | None = None,
) -> Snapshot:
    """One snapshot of everything observed, judged, in which nothing old looks fresh."""
    health: dict[str, Observed[HealthView]] = {}
    looks: dict[str, Observed[BalancerView]] = {}
    members: dict[str, Observed[MemberView]] = {}
    hosts: dict[str, Observed[HostView]] = {}
    services: dict[str, Observed[ServiceView]] = {}
    sizes: dict[str, Observed[SizeView]] = {}
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
            case ServiceView(node=name) as view:
                services[name] = Observed(view, one.at_s)
            case SizeView(node=name) as view:
                sizes[name] = Observed(view, one.at_s)
    return judged(
        Snapshot(
            cluster=layout.cluster,
            environment=layout.environment,
            at=at,
            app_servers=app_servers(layout, health, looks, now_s),
            balancers=balancers(layout, looks, reloads or {}, now_s),
            replica_set=replica_set(layout, members, now_s),
            nodes=nodes(layout, hosts, services, sizes, now_s),
        )
    )


def judged(snapshot: Snapshot) -> Snapshot:
    """The same snapshot with what is wrong in it and how much it may still lose."""
    return replace(snapshot, tolerates=tolerates(snapshot), findings=diagnose(snapshot))


def _source(view: View) -> tuple[type[View], str]:
    match view:
        case HealthView(server=name) | BalancerView(balancer=name) | MemberView(address=name):
            return type(view), name
        case HostView(node=name) | ServiceView(node=name) | SizeView(node=name):
            return type(view), name


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
