"""What a run tells: one stream, read by the screen, the command line and the journal alike."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """The words of the command-line contract."""

    REFUSED = "refused"
    DOING = "doing"
    PROVED = "proved"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    DONE = "done"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a run ended. UNKNOWN is its own word: it is neither failed nor done until the cluster is read again."""

    REFUSED = "refused"
    DONE = "done"
    FAILED = "failed"
    """Failed, and everything was undone."""
    UNKNOWN = "unknown"
    """Failed and not fully undone, or the result cannot be observed."""
    PARTIAL = "partial"
    """Stopped between two steps; what was done stays and was proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened in a run."""

    at: datetime
    run: str
    kind: EventKind
    step: int | None
    """Counted from 1; None for the run as a whole."""
    says: str
    choices: tuple[str, ...] = ()
    """The run waits for one of these words, by `Run.decide`."""
