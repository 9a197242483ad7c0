"""Changes of the replica set."""

from dataclasses import dataclass
from typing import ClassVar

from console.cluster.views import MemberConfig
from console.ports.protocols import Freezes, Reconfigures, Refused, StepsDown, Unclear
from console.ports.reach import Reach


@dataclass(frozen=True, slots=True)
class StepDown:
    """Ask the Primary of a term to step down; never forced. There is no undo: only a new step-down moves it back."""

    unsettles: ClassVar[bool] = True
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
class Reconfigure:
    """Set the configuration's lines at the Primary, if they are as expected."""

    unsettles: ClassVar[bool] = True
    before: tuple[MemberConfig, ...]
    after: tuple[MemberConfig, ...]
    term: int | None = None
    """Refused unless the Primary is of this one; None for a later step, which may meet another Primary."""
    thorough: bool = False
    """Set only the lines that are still as expected, and leave the others: for an undo, which mends what it can."""

    async def apply(self, reach: Reach) -> None:
        """Nothing is sent where the lines are so already."""
        await _reconfigures(reach).reconfigure(self.before, self.after, term=self.term, thorough=self.thorough)

    def command(self, reach: Reach) -> str:
        """A line a command."""
        return _reconfigures(reach).reconfigure_command(self.before, self.after)


@dataclass(frozen=True, slots=True)
class ForceReconfigure:
    """Set the configuration's lines by force on one member of a set without majority. There is no undo."""

    unsettles: ClassVar[bool] = True
    address: str
    before: tuple[MemberConfig, ...]
    after: tuple[MemberConfig, ...]

    async def apply(self, reach: Reach) -> None:
        """Nothing is sent where the lines are so already."""
        await _reconfigures(reach).force_reconfigure(self.address, self.before, self.after)

    def command(self, reach: Reach) -> str:
        """A line a command."""
        return _reconfigures(reach).force_reconfigure_command(self.address, self.before, self.after)


@dataclass(frozen=True, slots=True)
class Freeze:
    """Keep a secondary from standing for election; 0 seconds ends that."""

    address: str
    seconds: int

    async def apply(self, reach: Reach) -> None:
        """A longer freeze wins over a shorter. A lost answer counts as none: there is no way to look afterwards."""
        try:
            await _freezes(reach).freeze(self.address, self.seconds)
        except Unclear as lost:
            raise Refused(f"{lost}; whether it was taken cannot be read back") from None

    def command(self, reach: Reach) -> str:
        """One line."""
        return _freezes(reach).freeze_command(self.address, self.seconds)


def _reconfigures(reach: Reach) -> Reconfigures:
    if not isinstance(reach.replica_set, Reconfigures):
        raise Refused("the replica set cannot be reconfigured: its plugin does not offer it")
    return reach.replica_set


def _freezes(reach: Reach) -> Freezes:
    if not isinstance(reach.replica_set, Freezes):
        raise Refused("members cannot be frozen: the plugin of the replica set does not offer it")
    return reach.replica_set


def _steps_down(reach: Reach) -> StepsDown:
    if not isinstance(reach.replica_set, StepsDown):
        raise Refused("the replica set cannot be stepped down: its plugin does not offer it")
    return reach.replica_set
