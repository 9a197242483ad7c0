"""The lease and the holds of a world, as a replica set keeps them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from console.cluster.snapshot import Approval, Bar, Health, Hold, Lease, SetChange
from console.cluster.views import LeaseView
from console.ports.protocols import Claim, Holder, LeaseState, Refused, Unclear


@dataclass(slots=True)
class Kept:
    """What the world keeps for every console."""

    state: LeaseState = field(default_factory=lambda: LeaseState(fence=0, rid="", holder=None, left_s=0.0))
    expires: datetime = field(default_factory=lambda: datetime.now(UTC))
    holds: dict[str, Hold] = field(default_factory=dict)
    bars: dict[str, datetime] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    refuses: str = ""
    """Its words when it refuses everything though there is a Primary."""
    loses_answers: bool = False
    applies: bool = True
    """Whether a request whose answer is lost has happened; it cannot be read back either way."""

    def pass_time(self, seconds: float) -> None:
        """The lease is so much nearer to its end."""
        self.expires -= timedelta(seconds=seconds)

    def take_away(self, owner: str) -> None:
        """Somebody else was granted it meanwhile."""
        holder = Holder(owner=owner, run="ffff0000", says="Drain app1", reason="kernel", since=datetime.now(UTC))
        self.state = replace(self.state, fence=self.state.fence + 1, rid="another", holder=holder)
        self.expires = datetime.now(UTC) + timedelta(seconds=60)


class MemoryLease:
    """One console's way to it; `leads` says whether the world has a Primary now."""

    def __init__(self, kept: Kept, leads: Callable[[], bool]) -> None:
        self._kept = kept
        self._leads = leads
        self._own_rid = ""

    async def look(self) -> LeaseView:
        """At once."""
        try:
            state = self._now()
        except Refused as problem:
            return LeaseView(health=Health.UNKNOWN, reason=str(problem))
        lease, holds = None, tuple(self._kept.holds[name] for name in sorted(self._kept.holds))
        if holder := state.holder:
            about = {"owner": holder.owner, "run": holder.run, "says": holder.says, "reason": holder.reason}
            ours = state.rid == self._own_rid
            lease = Lease(**about, fence=state.fence, ours=ours, left_s=state.left_s)
        bars = tuple(Bar(address=address, until=until) for address, until in sorted(self._kept.bars.items()))
        return LeaseView(
            health=Health.UP,
            lease=lease,
            holds=holds,
            bars=bars,
            approvals=tuple(self._kept.approvals.values()),
            set_change=state.set_change,
        )

    async def acquire(self, claim: Claim) -> LeaseState:
        """Granted when nobody has it, its time is over, or its run is known to be dead."""
        state, stood = self._now(), self._kept.state.holder
        if state.holder is None or state.holder.run in claim.takes_over:
            now = datetime.now(UTC)
            holder = Holder(owner=claim.owner, run=claim.run, says=claim.says, reason=claim.reason, since=now)
            granted = replace(state, fence=state.fence + 1, rid=claim.rid, holder=holder, before=stood)
            self._write(granted, claim.ttl_s)
            self._own_rid = claim.rid
        return self._now()

    async def renew(self, rid: str, *, ttl_s: float, says: str, changes_set: str = "") -> LeaseState:
        """Only while the rid is ours."""
        state, stood = self._now(), self._kept.state.holder
        if state.rid == rid and stood:
            renewed = replace(state, holder=replace(stood, says=says))
            if changes_set:
                now = datetime.now(UTC)
                change = SetChange(what=changes_set, by=stood.owner, run=stood.run, at=now, finished=False, ago_s=0.0)
                renewed = replace(renewed, set_change=change)
            self._write(renewed, ttl_s)
        return self._now()

    async def release(self, rid: str) -> None:
        """A rid that is not ours any more releases nothing."""
        state, stood = self._now(), self._kept.state.holder
        if state.rid != rid or stood is None:
            return
        change = state.set_change
        if change and change.run == stood.run:
            change = replace(change, finished=True, at=datetime.now(UTC))
        self._write(replace(state, rid="", holder=None, last=stood, set_change=change), 0.0)

    async def hold(self, hold: Hold) -> None:
        """A newer one replaces it."""
        self._now()
        self._kept.holds[hold.target] = hold

    async def bar(self, address: str, until: datetime | None) -> None:
        """A newer one replaces it."""
        self._now()
        self._kept.bars.pop(address, None)
        if until is not None:
            self._kept.bars[address] = until

    async def ask(self, approval: Approval) -> None:
        """A newer one replaces it."""
        self._now()
        self._kept.approvals[approval.id] = approval

    async def agree(self, id: str, by: str, *, agreed: bool) -> None:
        """Only what is asked."""
        self._now()
        if asked := self._kept.approvals.get(id):
            self._kept.approvals[id] = replace(asked, by=by, agreed=agreed)

    async def forget(self, id: str) -> None:
        """Nothing to forget is no mistake."""
        self._now()
        self._kept.approvals.pop(id, None)

    async def let_go(self, target: str) -> None:
        """Nothing to forget is no mistake."""
        self._now()
        self._kept.holds.pop(target, None)

    def _now(self) -> LeaseState:
        """As it stands now. Raises Refused without a Primary."""
        if not self._leads():
            raise Refused("no member takes writes")
        if self._kept.refuses:
            raise Refused(self._kept.refuses)
        now, state = datetime.now(UTC), self._kept.state
        left_s = (self._kept.expires - now).total_seconds()
        if change := state.set_change:
            change = replace(change, ago_s=(now - change.at).total_seconds())
        return replace(state, left_s=left_s, holder=state.holder if left_s > 0 else None, set_change=change)

    def _write(self, state: LeaseState, ttl_s: float) -> None:
        if self._kept.applies:
            self._kept.state = state
            self._kept.expires = datetime.now(UTC) + timedelta(seconds=ttl_s)
        if self._kept.loses_answers:
            raise Unclear("the Primary did not acknowledge it: timed out")
