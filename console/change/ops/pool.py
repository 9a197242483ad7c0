"""Changes of the balancers' pools."""

from dataclasses import dataclass

from console.cluster.snapshot import Admin
from console.ports.protocols import EndsSessions, Refused, SetsAdmin, Unclear
from console.ports.reach import Reach


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
