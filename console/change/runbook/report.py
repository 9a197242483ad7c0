"""The evidence of a runbook's run, as Markdown, made from the journal alone: who, why, every step and its proof."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from console.change.journal import Record
from console.change.runbook.format import StageTable
from console.change.runbook.progress import ENDED, FINISHED, REACHED, STARTED, Progress, named
from console.cluster.text import clean

SHOWN_CHARACTERS = 1000


def report(records: Sequence[Record], id: str) -> str:
    """One document. Raises PlanError for a run that the journal does not have."""
    run = named(records, id)
    own = [record for record in records if record.detail.get("runbook_run") == id]
    return "\n".join([*_head(run, own), "", *_stages(run, own, records), *_foot(own, records)]) + "\n"


def _head(run: Progress, own: Sequence[Record]) -> Iterator[str]:
    ended = next((record.at for record in reversed(own) if record.kind == FINISHED), None)
    took = f"{(ended - run.began).total_seconds():.0f} s" if ended else "not finished"
    yield f"# {_said(run.runbook.table.title)}"
    yield ""
    yield f"- runbook: {_said(run.runbook.name)}, run {run.id}"
    yield f"- cluster: {_said(run.cluster)}"
    yield f"- who and why: {_said(run.who)}: {_said(run.reason)}"
    if run.values:
        yield f"- parameters: {_said(', '.join(f'{name} = {value}' for name, value in run.values.items()))}"
    yield f"- began {_time(run.began)}; {f'ended {_time(ended)}' if ended else 'not finished'}; took {took}"
    yield f"- outcome: **{_said(run.outcome or 'not finished')}**"


def _stages(run: Progress, own: Sequence[Record], records: Sequence[Record]) -> Iterator[str]:
    reached: datetime | None = None
    for record in own:
        key = str(record.detail.get("stage", ""))
        if record.kind == REACHED:
            reached = record.at
            yield f"## {key} {_said(_name(run, key))}"
            yield ""
        elif record.kind == STARTED:
            yield from _change(str(record.detail.get("run", "")), records)
        elif record.kind == ENDED:
            took = f" after {(record.at - reached).total_seconds():.1f} s" if reached else ""
            says = _said(str(record.detail.get("says", "")))
            yield f"{record.detail.get('outcome')}{took}{f': {says}' if says else ''}"
            yield ""


def _change(id: str, records: Sequence[Record]) -> Iterator[str]:
    """The steps of one run, each with its command, its proof and the hash of the record that proves it."""
    own = [record for record in records if record.run == id]
    first = own[0] if own else None
    yield f"Run {id}" + (f": {first.action} {_said(first.target or '')}" if first else "")
    yield ""
    yield "| at | step | what | record |"
    yield "|---|---|---|---|"
    for record in own:
        detail = record.detail
        says = str(detail.get("does") or detail.get("says") or detail.get("seen") or detail.get("answer") or "")
        command = str(detail.get("command") or "")
        told = _said(f"{says}: {command}" if command else says).replace("|", "\\|")
        step = "" if record.step is None else record.step
        yield f"| {_time(record.at)} | {step} | {record.kind}: {told} | {record.seq} {record.hash[:12]} |"
    yield ""


def _foot(own: Sequence[Record], records: Sequence[Record]) -> Iterator[str]:
    first, last = own[0], own[-1]
    broken = [record.seq for record in records if first.seq <= record.seq <= last.seq and record.corrupt]
    yield "## The journal"
    yield ""
    yield f"- from record {first.seq}, hash `{first.hash}`"
    yield f"- to record {last.seq}, hash `{last.hash}`"
    said = f"records {', '.join(map(str, broken))} are NOT as they were written" if broken else "every record is whole"
    yield f"- {said}; `watchkeeper journal verify` checks the chain"


def _name(run: Progress, key: str) -> str:
    """The stage's name, with the target where it is of an `each`."""
    number, *inner = key.split("/")
    stages, names = run.runbook.table.stages, []
    stage: StageTable | None = _at(stages, number)
    if stage:
        names.append(stage.name)
    if stage and len(inner) == 2:
        within = _at(stage.stages, inner[1])
        names = [f"{within.name if within else '?'}: {inner[0]}"]
    return " ".join(names)


def _at(stages: Sequence[StageTable], number: str) -> StageTable | None:
    index = int(number) - 1 if number.isdecimal() else -1
    return stages[index] if 0 <= index < len(stages) else None


def _said(text: str) -> str:
    return clean(text, limit=SHOWN_CHARACTERS).replace("\n", " ")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
