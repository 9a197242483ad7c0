"""What must hold before a run may begin, whatever its action: asked again on a fresh look, under the lease."""

from collections.abc import Sequence

from console.change.journal import Unfinished
from console.change.plan import Check, Plan
from console.change.turn import Turn
from console.cluster.snapshot import Snapshot

ELECTIONS_MOST = 2
"""More elections in a minute than this, and the set is left alone."""
WAYS_OUT = "`watchkeeper journal resume {0}` goes on, `undo {0}` goes back, `close {0}` marks it as done"


def common_checks(snapshot: Snapshot, plan: Plan) -> tuple[Check, ...]:
    """What every plan is checked for beside its own: nobody else changes the cluster, and the set is at rest."""
    checks = []
    if (lease := snapshot.lease) and not lease.ours:
        value = f"{lease.owner}: {lease.says} (run {lease.run})"
        checks.append(Check(says="nobody else changes the cluster", ok=False, value=value, limit="nobody", warns=True))
    if snapshot.lease_reason:
        says = "the lease of one change at a time can be had"
        checks.append(Check(says=says, ok=False, value=snapshot.lease_reason, limit="yes", warns=True))
    if plan.unsettles:
        elections = snapshot.replica_set.elections_last_minute
        checks.append(
            Check(
                says="the set is stable",
                ok=elections <= ELECTIONS_MOST,
                value=f"{elections} election{'s' * (elections != 1)} in the last minute",
                limit=f"at most {ELECTIONS_MOST}",
            )
        )
    return tuple(checks)


def confirmation_refusal(plan: Plan, turn: Turn) -> str | None:
    """Why this yes is not one for this plan."""
    given = turn.confirmation
    if given.plan_hash not in (None, plan.hash):
        return f"this is not plan {given.plan_hash}: from the cluster as it stands now it is {plan.hash}"
    if turn.degraded and given.words != plan.cluster:
        return f"without the lease, consoles on other machines are not excluded; confirm it by typing {plan.cluster}"
    if plan.confirm_words not in (None, given.words) and not turn.degraded:
        return f"this plan is {plan.impact.grade}: {plan.impact.says}; confirm it by typing {plan.confirm_words}"
    return None


def left_behind(runs: Sequence[Unfinished], cluster: str, target: str) -> str | None:
    """Why a target must not be touched: an earlier run on it has no end, or none that is known."""
    for left in runs:
        if (left.cluster, left.target) == (cluster, target) and not left.running:
            return f"{left.says}; {WAYS_OUT.format(left.run)}"
    return None


def refusals(checks: Sequence[Check]) -> str:
    """Checks that do not hold, as one sentence."""
    return "; ".join(f"{c.says}: {c.value}, must be {c.limit}" for c in checks)
