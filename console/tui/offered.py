"""A plan that a runbook asks about, held against the cluster as it is now."""

import time

from console.change.plan import Plan, PlanError
from console.change.runbook.asking import Asks
from console.session import Session
from console.tui.plan import EXPIRES_S


class Offered:
    """Whether what was read is still so."""

    def __init__(self, session: Session, plan: Plan, anew: bool) -> None:
        self.plan = plan
        self._session = session
        self._anew = anew and self._live is not None and self._live.hash == plan.hash
        """It can be made anew; not so the kept plan of a run that was interrupted."""
        self._since_s = time.monotonic()

    @classmethod
    def of(cls, session: Session, asks: Asks | None) -> "Offered | None":
        """None where no plan is asked about."""
        return cls(session, asks.plan, "again" in asks.ways) if asks is not None and asks.plan is not None else None

    @property
    def moved(self) -> str:
        """Why it must be made anew before it can be confirmed; empty when it need not."""
        if not self._anew:
            return ""
        live = self._live
        if live is None:
            return "The cluster moved: no such plan can be made now."
        if live.hash != self.plan.hash:
            return f"The cluster moved: {self.plan.difference(live)}."
        if live.refusals:
            check = live.refusals[0]
            return f"It would be refused now: {check.says}: {check.value}, must be {check.limit}."
        return f"This was read more than {EXPIRES_S:g} s ago." if time.monotonic() - self._since_s > EXPIRES_S else ""

    @property
    def _live(self) -> Plan | None:
        try:
            return self._session.plan(self.plan.action, self.plan.target, self.plan.parameters)
        except PlanError:
            return None
