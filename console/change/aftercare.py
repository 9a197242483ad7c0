"""After a change: errors, latency, lag and elections since, against the minutes before it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from console.change.plan import Plan
from console.change.wayback import WayBack, way_back
from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.duration import span
from console.cluster.history import EVERY_S, Sample
from console.cluster.rates import WINDOW_S
from console.cluster.snapshot import Snapshot

COMPARED_S = 180.0
"""So much of the time before, and of the time since, is compared."""
LEAST_S = 3 * EVERY_S
"""Less than this on either side tells nothing."""
ERRORS_S = 0.2
"""A rise of fewer errors a second than this is chance."""
LATENCY_MS = 20.0
"""A rise of less than this is chance."""


class Verdict(StrEnum):
    """How it has been since the change."""

    WORSE = "worse"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How it was when a change began."""

    snapshot: Snapshot
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number before and since; None where it is not known."""

    what: str
    before: float | None
    since: float | None
    unit: str
    worse: bool | None

    def __str__(self) -> str:
        was, now = ("not known" if v is None else f"{round(v, 1):g}{self.unit}" for v in (self.before, self.since))
        return f"{self.what} {was} before, {now} since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftercare:
    """How it has been since the change, and the way back."""

    title: str
    verdict: Verdict
    says: str
    watched_s: float
    measures: tuple[Measure, ...]
    way_back: WayBack | None


def aftercare(plan: Plan, was: Before, history: Iterable[Sample], ended_s: float) -> Aftercare:
    """The minutes since a change had ended, at a second of the monotonic clock, against those before it began."""
    # A rate looks back some seconds: the first samples still tell of the change itself.
    since = [sample for sample in history if ended_s + WINDOW_S < sample.at_s <= ended_s + COMPARED_S]
    newest_s = max((sample.at_s for sample in was.samples), default=0.0)
    before = [sample for sample in was.samples if sample.at_s > newest_s - COMPARED_S]
    measures = _measures(before, since)
    watched_s = max((sample.at_s for sample in since), default=ended_s) - ended_s
    verdict, says = _judged(measures, len(before) * EVERY_S, watched_s)
    return Aftercare(
        title=plan.title,
        verdict=verdict,
        says=f"{plan.title}, {span(watched_s)} after: {says}",
        watched_s=watched_s,
        measures=measures,
        way_back=way_back(plan, was.snapshot),
    )


def _judged(measures: tuple[Measure, ...], before_s: float, since_s: float) -> tuple[Verdict, str]:
    if before_s < LEAST_S or since_s < LEAST_S:
        return Verdict.UNKNOWN, f"watched for {span(before_s)} before and {span(since_s)} since, too little to tell"
    if worse := [measure for measure in measures if measure.worse]:
        return Verdict.WORSE, "worse: " + "; ".join(map(str, worse))
    if lost := [measure.what for measure in measures if measure.before is not None and measure.since is None]:
        return Verdict.UNKNOWN, f"{', '.join(lost)} cannot be seen any more"
    if all(measure.worse is None for measure in measures):
        return Verdict.UNKNOWN, "nothing was measured"
    return Verdict.SAME, "no worse than before: " + "; ".join(str(m) for m in measures if m.worse is not None)


def _measures(before: list[Sample], since: list[Sample]) -> tuple[Measure, ...]:
    return (
        _measure("errors", "/s", lambda s: s.errors_s, before, since, _mean, lambda was: 2 * was + ERRORS_S),
        _measure("latency", " ms", lambda s: s.latency_ms, before, since, median, lambda was: was * 1.5 + LATENCY_MS),
        _measure("lag", " s", lambda s: s.lag_s, before, since, max, lambda was: was + LAG_LIMIT_S),
        _measure("elections", "", _term, before, since, _rises, lambda _: 0.0),
    )


def _measure(
    what: str,
    unit: str,
    value: Callable[[Sample], float | None],
    before: list[Sample],
    since: list[Sample],
    over: Callable[[list[float]], float],
    limit: Callable[[float], float],
) -> Measure:
    was, now = ([v for sample in samples if (v := value(sample)) is not None] for samples in (before, since))
    return Measure(
        what=what,
        before=over(was) if was else None,
        since=over(now) if now else None,
        unit=unit,
        worse=over(now) > limit(over(was)) if was and now else None,
    )


def _term(sample: Sample) -> float | None:
    return None if sample.term is None else float(sample.term)


def _rises(terms: list[float]) -> float:
    """Elections among these samples; that of the change itself lies between before and since."""
    return max(terms) - terms[0]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
