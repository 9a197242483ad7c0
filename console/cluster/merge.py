"""Where observations come together: the latest of each source, merged into one snapshot."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from console.cluster.diagnoses import diagnose
from console.cluster.elections import Elections
from console.cluster.handover import Handovers
from console.cluster.history import History, Sample
from console.cluster.layout import Layout
from console.cluster.merge_lease import lease_of
from console.cluster.merge_members import replica_set
from console.cluster.merge_nodes import nodes
from console.cluster.merge_pools import Lost, PoolPlace, app_servers, balancers, kept_lost
from console.cluster.merge_spares import spare_members
from console.cluster.observed import Observed
from console.cluster.rates import Rates
from console.cluster.snapshot import Health, Snapshot
from console.cluster.standing import tolerates
from console.cluster.text import cleaned
from console.cluster.views import (
    BalancerView,
    HealthView,
    HostView,
    LeaseView,
    MemberView,
    ServiceView,
    SizeView,
    SpareView,
    View,
)

ASKED_FOR = timedelta(days=1)
"""What another operator was asked longer ago is not asked any more: whoever asked is gone."""


class Board:
    """The latest observation of each source; the only thing in this room that changes."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._latest: dict[tuple[type[View], str], Observed[View]] = {}
        self._reloads: dict[str, int] = {}
        self._rates = Rates()
        self._history = History()
        self._handovers = Handovers()
        self._lost: Lost = {}
        self._elections = Elections()

    def put(self, view: View, at_s: float) -> bool:
        """Keep a view seen at a second of the monotonic clock, unless a newer one of the same source is here.

        Whether it is news: something else in it than numbers that move all the time.
        """
        view = cleaned(view)
        before = self._latest.get(_source(view))
        if before and before.at_s > at_s:
            return False
        if isinstance(view, BalancerView):
            view = self._rates.rated(view, at_s)
            if before and isinstance(before.view, BalancerView):
                reloaded = _reloaded(before.view, view)
                self._reloads[view.balancer] = self._reloads.get(view.balancer, 0) + reloaded
                self._lost = kept_lost(self._lost, before.view, view, reloaded)
        if isinstance(view, MemberView):
            self._elections.note(view.itself.term, at_s)
            self._handovers.hear(view, at_s)
        kept = _carried(before.view, view) if before else view
        self._latest[_source(view)] = Observed(kept, at_s)
        self._history.look(at_s, lambda: self._merged(at_s, datetime.now(UTC)))
        return before is None or kept != before.view

    @property
    def history(self) -> tuple[Sample, ...]:
        """A few numbers of each of the last moments, the oldest first."""
        return self._history.samples

    def snapshot(self, now_s: float, at: datetime) -> Snapshot:
        """The picture at a second of the monotonic clock, which is `at` on the wall."""
        snapshot = self._merged(now_s, at)
        return replace(snapshot, load=self._history.load(snapshot))

    def settle(self, places: Collection[PoolPlace]) -> None:
        """An operator has decided anew about these: what a reload took from them is not missed any longer."""
        self._lost = {place: admin for place, admin in self._lost.items() if place not in places}

    def _merged(self, now_s: float, at: datetime) -> Snapshot:
        elections = self._elections.lately(now_s)
        merged = merge(self.layout, self._latest.values(), now_s, at, self._reloads, self._lost, elections)
        primary = merged.replica_set.primary
        gap_s = self._handovers.gap_s(primary.term) if primary else None
        return replace(merged, replica_set=replace(merged.replica_set, gap_s=gap_s))


def merge(
    layout: Layout,
    observed: Iterable[Observed[View]],
    now_s: float,
    at: datetime,
    reloads: Mapping[str, int] | None = None,
    lost: Lost | None = None,
    elections: int = 0,
) -> Snapshot:
    """One snapshot of everything observed, judged, in which nothing old looks fresh."""
    health: dict[str, Observed[HealthView]] = {}
    looks: dict[str, Observed[BalancerView]] = {}
    members: dict[str, Observed[MemberView]] = {}
    hosts: dict[str, Observed[HostView]] = {}
    services: dict[str, Observed[ServiceView]] = {}
    sizes: dict[str, Observed[SizeView]] = {}
    spares: dict[str, Observed[SpareView]] = {}
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
            case ServiceView(node=name) as view:
                services[name] = Observed(view, one.at_s)
            case SizeView(node=name) as view:
                sizes[name] = Observed(view, one.at_s)
            case SpareView(name=name) as view:
                spares[name] = Observed(view, one.at_s)
            case LeaseView() as view:
                lease = Observed(view, one.at_s)
    kept = lease_of(lease, now_s, layout.stale_after_s)
    members_now = replica_set(layout, members, now_s)
    servers = app_servers(layout, health, looks, now_s, lost or {})
    # Prepared and in no pool: not counted. Once a balancer has it, it is a server like any other.
    unused = {server.name for server in servers if not server.pools} & {n.name for n in layout.nodes if n.spare}
    return judged(
        Snapshot(
            cluster=layout.cluster,
            environment=layout.environment,
            at=at,
            app_servers=tuple(server for server in servers if server.name not in unused),
            balancers=balancers(layout, looks, reloads or {}, now_s),
            replica_set=replace(members_now, elections_last_minute=elections),
            nodes=nodes(layout, hosts, services, sizes, now_s),
            spare_servers=tuple(server for server in servers if server.name in unused),
            spare_members=spare_members(layout, spares, members_now, now_s),
            lease=kept.lease,
            lease_reason=kept.reason,
            holds=kept.holds,
            bars=tuple(bar for bar in kept.bars if bar.until > at),
            approvals=tuple(one for one in kept.approvals if at - one.since < ASKED_FOR),
            set_change=kept.set_change,
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
        case SpareView(name=name):
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
            pools=view.pools or before.pools,
            version=view.version or before.version,
            uptime_s=before.uptime_s if view.uptime_s is None else view.uptime_s,
            process_id=before.process_id if view.process_id is None else view.process_id,
        )
    if isinstance(view, LeaseView) and isinstance(before, LeaseView) and view.health is not Health.UP:
        return replace(
            view, holds=before.holds, bars=before.bars, approvals=before.approvals, set_change=before.set_change
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
