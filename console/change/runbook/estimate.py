"""How long a runbook will take, from what the journal tells of earlier runs of it and of its actions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from console.change.journal import Record
from console.change.runbook.format import Runbook, StageTable
from console.change.runbook.keys import Place, place, places, selector
from console.change.runbook.progress import ENDED, REACHED, STARTED, TARGETS, progress
from console.change.runbook.selectors import SELECTORS
from console.cluster.duration import span
from console.cluster.snapshot import Snapshot

Likeness = tuple[str, str, str, str]
"""What makes a stage that of an earlier run: whom its group is for, its name, its kind and what that says."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long something took before, in seconds."""

    lowest_s: float
    median_s: float
    highest_s: float
    samples: int

    @classmethod
    def of(cls, samples_s: Iterable[float]) -> "Took | None":
        """None where there is no sample."""
        found = sorted(samples_s)
        return cls(found[0], median(found), found[-1], len(found)) if found else None

    @property
    def says(self) -> str:
        """`14 s (12 s to 20 s, 6 times before)`."""
        spread = _spread(self.lowest_s, self.highest_s)
        times = "once before" if self.samples == 1 else f"{self.samples} times before"
        return f"{_span(self.median_s)} ({', '.join(filter(None, (spread, times)))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEstimate:
    """One stage, for one target."""

    key: str
    """`2`, or `3.1` for the first one within an `each`."""
    stage: StageTable
    took: Took | None
    """None: not known."""
    elsewhere: bool
    """Its action was done before, but not as this stage."""
    times: int | None
    """For how many targets it is gone through; None: not known."""

    @property
    def says(self) -> str:
        """For a person."""
        if self.took is None:
            return "not known"
        where = f", as {self.stage.action} by itself" if self.elsewhere else ""
        return f"{self.took.says}{where}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The whole, and each stage."""

    stages: tuple[StageEstimate, ...]

    @property
    def known(self) -> int:
        """Stages whose time is a part of the whole."""
        return len(list(self._whole()))

    @property
    def lowest_s(self) -> float:
        """The sum of the shortest times."""
        return sum(took.lowest_s * times for took, times in self._whole())

    @property
    def median_s(self) -> float:
        """The sum of the medians."""
        return sum(took.median_s * times for took, times in self._whole())

    @property
    def highest_s(self) -> float:
        """The sum of the longest times."""
        return sum(took.highest_s * times for took, times in self._whole())

    @property
    def says(self) -> str:
        """For a person: how long, and of how much of it that is known."""
        if not self.known:
            return "not known: nothing of it was done before"
        spread = _spread(self.lowest_s, self.highest_s)
        rest = "" if self.known == len(self.stages) else "; the others are not known"
        of = f"by what {self.known} of {len(self.stages)} stages took before{rest}"
        return f"{_span(self.median_s)}{f' ({spread})' if spread else ''}, {of}"

    def _whole(self) -> Iterator[tuple[Took, int]]:
        return ((one.took, one.times) for one in self.stages if one.took and one.times is not None)


def estimate(
    records: Iterable[Record], runbook: Runbook, snapshot: Snapshot | None = None, cluster: str = ""
) -> Estimate:
    """By earlier runs on that cluster, or on any; targets are counted in the snapshot, or as many as there were."""
    trusted = [r for r in records if not r.corrupt and (not cluster or r.body.get("cluster") == cluster)]
    earlier, counts = _earlier(trusted, runbook)
    if snapshot:
        counts = {name: len(choose(snapshot)) for name, choose in SELECTORS.items()}
    actions = _actions(trusted)
    return Estimate(tuple(_estimated(at, earlier, actions, counts) for at in places(runbook)))


def _estimated(
    at: Place,
    earlier: Mapping[Likeness, list[float]],
    actions: Mapping[str, list[float]],
    counts: Mapping[str, int],
) -> StageEstimate:
    stage, group = at.stage, at.group
    own, elsewhere = Took.of(earlier.get(_likeness(at), ())), Took.of(actions.get(stage.action, ()))
    times = counts.get(group.each) if group else 1
    if own is None and stage.on in SELECTORS:
        # The stage's own time is that of all whom it names; an action by itself was done to one of them.
        named = counts.get(stage.on)
        times = None if times is None or named is None else times * named
    return StageEstimate(
        key=at.number,
        stage=stage,
        took=own or elsewhere,
        elsewhere=own is None and elsewhere is not None,
        times=times,
    )


def _likeness(at: Place) -> Likeness:
    stage = at.stage
    return (at.group.each if at.group else "", stage.name, stage.kind, str(getattr(stage, stage.kind)))


def _earlier(records: Sequence[Record], runbook: Runbook) -> tuple[dict[Likeness, list[float]], dict[str, int]]:
    """How long each stage took whenever it was done, and how many targets each selector had in the newest run."""
    runs = {run.id: run.runbook for run in progress(records) if run.runbook.name == runbook.name}
    reached: dict[tuple[str, str], datetime] = {}
    took, counts = defaultdict[Likeness, list[float]](list), dict[str, int]()
    for record in records:
        id, key = str(record.detail.get("runbook_run", "")), str(record.detail.get("stage", ""))
        if id not in runs:
            continue
        if record.kind == REACHED:
            reached[id, key] = record.at
        elif record.kind == TARGETS:
            counts[selector(runs[id], key)] = len(record.detail.get("targets") or ())
        elif record.kind == ENDED:
            at, found = reached.pop((id, key), None), place(runs[id], key)
            if at and found and record.detail.get("outcome") == "done":
                took[_likeness(found)].append((record.at - at).total_seconds())
        elif record.kind != STARTED:
            # Paused, stopped, gone on with: how long a stage took with that in it says nothing.
            reached = {where: at for where, at in reached.items() if where[0] != id}
    return took, counts


def _actions(records: Iterable[Record]) -> dict[str, list[float]]:
    """How long each action took whenever it was done without an interruption."""
    began: dict[str, datetime] = {}
    took = defaultdict[str, list[float]](list)
    for record in records:
        if not record.run:
            continue
        if record.kind == "plan.confirmed":
            began[record.run] = record.at
        elif record.kind in ("plan.resumed", "plan.undoing"):
            began.pop(record.run, None)
        elif record.kind == "plan.finished" and record.outcome == "done" and record.run in began:
            took[record.action or ""].append((record.at - began.pop(record.run)).total_seconds())
    return took


def _spread(lowest_s: float, highest_s: float) -> str:
    """Empty where both are the same in words."""
    lowest, highest = _span(lowest_s), _span(highest_s)
    return "" if lowest == highest else f"{lowest} to {highest}"


def _span(seconds: float) -> str:
    return span(seconds) if seconds >= 1 else "under 1 s"
