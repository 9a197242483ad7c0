"""One line of time over all tiers, in incidents: what came close together. Every time is by one clock, our own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from console.cluster.changes import Change

APART_S = 30.0
"""What comes later than this after the last belongs to another incident."""
GONE = {"health": ("down", "unknown"), "check": ("down", "unknown"), "state": ("DOWN", "UNKNOWN", "REMOVED")}
"""Kinds of change by which something is lost, and the words for it."""
WHOLE = {
    "app": "application servers and pools whole again",
    "balancer": "balancers whole again",
    "replica_set": "replica set whole again",
    "node": "hosts whole again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing at one time: a change that was seen, or a record of what an operator did."""

    at: datetime
    kind: str
    """As `changes` names them; `action`, `step`, `runbook` or `journal` of what was done."""
    tier: str
    subject: str
    says: str
    before: str | None = None
    after: str | None = None
    """What it is now; of what was done, how it went: begun, doing, proved, done, failed …"""
    gap_s: float | None = None
    """Seconds without a Primary before the one that leads now."""
    who: str = ""
    """Who did it; empty for what was seen."""
    run: str = ""
    title: str = ""
    """What was done, in few words: `drain app2`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Entries that came close together, the oldest first."""

    entries: tuple[Entry, ...]

    @property
    def begin(self) -> datetime:
        """When the first of them was."""
        return self.entries[0].at

    @property
    def lasted_s(self) -> float:
        """From the first to the last."""
        return self.after_s(self.entries[-1])

    def after_s(self, entry: Entry) -> float:
        """Seconds from the begin to an entry."""
        return (entry.at - self.begin).total_seconds()

    @property
    def milestones(self) -> tuple[str, ...]:
        """What it came to, each with its time: `t+2.1 s db2 is Primary`."""
        return tuple(f"t+{self.after_s(entry):.1f} s {says}" for entry, says in _milestones(self.entries))

    @property
    def not_back(self) -> str:
        """What was lost in it, or not seen any more, and was so still at its end; empty where all came back."""
        last = {(entry.kind, entry.subject): entry for entry in self.entries if entry.kind in GONE}
        gone = (subject for (kind, subject), entry in last.items() if entry.after in GONE[kind])
        names = ", ".join(dict.fromkeys(subject.rpartition("/")[2] for subject in gone))
        return f"not back: {names}" if names else ""

    @property
    def writes(self) -> str:
        """How long nobody took writes, and how that was measured; empty where they did not stand."""
        return _writes(self)

    @property
    def says(self) -> str:
        """The whole of it in one sentence."""
        told = ", ".join(self.milestones) or self.entries[0].says
        return "; ".join(filter(None, (told, self.not_back, self.writes)))


def seen(at: datetime, change: Change) -> Entry:
    """A change, as this console saw it."""
    return Entry(
        at=at,
        kind=change.kind,
        tier=change.tier,
        subject=change.subject,
        says=change.says,
        before=change.before,
        after=change.after,
        gap_s=change.gap_s,
    )


def incidents(entries: Iterable[Entry]) -> tuple[Incident, ...]:
    """The newest first; whatever a run did belongs to the incident that it began in, while that goes on."""
    found: list[list[Entry]] = []
    for entry in sorted(entries, key=lambda entry: entry.at):
        if found and _belongs(found[-1], entry):
            found[-1].append(entry)
        else:
            found.append([entry])
    return tuple(Incident(entries=tuple(those)) for those in reversed(found))


def _belongs(those: list[Entry], entry: Entry) -> bool:
    near = (entry.at - those[-1].at).total_seconds() <= APART_S
    return near or bool(entry.run and any(other.run == entry.run for other in those))


def _milestones(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, str]]:
    lost: dict[str, set[str]] = {}
    named: set[str] = set()
    for entry in entries:
        if entry.kind in GONE:
            name, there = entry.subject.rpartition("/")[2], lost.setdefault(entry.tier, set())
            gone = entry.after in GONE[entry.kind]
            if gone and name not in named:
                named.add(name)
                yield entry, f"{name} {'lost' if entry.after != 'unknown' else 'not known'}"
            if gone:
                there.add(f"{entry.kind} {entry.subject}")
            elif f"{entry.kind} {entry.subject}" in there:
                there.remove(f"{entry.kind} {entry.subject}")
                if not there and entry.tier in WHOLE:
                    yield entry, WHOLE[entry.tier]
        elif entry.kind == "primary":
            yield entry, f"{entry.after} is Primary" if entry.after else "no Primary"
        elif entry.kind == "action":
            yield entry, f"{entry.title} {entry.after}"


def _writes(incident: Incident) -> str:
    stood: list[str] = []
    since: Entry | None = None
    for entry in incident.entries:
        if entry.kind != "primary":
            continue
        if entry.after is None:
            since = entry
        elif entry.gap_s is not None:
            if entry.gap_s > 0:
                stood.append(f"{entry.gap_s:.1f} s (from the last word of the old Primary to the first of the new)")
            since = None
        elif since is not None:
            lasted_s = incident.after_s(entry) - incident.after_s(since)
            stood.append(f"about {lasted_s:.1f} s (between the two pictures that this console saw)")
            since = None
    if since is not None:
        stood.append(f"from t+{incident.after_s(since):.1f} s on, with no end seen")
    return f"writes stood for {', then for '.join(stood)}".replace("for from", "from") if stood else ""
