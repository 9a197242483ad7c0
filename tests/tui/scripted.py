"""A run of a runbook that tells what a test wrote down, by a clock that only the test moves, and then stands still."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest

from console.change.action import Value
from console.change.journal import Record
from console.change.runbook import Runbook
from console.change.runbook import progress as told_as
from console.change.runbook.asking import Asks, Moment, MomentKind, Task
from console.change.runbook.progress import Progress
from console.change.runbook.shelf import BUNDLED
from console.tui import guide
from tests.tui.records import FixedJournal

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
Told = tuple[float, Moment]
"""Seconds since the moment before, and what was told."""


@dataclass
class Clock:
    """Both of the clocks that a guide reads."""

    at_s: float = 0.0

    def monotonic(self) -> float:
        return self.at_s

    def now(self, zone: tzinfo) -> datetime:
        return (AT + timedelta(seconds=self.at_s)).astimezone(zone)


def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """From now on a guide has this clock."""
    clock = Clock()
    monkeypatch.setattr(guide, "time", clock)
    monkeypatch.setattr(guide, "datetime", clock)
    return clock


def bundled_runbook(name: str) -> Runbook:
    return Runbook.read(BUNDLED / f"{name}.toml")


def progress(name: str = "rolling-patch", **fields: object) -> Progress:
    """A run of a bundled runbook that has just begun."""
    runbook = bundled_runbook(name)
    found = Progress(
        id="4f3a9c21",
        runbook=runbook,
        values={p.name: p.default for p in runbook.table.parameters if p.default is not None},
        cluster="passwork-prod",
        who="ann",
        reason="kernel 6.1.115",
        began=AT,
    )
    for field_, value in fields.items():
        setattr(found, field_, value)
    return found


def task(run: Progress, key: str) -> Task:
    """The stage of that key, as it is reached."""
    outer, *inner = key.split("/")
    stage = run.runbook.table.stages[int(outer) - 1]
    values: dict[str, Value] = dict(run.values)
    if not inner:
        return Task(key=key, stage=stage, values=values)
    target, number = inner
    own = {**values, "target": target}
    return Task(key=key, stage=stage.stages[int(number) - 1], target=target, values=own)


@dataclass
class ScriptedRun:
    """Stands in for the engine."""

    guide: guide.Guide
    clock: Clock
    progress: Progress
    told: Sequence[Told] = ()
    asks: Asks | None = None
    paused: bool = False
    ends: bool = False
    said: list[str] = field(default_factory=list)
    """What it was told to do."""

    async def go(self) -> AsyncGenerator[Moment]:
        for after_s, moment in self.told:
            self.clock.at_s += after_s
            if moment.task is not None and moment.kind in ("done", "skipped", "left out"):
                self.progress.ended[moment.task.key] = moment.kind
            if moment.kind == "stage" and moment.task is not None:
                self.progress.reached = moment.task.key
            yield moment
        if self.asks is not None:
            answer = await self.guide.answer(self.asks)
            self.said.append(answer.way)
        if not self.ends:
            await asyncio.Event().wait()

    def pause(self) -> None:
        self.paused = True

    def carry_on(self) -> None:
        self.paused = False

    def stop(self, why: str) -> None:
        self.said.append(f"stop: {why}")

    def unwind(self, why: str) -> None:
        self.said.append(f"unwind: {why}")


def gone_through(run: Progress, *keys: str, each_s: float = 4.0) -> list[Told]:
    """These stages, one after the other, each over after so many seconds."""
    moments: list[Told] = []
    for key in keys:
        moments += [(0.0, at(run, key, "stage")), (each_s, at(run, key, "done"))]
    return moments


def at(run: Progress, key: str, kind: MomentKind, says: str = "") -> Moment:
    """A moment of one stage."""
    found = task(run, key)
    return Moment(kind=kind, task=found, says=says or found.title)


def earlier_runs(cluster: str) -> FixedJournal:
    """A failover drill that was gone through to its end, and a rolling patch that was stopped after app1."""
    drill, patch = ("11aa22bb", "failover-drill"), ("4f3a9c21", "rolling-patch")
    told: list[tuple[float, tuple[str, str], str, dict[str, Any]]] = [(0, drill, told_as.BEGAN, _begun(drill[1]))]
    for number in range(1, 7):
        told += _stage(drill, str(number), 2.0 * number)
    told += [(0, drill, told_as.FINISHED, {"outcome": "done"}), (60, patch, told_as.BEGAN, _begun(patch[1]))]
    told.append((0, patch, told_as.TARGETS, {"stage": "4", "targets": ["app1", "app2", "app3"]}))
    for key in ("1", "2", "3", "4/app1/1", "4/app1/2"):
        told += _stage(patch, key, 4.0)
    told.append((0, patch, told_as.REACHED, {"stage": "4/app2/1"}))
    told.append((20, patch, told_as.FINISHED, {"outcome": "stopped"}))
    records, at = [], AT
    for seq, (after_s, (id, _), kind, detail) in enumerate(told, 1):
        at += timedelta(seconds=after_s)
        body = {"seq": seq, "cluster": cluster}
        detail = {"runbook_run": id, **detail}
        records.append(Record(seq=seq, at=at, who="ann", kind=kind, reason="kernel 6.1.115", detail=detail, body=body))
    return FixedJournal(*records)


def _begun(name: str) -> dict[str, Any]:
    runbook = bundled_runbook(name)
    values = {p.name: p.default for p in runbook.table.parameters}
    return {"runbook": name, "text": runbook.path.read_text("utf-8"), "values": values}


def _stage(run: tuple[str, str], key: str, took_s: float) -> list[tuple[float, tuple[str, str], str, dict[str, Any]]]:
    ended = {"stage": key, "outcome": "done"}
    return [(0, run, told_as.REACHED, {"stage": key}), (took_s, run, told_as.ENDED, ended)]
