"""The evidence of a runbook's run, as values: what was done, by whom and why, how it was proved, and what it cost.

Every text in it is safe to show on a terminal; a document escapes it for its own format.
"""

from dataclasses import dataclass, field
from datetime import datetime

from console.change.runbook.measured import Counted, Handover, Picture, counted, handover


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record."""

    at: datetime
    kind: str
    says: str
    who: str
    seq: int
    hash: str
    step: int | None = None
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One thing that had to hold, as it was when a plan was confirmed."""

    says: str
    value: str
    limit: str
    word: str
    """ok, no (worth knowing), or REFUSED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One run of an action: its checks, and each step with its command and its proof."""

    run: str
    title: str
    impact: str
    plan_hash: str
    checks: tuple[CheckLine, ...]
    lines: tuple[Line, ...]


@dataclass(slots=True, kw_only=True)
class Passage:
    """What was done from one moment to the next: a stage gone through once, or what happened between two stages."""

    key: str = ""
    """Of the stage; empty between two of them."""
    title: str = ""
    began: datetime
    reached: int = 0
    """The record that says so; 0: it was not, and what is told came before."""
    ended: datetime | None = None
    outcome: str = ""
    says: str = ""
    changes: tuple[Change, ...] = ()
    lines: list[Line] = field(default_factory=list)
    """Problems and answers, pauses, approvals."""
    before: Picture | None = None
    after: Picture | None = None

    @property
    def took_s(self) -> float | None:
        """None while it has not ended."""
        return (self.ended - self.began).total_seconds() if self.ended else None

    @property
    def counted(self) -> Counted:
        """Requests meanwhile."""
        return counted((self.before, self.after))

    @property
    def handover(self) -> Handover | None:
        """The Primary that came meanwhile."""
        return handover(self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment that mattered, and the cluster as it was then."""

    file: str
    """Its name as a file: `1f2e3d4c-02-after-3-app1-1.svg`."""
    title: str
    at: datetime
    picture: Picture
    record: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The whole run."""

    id: str
    runbook: str
    title: str
    purpose: str
    cluster: str
    who: str
    reason: str
    values: tuple[tuple[str, str], ...]
    began: datetime
    ended: datetime | None
    """None while it has not."""
    outcome: str
    ending: str
    passages: tuple[Passage, ...]
    moments: tuple[Moment, ...]
    counted: Counted
    handovers: tuple[Handover, ...]
    first: Line
    last: Line
    broken: tuple[int, ...]
    """Records in between that are not as they were written."""

    @property
    def took_s(self) -> float | None:
        """None while it has not ended."""
        return (self.ended - self.began).total_seconds() if self.ended else None

    @property
    def longest_gap_s(self) -> float | None:
        """Seconds without a Primary; None where there was a handover whose gap nobody measured."""
        gaps = [one.gap_s for one in self.handovers]
        return None if None in gaps else max((gap for gap in gaps if gap is not None), default=0.0)
