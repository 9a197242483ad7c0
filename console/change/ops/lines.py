"""Changes of the balancers' configurations, so that what was changed at run time outlives a reload."""

from dataclasses import dataclass
from functools import partial

from console.change.ops.pool import Place, in_order
from console.ports.protocols import LineChange, Persists, Refused
from console.ports.reach import Reach


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A server's line in one place, as it must read now and as it is to read; None is no line."""

    place: Place
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class WriteLines:
    """Write lines of servers into their balancers' configurations; nothing is reloaded."""

    lines: tuple[Rewrite, ...]
    thorough: bool = False
    """Go on after a refusal: for an undo, which mends what it can."""

    @property
    def undo(self) -> "WriteLines":
        """The same lines, back to how they read."""
        return WriteLines(tuple(Rewrite(one.place, one.after, one.before) for one in self.lines), thorough=True)

    async def apply(self, reach: Reach) -> None:
        """Balancer by balancer; the first refusal ends it, unless thorough."""

        async def write(balancer: str, changes: list[LineChange]) -> None:
            await _persists(reach, balancer).write_lines(changes)

        await in_order((partial(write, *one) for one in self._by_balancer().items()), self.thorough)

    def command(self, reach: Reach) -> str:
        """What is written where, a line each."""
        return "\n".join(
            f"{balancer}: {line}"
            for balancer, changes in self._by_balancer().items()
            for line in _persists(reach, balancer).write_lines_command(changes).splitlines()
        )

    def _by_balancer(self) -> dict[str, list[LineChange]]:
        found: dict[str, list[LineChange]] = {}
        for one in self.lines:
            change = LineChange(one.place.backend, one.place.server, one.before, one.after)
            found.setdefault(one.place.balancer, []).append(change)
        return found


def _persists(reach: Reach, balancer: str) -> Persists:
    port = reach.balancer(balancer)
    if not isinstance(port, Persists):
        raise Refused(f"{balancer} cannot have its configuration written: its plugin does not offer it")
    return port
