"""The actions that are killed: when each can be done, what it changes, and what a clean cluster is after it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from console.cluster.snapshot import Admin, Snapshot

Place = tuple[str, str, str]
"""(balancer, backend, server)."""


@dataclass(frozen=True)
class State:
    """What of the cluster an action may change, as it is seen."""

    admins: dict[Place, Admin]
    primary: str
    term: int


def state_of(snapshot: Snapshot) -> State:
    """The state in a picture."""
    places = {(p.balancer, p.backend, p.server): p.admin for server in snapshot.app_servers for p in server.pools}
    primary = snapshot.replica_set.primary
    return State(places, primary.address if primary else "", snapshot.replica_set.term or 0)


Target = Callable[[Snapshot, random.Random], str | None]


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    target: Target
    """What it is done to now; None: it cannot be done now."""
    admin: Admin | None = None
    """The state that it gives a server; None: it changes the Primary."""
    options: tuple[str, ...] = ()
    rest_s: float = 0.0
    """Not again within this."""

    def words(self, target: str) -> tuple[str, ...]:
        """As it is typed."""
        return (self.name, target, *self.options)

    def changes(self, before: State, after: State) -> Iterator[tuple[str, str]]:
        """(what changed, the words by which an intent names it)."""
        for place, admin in after.admins.items():
            if before.admins.get(place) != admin:
                balancer, backend, server = place
                yield f"{place}", f"{balancer}: set server {backend}/{server} state {admin}"
        if after.term > before.term:
            yield "Primary", "replSetStepDown"

    def wanted(self, before: State, target: str) -> State:
        """What a resume leads to."""
        if self.admin is None:
            return before
        return replace(before, admins={p: self.admin if p[2] == target else a for p, a in before.admins.items()})

    def is_as(self, now: State, wanted: State, *, undone: bool) -> bool:
        """The cluster is clean: it is as was wanted. A Primary that has handed over is another one."""
        if self.admin is not None:
            return now.admins == wanted.admins
        return bool(now.primary) and (undone or now.primary != wanted.primary)


def server_in(*admins: Admin) -> Target:
    """An application server in one of these states, while all others are ready."""

    def target(snapshot: Snapshot, chance: random.Random) -> str | None:
        out = [server.name for server in snapshot.app_servers if server.admins != {Admin.READY}]
        names = [s.name for s in snapshot.app_servers if s.pools and s.admins <= set(admins) and set(out) <= {s.name}]
        return chance.choice(names) if names else None

    return target


def primary(snapshot: Snapshot, chance: random.Random) -> str | None:
    """The Primary, when every other member has caught up."""
    members = snapshot.replica_set.members
    leads = snapshot.replica_set.primary
    return leads.name if leads and all(m.lag_s is not None and m.lag_s < 2 for m in members) else None


ACTIONS = (
    Case("drain", server_in(Admin.READY), Admin.DRAIN),
    Case("maint", server_in(Admin.READY), Admin.MAINT),
    Case("ready", server_in(Admin.DRAIN, Admin.MAINT), Admin.READY),
    # The one that stepped down is frozen for 30 s: a third one right after finds nobody who may be elected.
    Case("step-down", primary, options=("--period", "30"), rest_s=35.0),
)
