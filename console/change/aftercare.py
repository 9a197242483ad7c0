"""After a change: errors, latency, lag and elections since, against the minutes before it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from console.change.plan import Plan
from console.change.wayback import WayBack, way_back
from console.cluster.candidates import LAG_LIMIT_S
from console.cluster.finding import span
from console.cluster.history import EVERY_S, Sample
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
class Baseline:
    """A change that went well, and how it was before."""

    plan: Plan
    before: Snapshot
    samples: tuple[Sample, ...]
    """Of the time before it."""
    ended_s: float
    """By the monotonic clock."""
    term: int | None
    """When it had ended: an election of its own is no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number before and since; None where it is not known."""

    what: str
    before: float | None
    since: float | None
    unit: str
    worse: bool | None

    def __str__(self) -> str:
        was, now = ("not known" if v is None else f"{v:.1f}{self.unit}" for v in (self.before, self.since))
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


def aftercare(baseline: Baseline, history: Iterable[Sample], now_s: float) -> Aftercare:
    """The comparison at a second of the monotonic clock; the first minutes since the change are looked at."""
    ended_s = baseline.ended_s
    since = [sample for sample in history if ended_s < sample.at_s <= ended_s + COMPARED_S]
    newest_s = max((sample.at_s for sample in baseline.samples), default=0.0)
    before = [sample for sample in baseline.samples if sample.at_s > newest_s - COMPARED_S]
    measures = _measures(before, since, baseline.term)
    watched_s = min(now_s - ended_s, COMPARED_S)
    verdict, says = _judged(measures, len(before) * EVERY_S, len(since) * EVERY_S)
    return Aftercare(
        title=baseline.plan.title,
        verdict=verdict,
        says=f"{span(watched_s)} after {baseline.plan.title}: {says}",
        watched_s=watched_s,
        measures=measures,
        way_back=way_back(baseline.plan, baseline.before),
    )


def _judged(measures: tuple[Measure, ...], before_s: float, since_s: float) -> tuple[Verdict, str]:
    if min(before_s, since_s) < LEAST_S:
        return Verdict.UNKNOWN, f"watched for {before_s:.0f} s before and {since_s:.0f} s since, too little to tell"
    if worse := [measure for measure in measures if measure.worse]:
        return Verdict.WORSE, "worse: " + "; ".join(map(str, worse))
    if lost := [measure.what for measure in measures if measure.before is not None and measure.since is None]:
        return Verdict.UNKNOWN, f"{', '.join(lost)} cannot be seen any more"
    if all(measure.worse is None for measure in measures):
        return Verdict.UNKNOWN, "nothing was measured"
    return Verdict.SAME, "no worse than before: " + "; ".join(str(m) for m in measures if m.worse is not None)


def _measures(before: list[Sample], since: list[Sample], term: int | None) -> tuple[Measure, ...]:
    terms = [sample.term for sample in since if sample.term is not None]
    elections = None if term is None or not terms else float(max(terms) - term)
    return (
        _measure("errors", "/s", before, since, lambda s: s.errors_s, _mean, lambda was, now: now > 2 * was + ERRORS_S),
        _measure(
            "latency",
            " ms",
            before,
            since,
            lambda s: s.latency_ms,
            median,
            lambda was, now: now > max(1.5 * was, was + LATENCY_MS),
        ),
        _measure("lag", " s", before, since, lambda s: s.lag_s, max, lambda was, now: now > was + LAG_LIMIT_S),
        Measure(
            what="elections", before=0.0, since=elections, unit="", worse=None if elections is None else elections > 0
        ),
    )


def _measure(
    what: str,
    unit: str,
    before: list[Sample],
    since: list[Sample],
    value: Callable[[Sample], float | None],
    over: Callable[[list[float]], float],
    is_worse: Callable[[float, float], bool],
) -> Measure:
    was, now = ([v for sample in samples if (v := value(sample)) is not None] for samples in (before, since))
    both = (over(was), over(now)) if was and now else None
    return Measure(
        what=what,
        before=over(was) if was else None,
        since=over(now) if now else None,
        unit=unit,
        worse=None if both is None else is_worse(*both),
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
