"""What a runbook cost its users, by two pictures of the cluster: requests that failed, and time without a Primary."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from console.cluster.text import clean


class Counters(msgspec.Struct, kw_only=True):
    """What one balancer has counted since it began."""

    process: int | None = None
    """Another one means that it began anew."""
    entries: dict[str, tuple[int | None, int | None]] | None = None
    """(requests, errors) by `backend/server`, None where they are not counted; None: it did not answer."""


class Picture(msgspec.Struct, kw_only=True):
    """The cluster at one moment, as a record of the journal keeps it (seen.py)."""

    servers: dict[str, str] = msgspec.field(default_factory=dict)
    members: dict[str, str] = msgspec.field(default_factory=dict)
    balancers: dict[str, str] = msgspec.field(default_factory=dict)
    primary: str = ""
    term: int | None = None
    gap_s: float | None = None
    pools: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    lag_s: dict[str, float | None] = msgspec.field(default_factory=dict)
    counters: dict[str, Counters] | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests between two moments, and how many of them failed, by the balancers' own counters."""

    requests: int | None = None
    """None: nobody counted."""
    failed: int | None = None
    gaps: tuple[str, ...] = ()
    """What is not in these figures, and why."""

    @property
    def says(self) -> str:
        """For a person."""
        missing = f"not counted: {', '.join(self.gaps)}" if self.gaps else ""
        if self.failed is None or self.requests is None:
            return missing or "not counted"
        figures = f"{self.failed} of {self.requests} requests failed" if self.requests else "no request came"
        return f"{figures}; {missing}" if missing else figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Another Primary than before, or the same one in a new term."""

    before: str
    after: str
    term: int
    gap_s: float | None
    """Seconds without a Primary, as seen from the console; None: its coming was not seen."""

    @property
    def says(self) -> str:
        """For a person."""
        who = f"{self.after or 'nobody'} leads in term {self.term}, after {self.before or 'nobody'}"
        return f"{who}; no Primary for {'an unknown time' if self.gap_s is None else gap(self.gap_s)}"


@dataclass(slots=True)
class Measure:
    """Adds up one pair of pictures after the other."""

    requests: int = 0
    failed: int = 0
    known: bool = False
    gaps: dict[str, None] = field(default_factory=dict)
    """In the order in which they were found."""

    def add(self, before: Picture | None, after: Picture | None) -> None:
        """What was counted between them."""
        if before is None or after is None or before.counters is None or after.counters is None:
            self.gaps["what the balancers counted was not written down"] = None
            return
        for name in before.counters.keys() | after.counters.keys():
            self._add(name, before.counters.get(name), after.counters.get(name))

    @property
    def counted(self) -> Counted:
        """The sum."""
        gaps = tuple(sorted(self.gaps))
        return Counted(self.requests, self.failed, gaps) if self.known else Counted(gaps=gaps)

    def _add(self, name: str, before: Counters | None, after: Counters | None) -> None:
        if not before or not after or before.entries is None or after.entries is None:
            self.gaps[f"{name} did not answer"] = None
        elif before.process != after.process:
            self.gaps[f"{name} was started again"] = None
        else:
            self._entries(name, before.entries, after.entries)

    def _entries(
        self,
        name: str,
        before: Mapping[str, tuple[int | None, int | None]],
        after: Mapping[str, tuple[int | None, int | None]],
    ) -> None:
        for entry in sorted(before.keys() - after.keys()):
            self.gaps[f"{entry} left {name}"] = None
        for entry, (requests, errors) in after.items():
            was_requests, was_errors = before.get(entry, (0, 0))
            if None in (requests, errors, was_requests, was_errors):
                self.gaps[f"{name} does not count"] = None
                continue
            more, failed = (requests or 0) - (was_requests or 0), (errors or 0) - (was_errors or 0)
            if min(more, failed) < 0:
                self.gaps[f"{name} counts {entry} from the beginning again"] = None
                continue
            self.known, self.requests, self.failed = True, self.requests + more, self.failed + failed


def picture(detail: Mapping[str, Any]) -> Picture | None:
    """What a record keeps of the cluster, every word of it safe to show; None where it keeps nothing that is one."""
    try:
        return msgspec.convert(_clean(detail["seen"]), Picture)
    except (KeyError, msgspec.ValidationError):
        return None


def counted(pictures: Iterable[Picture | None]) -> Counted:
    """Over pictures that follow each other."""
    measure, before = Measure(), None
    for number, after in enumerate(pictures):
        if number:
            measure.add(before, after)
        before = after
    return measure.counted


def handover(before: Picture | None, after: Picture | None) -> Handover | None:
    """The newest one between two pictures; None where there was none."""
    if before is None or after is None or before.term is None or after.term is None or after.term <= before.term:
        return None
    return Handover(before=before.primary, after=after.primary, term=after.term, gap_s=after.gap_s)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {_clean(name): _clean(item) for name, item in value.items()}
    return value


def gap(seconds: float) -> str:
    """A time without a Primary, in words."""
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"
