"""The evidence of a runbook's run, read out of the journal alone: the same records give the same value."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from console.change.journal import Record
from console.change.runbook import Runbook, RunbookError
from console.change.runbook import progress as told
from console.change.runbook.evidence import Change, CheckLine, Evidence, Line, Moment, Passage
from console.change.runbook.keys import title
from console.change.runbook.measured import counted, handover, picture
from console.change.runbook.progress import named
from console.cluster.text import clean

SHOWN_CHARACTERS = 1000
SAYS = {
    told.RESUMED: "gone on with by",
    told.PROBLEM: "problem",
    told.ANSWERED: "answer",
    told.PAUSED: "paused",
    told.CONTINUED: "carried on",
    told.ASKED: "another operator is asked",
    told.APPROVED: "agreed",
    told.UNWINDING: "unwinds: what was done is undone, the newest first",
}
"""What happened on the way, beside the stages themselves."""


def evidence(records: Sequence[Record], id: str) -> Evidence:
    """What the journal tells of a run. Raises PlanError for one that it does not have."""
    own = [record for record in records if record.detail.get("runbook_run") == id]
    if not own or own[0].kind != told.BEGAN:
        named(records, id)  # tells which there are
    first, last = own[0], own[-1]
    runbook, values = _runbook(first), first.detail.get("values")
    name = _said(first.detail.get("runbook", ""))
    end = next((r for r in reversed(own) if r.kind in (told.FINISHED, told.RESUMED)), None)
    end = end if end and end.kind == told.FINISHED else None
    between = [record for record in records if first.seq <= record.seq <= last.seq]
    pictures = [found for record in own if (found := picture(record.detail))]
    return Evidence(
        id=_said(id),
        runbook=name,
        title=_said(runbook.table.title) if runbook else name,
        purpose=_said(runbook.table.purpose) if runbook else "not told: this version cannot read the runbook any more",
        cluster=_said(first.body.get("cluster", "")),
        who=_who(first),
        reason=_said(first.reason or ""),
        values=tuple((_said(name), _said(value)) for name, value in values.items()) if values else (),
        began=first.at,
        ended=end.at if end else None,
        outcome=_said(end.detail.get("outcome", "")) if end else "not finished",
        ending=_said(end.detail.get("says", "")) if end else "",
        passages=tuple(_passages(runbook, own, between)),
        moments=tuple(_moments(runbook, own)),
        counted=counted(pictures),
        handovers=tuple(came for pair in pairwise(pictures) if (came := handover(*pair))),
        first=_line(first),
        last=_line(last),
        broken=tuple(record.seq for record in between if record.corrupt),
    )


def _runbook(began: Record) -> Runbook | None:
    """As it was when it was run; None where it is of a version that is not read any more: its keys must do then."""
    try:
        return told.runbook_of(began)
    except RunbookError:
        return None


def _passages(runbook: Runbook | None, own: Iterable[Record], between: Sequence[Record]) -> Iterator[Passage]:
    """In the order of the journal: a stage from its first word to its end, or to the next time that it is reached."""
    now: Passage | None = None
    for record in own:
        if record.kind not in (told.REACHED, told.ENDED, *SAYS):
            continue
        key = _said(record.detail.get("stage", ""))
        if now and (now.key != key or (record.kind == told.REACHED and now.reached)):
            yield now
            now = None
        now = now or Passage(key=key, title=_said(_title(runbook, key)), began=record.at)
        if record.kind == told.REACHED:
            now.reached, now.before = record.seq, picture(record.detail)
            continue
        now.after = picture(record.detail) or now.after
        if now.reached:
            now.changes = tuple(_changes(between, now.reached, record.seq))
        if record.kind in SAYS:
            now.lines.append(_line(record))
            continue
        now.ended, now.outcome = record.at, _said(record.detail.get("outcome", ""))
        now.says = _said(record.detail.get("says", ""))
        yield now
        now = None
    if now:
        yield now


def _title(runbook: Runbook | None, key: str) -> str:
    """A stage's; or of which one it is the way back."""
    way, _, of = key.partition("/")
    if runbook is None:
        return ""
    return f"undo of {title(runbook, of.rpartition('/')[0])}" if way == "back" else title(runbook, key)


def _changes(between: Sequence[Record], first: int, last: int) -> Iterator[Change]:
    """The runs that a stage began or went on with, each with what it wrote meanwhile."""
    within = [record for record in between if first <= record.seq <= last]
    runs = dict.fromkeys(str(record.detail.get("run")) for record in within if record.kind == told.STARTED)
    for id in runs:
        lines = [record for record in within if record.run == id]
        plan: Mapping[str, Any] = next(
            (r.detail["plan"] for r in lines if isinstance(r.detail.get("plan"), Mapping)), {}
        )
        # A run that is gone on with was named when it was begun, in a stage that was interrupted.
        whole = [record for record in between if record.run == id]
        start = next((record for record in whole if record.action), None)
        words = next((str(r.detail["title"]) for r in whole if r.detail.get("title")), "")
        yield Change(
            run=_said(id),
            title=_said(words or (f"{start.action} {start.target}" if start else "")),
            impact=_said(next((r.detail["impact"] for r in lines if r.detail.get("impact")), "")),
            plan_hash=_said(start.plan_hash or "" if start else ""),
            checks=tuple(_checks(plan)),
            lines=tuple(_line(record) for record in lines),
        )


def _checks(plan: Mapping[str, Any]) -> Iterator[CheckLine]:
    listed = plan.get("checks")
    for check in listed if isinstance(listed, list) else ():
        if isinstance(check, Mapping):
            ok, warns = check.get("ok") is True, check.get("warns") is True
            says, value, limit = (_said(check.get(name, "")) for name in ("says", "value", "limit"))
            yield CheckLine(says=says, value=value, limit=limit, word="ok" if ok else "no" if warns else "REFUSED")


def _moments(runbook: Runbook | None, own: Sequence[Record]) -> Iterator[Moment]:
    """Before, each stage that changed something, each problem, the end."""
    number, changed = 0, False
    for record in own:
        key = str(record.detail.get("stage", ""))
        changed = record.kind == told.STARTED or (changed and record.kind != told.REACHED)
        name, words = {
            told.REACHED: ("before", "before the first stage") if not number else ("", ""),
            told.ENDED: (f"after-{key}", "after") if changed else ("", ""),
            told.PROBLEM: (f"problem-{key}", "problem at"),
            told.FINISHED: ("end", "the end"),
        }.get(record.kind, ("", ""))
        if not name or not (found := picture(record.detail)):
            continue
        number += 1
        where = " ".join(filter(None, (words, key, _title(runbook, key)))) if number > 1 else words
        says = record.detail.get("says" if record.kind == told.PROBLEM else "outcome", "")
        file = re.sub(r"[^a-zA-Z0-9]", "-", f"{record.detail.get('runbook_run')}-{number:02}-{name}")
        yield Moment(
            file=f"{file[:80]}.svg",
            title=_said(f"{where}: {says}" if says else where),
            at=record.at,
            picture=found,
            record=record.seq,
        )


def _line(record: Record) -> Line:
    detail = record.detail
    words = [detail.get(name) for name in ("does", "says", "seen", "answer", "way", "by", "reason", "title")]
    said = [word for word in words if word and isinstance(word, str)]
    says = ": ".join(said if record.kind == told.ANSWERED else said[:1])
    command = "; ".join(str(detail.get("command") or "").splitlines())
    kind = SAYS.get(record.kind, _said(record.kind))
    if record.kind == told.RESUMED:
        kind = f"{kind} {_who(record)}"
    return Line(
        at=record.at,
        kind=kind,
        says=_said(f"{says}: {command}" if command else says),
        who=_who(record),
        seq=record.seq,
        hash=record.hash,
        step=record.step,
        stage=_said(detail.get("stage", "")),
    )


def _who(record: Record) -> str:
    """The user and the host, and whence they came."""
    body = record.body
    host, origin, sudo = (str(body.get(name) or "") for name in ("host.name", "source.ip", "user.sudo"))
    more = ", ".join(f"{word} {value}" for word, value in (("by sudo from", sudo), ("over SSH from", origin)) if value)
    return _said(f"{record.who}{f'@{host}' if host else ''}{f' ({more})' if more else ''}")


def _said(value: object) -> str:
    return clean(str(value), limit=SHOWN_CHARACTERS)
