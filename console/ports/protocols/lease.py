"""What a replica set keeps for every console: the lease of one change at a time, and which servers are held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from console.cluster.snapshot import Approval, Hold, SetChange
from console.cluster.views import LeaseView


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A request for the lease."""

    owner: str
    """The user and the host: `ann@bastion1`."""
    run: str
    rid: str
    """Unique to this request: whoever asks after a lost answer knows its own by it."""
    says: str
    reason: str
    ttl_s: float
    takes_over: Sequence[str] = ()
    """Runs that are known to be dead: their lease is free before its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has, or had, the lease."""

    owner: str
    run: str
    says: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseState:
    """The lease as it stands after a request."""

    fence: int
    rid: str
    """Of the request that was granted last."""
    holder: Holder | None
    """None: given back, or its time is over."""
    left_s: float
    before: Holder | None = None
    """Whose lease was taken over because its time had ended, or because it was known to be dead."""
    last: Holder | None = None
    """Who gave it back last."""
    set_change: SetChange | None = None


class LeaseStore(Protocol):
    """The lease and the holds. Every write is acknowledged by a majority.

    A change raises Refused when it cannot be had (no Primary, no permission), and Unclear when it was sent and could
    not be read back.
    """

    async def look(self) -> LeaseView:
        """Everything in one look; never raises."""
        ...

    async def acquire(self, claim: Claim) -> LeaseState:
        """Ask for it; it is granted when the state that comes back has the claim's rid. Raises Refused or Unclear."""
        ...

    async def renew(self, rid: str, *, ttl_s: float, says: str, changes_set: str = "") -> LeaseState:
        """Keep it for another ttl if it is still of that rid, else nothing is written; the state then.

        `changes_set` says the change of the set that begins now. Raises Refused or Unclear.
        """
        ...

    async def release(self, rid: str) -> None:
        """Give it back if it is of that rid; a change of the set that its run began is finished by it."""
        ...

    async def hold(self, hold: Hold) -> None:
        """Keep why a server is out of service, instead of what was kept of it. Raises Refused or Unclear."""
        ...

    async def bar(self, address: str, until: datetime | None) -> None:
        """Keep that a member does not stand for election until then; None: it does. Raises Refused or Unclear."""
        ...

    async def ask(self, approval: Approval) -> None:
        """Keep what another operator is asked to agree to; a newer question replaces it. Raises Refused or Unclear."""
        ...

    async def agree(self, id: str, by: str, *, agreed: bool) -> None:
        """Answer it; one that is not asked any more stays forgotten. Raises Refused or Unclear."""
        ...

    async def forget(self, id: str) -> None:
        """It is not asked any more. Raises Refused or Unclear."""
        ...

    async def let_go(self, target: str) -> None:
        """Forget the hold of a server. Raises Refused or Unclear."""
        ...


@runtime_checkable
class KeepsLease(Protocol):
    """A replica set that keeps the lease of its cluster."""

    @property
    def lease(self) -> LeaseStore:
        """Where it is kept."""
        ...
