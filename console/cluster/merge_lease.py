"""What the replica set keeps for every console, out of what was last read of it."""

from dataclasses import dataclass, replace

from console.cluster.observed import Observed, known
from console.cluster.snapshot import Approval, Bar, Health, Hold, Lease, SetChange
from console.cluster.views import LeaseView


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The lease, why it cannot be seen, the holds, the bars, the approvals and the newest change of the set."""

    lease: Lease | None = None
    reason: str = ""
    holds: tuple[Hold, ...] = ()
    bars: tuple[Bar, ...] = ()
    approvals: tuple[Approval, ...] = ()
    set_change: SetChange | None = None


def lease_of(observed: Observed[LeaseView] | None, now_s: float, stale_after_s: float) -> Kept:
    """A lease whose time is over is nobody's; holds stay known while they cannot be read: they have no end of life."""
    if observed is None:
        return Kept()
    view, age_s = observed.view, observed.age_s(now_s)
    now = known(observed, view.health, view.reason, now_s, stale_after_s)
    lease, change = view.lease, view.set_change
    if lease is not None:
        lease = replace(lease, left_s=lease.left_s - age_s)
    return Kept(
        lease=lease if lease and lease.left_s > 0 and now.health is Health.UP else None,
        reason="" if now.health is Health.UP else now.reason,
        holds=view.holds,
        bars=view.bars,
        approvals=view.approvals,
        set_change=change and replace(change, ago_s=change.ago_s + age_s),
    )
