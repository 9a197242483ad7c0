"""Changes of the replica set."""

from dataclasses import dataclass
from typing import ClassVar

from console.ports.protocols import Refused, StepsDown
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
    """(member, sync source) to ask for first, so that a majority follows the new Primary at once."""

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


def _steps_down(reach: Reach) -> StepsDown:
    if not isinstance(reach.replica_set, StepsDown):
        raise Refused("the replica set cannot be stepped down: its plugin does not offer it")
    return reach.replica_set
