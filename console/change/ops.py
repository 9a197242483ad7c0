"""Every way in which this program changes the world; the whole blast radius is this file.

An op is data. Applying it twice is the same as once, so that an unwind may repeat it. It raises what its port raises:
`Refused` (nothing changed here) or `Unclear` (unknown until re-read).
"""

from dataclasses import dataclass
from typing import Protocol

from console.cluster.snapshot import Admin
from console.ports.protocols import EndsSessions, Refused, SetsAdmin, StepsDown, Unclear
from console.ports.reach import Reach


class Op(Protocol):
    """One change, as data."""

    async def apply(self, reach: Reach) -> None:
        """Carry it out. Raises Refused or Unclear."""
        ...

    def command(self, reach: Reach) -> str:
        """The exact words that would go out, a line each."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """One server in one backend of one balancer."""

    balancer: str
    backend: str
    server: str

    def __str__(self) -> str:
        return f"{self.balancer}: {self.backend}/{self.server}"


@dataclass(frozen=True, slots=True)
class SetAdmin:
    """Give a server an administrative state, each place its own."""

    states: tuple[tuple[Place, Admin], ...]
    thorough: bool = False
    """Go on after a refusal: for an undo, which mends what it can."""

    async def apply(self, reach: Reach) -> None:
        """In order; the first refusal ends it, unless thorough, and the engine undoes what went before."""
        failures: list[Refused | Unclear] = []
        for place, admin in self.states:
            try:
                await _sets_admin(reach, place).set_admin(place.backend, place.server, admin)
            except Unclear as unclear:
                # It may well have happened: the other places are asked too, and what is seen of all of them decides.
                failures.append(unclear)
            except Refused as refusal:
                failures.append(refusal)
                if not self.thorough:
                    break
        for failure in sorted(failures, key=lambda failed: isinstance(failed, Unclear)):
            raise failure

    def command(self, reach: Reach) -> str:
        """A line a place."""
        return "\n".join(
            f"{place.balancer}: {_sets_admin(reach, place).admin_command(place.backend, place.server, admin)}"
            for place, admin in self.states
        )


@dataclass(frozen=True, slots=True)
class EndSessions:
    """End every session of a server; requests in flight fail."""

    places: tuple[Place, ...]

    async def apply(self, reach: Reach) -> None:
        """In order."""
        for place in self.places:
            await _ends_sessions(reach, place).end_sessions(place.backend, place.server)

    def command(self, reach: Reach) -> str:
        """A line a place."""
        return "\n".join(
            f"{place.balancer}: {_ends_sessions(reach, place).end_sessions_command(place.backend, place.server)}"
            for place in self.places
        )


@dataclass(frozen=True, slots=True)
class StepDown:
    """Ask the Primary of a term to step down; never forced. There is no undo: only a new step-down moves it back."""

    address: str
    period_s: int
    catch_up_s: int
    term: int
    follow: tuple[tuple[str, str], ...] = ()
    """(member, sync source) as they should be by then, so that a majority follows the new Primary at once."""

    async def apply(self, reach: Reach) -> None:
        """Once; a lost answer is Unclear, and never sent again."""
        await _steps_down(reach).step_down(
            self.address, period_s=self.period_s, catch_up_s=self.catch_up_s, term=self.term, follow=self.follow
        )

    def command(self, reach: Reach) -> str:
        """A line a command."""
        return _steps_down(reach).step_down_command(
            self.address, period_s=self.period_s, catch_up_s=self.catch_up_s, follow=self.follow
        )


@dataclass(frozen=True, slots=True)
class Wait:
    """Change nothing; the step is its proof."""

    async def apply(self, reach: Reach) -> None:
        """Nothing."""

    def command(self, reach: Reach) -> str:
        """Nothing goes out."""
        return ""


def _sets_admin(reach: Reach, place: Place) -> SetsAdmin:
    port = reach.balancer(place.balancer)
    if not isinstance(port, SetsAdmin):
        raise Refused(f"{place.balancer} cannot change a server's state: its plugin does not offer it")
    return port


def _ends_sessions(reach: Reach, place: Place) -> EndsSessions:
    port = reach.balancer(place.balancer)
    if not isinstance(port, EndsSessions):
        raise Refused(f"{place.balancer} cannot end sessions: its plugin does not offer it")
    return port


def _steps_down(reach: Reach) -> StepsDown:
    if not isinstance(reach.replica_set, StepsDown):
        raise Refused("the replica set cannot be stepped down: its plugin does not offer it")
    return reach.replica_set
