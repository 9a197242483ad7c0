"""What was done, out of the journal, as entries of the timeline; and the timeline as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from console.change.journal import Journal, Record, newest
from console.change.journal.files import replace_text
from console.change.runbook.report import escaped
from console.cluster.text import clean
from console.cluster.timeline import Entry, Incident

GOES = {
    "plan.confirmed": "begun",
    "plan.resumed": "gone on with",
    "plan.undoing": "being undone",
    "plan.finished": "ended",
    "plan.abandoned": "closed",
    "step.intent": "doing",
    "step.verified": "proved",
    "step.undo": "undoing",
    "step.undone": "undone",
    "step.reconciled": "looked at",
    "refused": "refused",
}
"""How it goes, by the kind of the record."""
UNTOLD = ("step.result",)
"""The answer to an op: what became of it is told by its proof."""
TELLS = ("title", "does", "seen", "says", "answer")
"""Where a record says what it is about."""
CLOCK = (
    "Every time is by the clock of the host that this console runs on: of what it saw, when it saw it. The clocks of "
    "the other hosts were not asked."
)


def done(journal: Journal | None, folder: Path, cluster: str) -> tuple[Entry, ...]:
    """What was done to a cluster, the oldest first, from the newest records. Raises JournalError."""
    return tuple(told(newest(journal, folder, cluster), cluster))


def told(records: Iterable[Record], cluster: str) -> Iterator[Entry]:
    """An entry for each record of that cluster; one that was changed says so."""
    for record in records:
        if record.body.get("cluster", cluster) == cluster and record.kind not in UNTOLD:
            yield _entry(record)


def markdown(cluster: str, found: Sequence[Incident], made: datetime, since: str) -> str:
    """One document, the newest incident first; the same incidents give the same text."""
    head = [
        f"# Timeline of {escaped(clean(cluster))}",
        "",
        f"Made at {made:%Y-%m-%d %H:%M:%S} UTC. {since} {CLOCK}",
        "",
    ]
    parts = [line for incident in found for line in _incident(incident)]
    return "\n".join([*head, *(parts or ["Nothing is known.", ""])])


def export(folder: Path, cluster: str, found: Sequence[Incident], made: datetime | None, since: str) -> Path:
    """Write it as Markdown into the state directory, for its owner only; where it is. Raises OSError."""
    made = made or datetime.now(UTC)
    name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in cluster)
    path = folder / f"timeline-{name}-{made:%Y%m%dT%H%M%SZ}.md"
    replace_text(path, markdown(cluster, found, made, since))
    return path


def _entry(record: Record) -> Entry:
    title = f"{record.action or ''} {record.target or ''}".strip() or record.kind
    says = "; ".join(str(record.detail[key]) for key in TELLS if record.detail.get(key))
    reason = f" ({record.reason})" if record.reason else ""
    step = f"step {record.step}: " if record.step else ""
    goes = GOES.get(record.kind, record.kind.rpartition(".")[2])
    kind = record.kind.partition(".")[0]
    return Entry(
        at=record.at,
        kind={"plan": "action", "step": "step", "refused": "action", "runbook": "runbook"}.get(kind, "journal"),
        tier="action",
        subject=clean(record.target or ""),
        says=clean(
            f"{record.who}: {title}, {step}{says or goes}{reason}" if not record.corrupt else record.corrupt, 400
        ),
        after="CORRUPT" if record.corrupt else clean(record.outcome or goes) if kind == "plan" else goes,
        who=clean(record.who) or "?",
        run=record.run or str(record.detail.get("runbook_run", "")),
        title=clean(title),
    )


def _incident(incident: Incident) -> Iterator[str]:
    first = incident.milestones[0].partition(" s ")[2] if incident.milestones else incident.entries[0].says
    yield f"## {incident.begin:%Y-%m-%d %H:%M:%S} UTC, {incident.lasted_s:.1f} s: {escaped(clean(first))}"
    yield ""
    if len(incident.entries) > 1:
        yield escaped(clean(incident.says, limit=1000))
        yield ""
    yield "| t+ s | UTC | tier | about | what | |"
    yield "|---:|---|---|---|---|---|"
    for entry in incident.entries:
        cells = entry.tier, entry.subject, f"{entry.kind} {entry.after or ''}".strip(), entry.says
        words = " | ".join(escaped(clean(cell, limit=400)) for cell in cells)
        yield f"| {incident.after_s(entry):.1f} | {entry.at:%H:%M:%S.%f}"[:-3] + f" | {words} |"
    yield ""
