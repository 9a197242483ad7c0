"""What every console is told of a plan that is done: who is out of service and why, who does not stand for election."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from console.change.ops import Freeze, StepDown, TurnService
from console.change.plan import Holding, Plan
from console.change.run import Run
from console.change.turn import Turn, owner
from console.cluster.snapshot import Admin, Hold
from console.ports.protocols import LeaseStore, Refused, Unclear


async def conclude(turn: Turn, run: Run, undone: bool) -> str:
    """Keep it in the replica set; what there is to say of that.

    A set that cannot keep it does not undo the plan: the journal has it. Raises JournalError.
    """
    return await _held(turn, run, undone) + await _barred(turn, run, undone)


async def _held(turn: Turn, run: Run, undone: bool) -> str:
    holding, target, reason = run.plan.hold, run.plan.target, turn.confirmation.reason
    if holding is None or (undone and holding.admin is Admin.READY):
        return ""
    if undone:
        holding = Holding(admin=Admin.READY)
    store = None if turn.degraded else turn.store
    if store and not run.plan.steps and (other := await _same(store, target, holding)):
        return f"; {other.owner} holds it in {other.admin} since {other.since:%H:%M:%S} UTC: {other.reason}"
    since = datetime.now(UTC)
    until = None if holding.for_s is None else since + timedelta(seconds=holding.for_s)
    hold = Hold(target=target, admin=holding.admin, owner=owner(), reason=reason, since=since, until=until)
    ready = holding.admin is Admin.READY
    about = {"admin": holding.admin, "owner": hold.owner, "until": until and until.isoformat()}
    kind = "hold.ended" if ready else "hold.begun"
    await turn.journal.append(kind, run=run.id, action=run.plan.action, target=target, reason=reason, detail=about)
    if store is None:
        return ""
    try:
        await (store.let_go(target) if ready else store.hold(hold))
    except (Refused, Unclear) as problem:
        what = "its end stands" if ready else "who holds it out, why and until when stands"
        return f"; {what} in this journal only, the other consoles are not told: {problem}"
    return "" if until is None else f"; held until {until:%Y-%m-%d %H:%M} UTC"


async def _barred(turn: Turn, run: Run, undone: bool) -> str:
    store = None if turn.degraded else turn.store
    if store is None:
        return ""
    try:
        for address, seconds in _bars(run.plan, undone):
            until = datetime.now(UTC) + timedelta(seconds=seconds) if seconds else None
            await store.bar(address, until)
    except (Refused, Unclear) as problem:
        return f"; the other consoles are not told who does not stand for election: {problem}"
    return ""


def _bars(plan: Plan, undone: bool) -> Iterator[tuple[str, int]]:
    """(address, seconds) of who does not stand for election now; 0: it does again."""
    ops = [step.op for step in plan.steps]
    if any(isinstance(op, TurnService) for op in ops):
        return  # whoever is started anew stands again
    for op in ops:
        if isinstance(op, Freeze):
            yield op.address, 0 if undone else op.seconds
        elif isinstance(op, StepDown) and not undone:
            yield op.address, op.period_s


async def _same(store: LeaseStore, target: str, holding: Holding) -> Hold | None:
    """What is kept of a server that is as it was asked for already: another's word is not replaced in passing."""
    if holding.admin is Admin.READY or holding.for_s is not None:
        return None
    kept = (await store.look()).holds
    return next((hold for hold in kept if (hold.target, hold.admin) == (target, holding.admin)), None)
