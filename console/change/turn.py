"""One change at a time: the turn among the consoles of this machine, then the lease among those of all machines."""

from collections.abc import Callable
from dataclasses import dataclass

from console.change.action import Action
from console.change.events import EventKind
from console.change.journal import Journal, turns
from console.change.journal.record import writer
from console.change.lease import NotGranted, Tenure, holder_says
from console.change.run import Confirmation, Run
from console.ports.clusterfile import SafetyTable
from console.ports.protocols import Holder, LeaseStore, Refused, Unclear

HOW_WITHOUT = "consoles on other machines are not excluded then: give --without-lease, and confirm it by typing"


def owner() -> str:
    """Who acts from here: `ann@bastion1`."""
    return f"{writer()['user.name']}@{writer()['host.name']}"


@dataclass(slots=True)
class Turn:
    """The right of one run to change the cluster."""

    journal: Journal
    store: LeaseStore | None
    """None: the cluster keeps no lease, and the turn on this machine is all there is."""
    safety: SafetyTable
    action: Action
    confirmation: Confirmation
    tenure: Tenure | None = None
    degraded: bool = False
    """The lease could not be had, and the operator goes on without it."""
    _here: turns.Turn | None = None

    @property
    def last(self) -> Holder | None:
        """Who changed the cluster last."""
        return self.tenure.state.last if self.tenure else None

    @property
    def about(self) -> dict[str, object]:
        """What the journal keeps of it."""
        return {"fence": self.tenure.state.fence} if self.tenure else {}

    async def take(self, run: Run) -> str | None:
        """Why it cannot be had, or None when it is ours. Raises JournalError."""
        says = f"{run.plan.action} {run.plan.target}"
        try:
            self._here = turns.Turn.take(self.journal.path.parent, self.journal.cluster, run.id, says)
        except turns.Taken as other:
            return f"another change is running: {other}"
        if self.store is None:
            return None
        try:
            self.tenure = await Tenure.begin(
                self.store,
                owner=owner(),
                run=run.id,
                reason=self.confirmation.reason,
                words=_words(run),
                ttl_s=self.safety.lease_ttl_s,
                takes_over=(run.id, *self._here.dead),
            )
        except NotGranted as other:
            return f"another change is running: {other}"
        except (Refused, Unclear) as problem:
            return await self._without(run, f"the lease cannot be had: {problem}")
        await self._tell_takeover(run, self.tenure)
        return await self._too_soon(run, self.tenure) if run.plan.unsettles else None

    async def lost(self, run: Run, step: int) -> str:
        """Why the run must not begin its next step; empty when it may."""
        if self.tenure is None:
            return ""
        changes_set = f"{run.plan.action} {run.plan.target}" if run.plan.steps[step - 1].unsettles else ""
        if says := await self.tenure.lost(changes_set):
            await self.journal.append("lease.lost", run=run.id, step=step, detail={"says": says, **self.about})
        return says

    async def give_back(self, run: Run) -> None:
        """End it, whatever came of the run; never raises."""
        if self.tenure:
            await self.tenure.end()
        if self._here:
            # The dead are remembered until a lease was had: only then is it sure that theirs is gone as well.
            self._here.give_back(settled=self.tenure is not None or self.store is None)

    async def _without(self, run: Run, problem: str) -> str | None:
        if self.action.needs_lease:
            return f"{problem}; without it only servers, balancers and repairs of the set may be changed"
        if not self.confirmation.without_lease:
            return f"{problem}; {HOW_WITHOUT} {self.journal.cluster}"
        self.degraded = True
        reason = self.confirmation.reason
        await self.journal.append("lease.degraded", run=run.id, reason=reason, detail={"says": problem})
        await run.tell(EventKind.DOING, None, f"{problem}; going on without it, as was confirmed")
        return None

    async def _tell_takeover(self, run: Run, tenure: Tenure) -> None:
        before = tenure.state.before
        if before is None or before.run == run.id:
            return
        left = next((left.says for left in self.journal.unfinished() if left.run == before.run), "")
        says = f"taken over, fence {tenure.state.fence}; it was not given back: {holder_says(before)}"
        says = f"{says}; {left}" if left else says
        await self.journal.append("lease.taken_over", run=run.id, detail={"says": says, **self.about})
        await run.tell(EventKind.DOING, None, f"the lease is {says}")

    async def _too_soon(self, run: Run, tenure: Tenure) -> str | None:
        """A set that has just elected or reconfigured itself is left alone for a while: no flapping."""
        change, block_s = tenure.state.set_change, self.safety.block_s
        if change is None or change.run == run.id or (change.finished and change.ago_s >= block_s):
            return None
        when = f"{change.what} by {change.by} (run {change.run}), {change.ago_s:.0f} s ago"
        state = f"less than {block_s:g} s" if change.finished else "and its run has not ended"
        says = f"the set was changed just now: {when}, {state}"
        if not self.confirmation.again:
            return f"{says}; wait, or look at it and give --again"
        await self.journal.append("override", run=run.id, reason=self.confirmation.reason, detail={"says": says})
        return None


def _words(run: Run) -> Callable[[], str]:
    """Its title, and what was told of it last."""
    return lambda: ": ".join([run.plan.title, *(event.says for event in run.events[-1:])])
