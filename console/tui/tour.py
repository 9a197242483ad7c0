"""A tour of the demo: what to do next stands above the keys of whatever screen is there, until it has been done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from console.tui.words import KEY, Cell, line

if TYPE_CHECKING:
    from console.tui.openings import Openings

LEAST_HEIGHT = 24
"""On a terminal of fewer lines it stays away."""
Fault = Callable[[str], None]
"""Does something to a node of the lab. Raises OperatorError."""


@dataclass(frozen=True, slots=True)
class Stop:
    """What to do, and when it has been done."""

    says: str
    done: Callable[["Openings"], bool]


def _on(*where: str) -> Callable[["Openings"], bool]:
    return lambda app: getattr(app.screen, "where", "") in where


def _changed(app: "Openings") -> bool:
    run = app.feed.session.run if app.feed.connected else None
    return run is not None and run.outcome is not None and _on("dashboard")(app)


def _begun(app: "Openings") -> bool:
    return app.feed.connected and app.feed.session.run is not None


def _healed(app: "Openings") -> bool:
    return app.tour is not None and "heal" in app.tour.used


STOPS = (
    Stop("All of it on one screen. Down to app2, enter: more of it. f2: no tour", _on("detail", "text")),
    Stop("esc goes back, from anywhere.", _on("dashboard")),
    Stop("a tells what can be done to the selected row, and what cannot now.", _on("menu")),
    Stop("enter on drain shows its plan. Reading one changes nothing.", _on("plan")),
    Stop("Checks, impact, steps with their undo. tab to the button, then enter.", _begun),
    Stop("Each step is proved. When it is done: esc, then a and ready.", _changed),
    Stop("Break it: type :kill db1 and enter, and watch. :heal db1 mends it.", _healed),
    Stop("That was it. r has runbooks, ? every key, q ends the demo.", lambda _: False),
)
"""Each fits into a line of 80 columns."""


class Tour:
    """Where one is on it."""

    def __init__(self, faults: Mapping[str, Fault]) -> None:
        self.faults = faults
        """What can be done to the lab, by the word that is typed."""
        self.used: set[str] = set()
        """Which of them were."""
        self.at = 0
        self.away = False
        """Put away; it goes on in silence."""

    def advance(self, app: "Openings") -> bool:
        """Go on when what was asked for has been done; True when it has."""
        if not STOPS[self.at].done(app):
            return False
        self.at += 1
        return True

    def lines(self, width: int, height: int) -> list[Content]:
        """What to do next, in a line; none where it is away."""
        if self.away or height < LEAST_HEIGHT:
            return []
        return [line(Cell(f" TOUR {self.at + 1}/{len(STOPS)}  ", KEY), STOPS[self.at].says)]
