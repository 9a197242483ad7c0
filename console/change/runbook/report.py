"""The evidence of a runbook's run as Markdown: who, why, every step and its proof, and what it cost.

Whatever is not ours is escaped: no name and no reason can be a heading, a row, a link or HTML.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from console.change.runbook.evidence import Change, Evidence, Line, Passage
from console.change.runbook.measured import gap

MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")


def markdown(evidence: Evidence) -> str:
    """One document; the same evidence gives the same text."""
    lines = [*_head(evidence), ""]
    for passage in evidence.passages:
        lines += _passage(passage)
    return "\n".join([*lines, *_foot(evidence)]) + "\n"


def facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What stands at the top, a word and what it says."""
    yield "purpose", evidence.purpose
    yield "runbook", f"{evidence.runbook}, run {evidence.id}"
    yield "cluster", evidence.cluster
    yield "who and why", f"{evidence.who}: {evidence.reason}"
    if evidence.values:
        yield "parameters", ", ".join(f"{name} = {value}" for name, value in evidence.values)
    ended = f"ended {time(evidence.ended)}; took {took(evidence.took_s)}" if evidence.ended else "not finished"
    yield "time", f"began {time(evidence.began)}; {ended}"
    yield "requests", evidence.counted.says
    yield "writes", writes(evidence)


def writes(evidence: Evidence) -> str:
    """How long nobody took any, as far as that was seen."""
    count = len(evidence.handovers)
    if not count:
        return "no handover of the Primary was seen"
    handovers = "one handover" if count == 1 else f"{count} handovers"
    longest_s = evidence.longest_gap_s
    if longest_s is None:
        return f"{handovers} of the Primary; how long nobody led was not measured for each"
    return f"{handovers} of the Primary; nobody led for {gap(longest_s)}{' at most' if count > 1 else ''}"


def measured(passage: Passage) -> Iterator[str]:
    """What one passage cost, where it changed something."""
    if passage.changes:
        yield passage.counted.says
    if passage.handover:
        yield passage.handover.says


def ended(passage: Passage) -> str:
    """How it ended, and after how long."""
    if not passage.ended:
        return "not ended"
    return f"{passage.outcome} after {took(passage.took_s)}{f': {passage.says}' if passage.says else ''}"


def took(seconds: float | None) -> str:
    """A length of time, by what is worth telling of it."""
    if seconds is None:
        return "not ended"
    minutes, rest_s = divmod(round(seconds), 60)
    return f"{minutes} min {rest_s:02} s" if minutes else f"{seconds:.1f} s"


def time(at: datetime) -> str:
    """To the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def wholeness(evidence: Evidence) -> str:
    """Whether the records are as they were written."""
    if evidence.broken:
        return f"records {', '.join(map(str, evidence.broken))} are NOT as they were written"
    return "every record is whole"


def _head(evidence: Evidence) -> Iterator[str]:
    yield f"# {escaped(evidence.title)}"
    yield ""
    for word, says in facts(evidence):
        yield f"- {word}: {escaped(says)}"
    yield f"- outcome: **{escaped(evidence.outcome)}**{escaped(f': {evidence.ending}') if evidence.ending else ''}"


def _passage(passage: Passage) -> Iterator[str]:
    yield f"## {escaped(f'{passage.key} {passage.title}'.strip() or 'On the way')}"
    yield ""
    if passage.key:
        yield ". ".join(escaped(says) for says in (ended(passage), *measured(passage)))
        yield ""
    for change in passage.changes:
        yield from _change(change)
    if passage.lines:
        yield from _table(passage.lines)


def _change(change: Change) -> Iterator[str]:
    yield f"Run {escaped(f'{change.run}: {change.title}')}"
    yield ""
    if change.impact:
        yield f"- impact: {escaped(change.impact)}"
    for check in change.checks:
        yield f"- {check.word}: {escaped(f'{check.says}: {check.value} (must be {check.limit})')}"
    if change.impact or change.checks:
        yield ""
    yield from _table(change.lines)


def _table(lines: Iterable[Line]) -> Iterator[str]:
    yield "| at | step | what | record |"
    yield "|---|---|---|---|"
    for line in lines:
        step = line.stage if line.step is None else str(line.step)
        what = f"{line.kind}: {line.says}" if line.says else line.kind
        yield f"| {time(line.at)} | {escaped(step)} | {escaped(what)} | {line.seq} `{line.hash[:12]}` |"
    yield ""


def _foot(evidence: Evidence) -> Iterator[str]:
    yield "## The journal"
    yield ""
    yield f"- from record {evidence.first.seq}, hash `{evidence.first.hash}`"
    yield f"- to record {evidence.last.seq}, hash `{evidence.last.hash}`"
    yield f"- {wholeness(evidence)}; `watchkeeper journal verify` checks the chain"


def escaped(text: str) -> str:
    """One line of plain text, whatever it holds."""
    return MEANS_SOMETHING.sub(r"\\\1", text)
