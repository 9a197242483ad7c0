"""A second operator's yes: asked for and given through the replica set, which every console of the cluster reads."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from console.change.plan import PlanError
from console.change.runbook.asking import World
from console.change.runbook.trail import writable
from console.change.turn import owner
from console.cluster.snapshot import Approval
from console.ports.protocols import LeaseStore, Refused, Unclear

LOOK_EVERY_S = 1.0
PATIENCE_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of it."""

    agreed: bool
    by: str = ""
    refusal: str = ""
    """Why not, where nobody agreed."""


async def approved(store: LeaseStore | None, id: str, says: str, reason: str, given_up: Callable[[], bool]) -> Answered:
    """Ask, and wait for another operator's answer."""
    if store is None:
        return Answered(agreed=False, refusal="another operator has to agree, and this cluster keeps no word for them")
    asks, ends = Approval(id=id, owner=owner(), says=says, reason=reason, since=datetime.now(UTC)), PATIENCE_S
    try:
        await store.ask(asks)
        while ends > 0 and not given_up():
            found = next((one for one in (await store.look()).approvals if one.id == id), asks)
            if found.agreed is not None:
                return _answered(found)
            await asyncio.sleep(LOOK_EVERY_S)
            ends -= LOOK_EVERY_S
    except (Refused, Unclear) as problem:
        return Answered(agreed=False, refusal=f"another operator has to agree, and cannot be asked: {problem}")
    finally:
        await _forgotten(store, id)
    return Answered(agreed=False, refusal="no other operator has agreed")


async def answer(world: World, run: str, *, agrees: bool) -> Approval:
    """Say yes or no to what a run asks, journalled first. Raises PlanError, JournalError, Refused or Unclear."""
    journal, store = writable(world), world.lease_store
    waiting = [one for one in (await world.look()).approvals if one.agreed is None]
    found = next((one for one in waiting if run in (one.id, one.run)), None)
    if store is None or found is None:
        there = ", ".join(one.run for one in waiting) or "none"
        raise PlanError(f"run '{run}' asks for nobody's approval; that do: {there}")
    if _user(found.owner) == _user(owner()):
        raise PlanError(f"{found.owner} asks: somebody else has to agree, and this is {owner()}")
    detail = {"asked": found.id, "by": found.owner, "says": found.says, "agrees": agrees}
    await journal.append("approval.given", reason=found.reason, detail=detail)
    await store.agree(found.id, owner(), agreed=agrees)
    return found


def _answered(found: Approval) -> Answered:
    if not found.agreed:
        return Answered(agreed=False, by=found.by, refusal=f"{found.by} does not agree")
    if _user(found.by) == _user(found.owner):
        return Answered(agreed=False, by=found.by, refusal=f"{found.by} asked, and cannot agree as well")
    return Answered(agreed=True, by=found.by)


async def _forgotten(store: LeaseStore, id: str) -> None:
    try:
        await store.forget(id)
    except (Refused, Unclear):
        return  # it is told as asked for until it is a day old


def _user(owner_: str) -> str:
    return owner_.partition("@")[0]
