"""Diagnoses of what operators hold out of service."""

from collections.abc import Iterator

from console.cluster.finding import warning
from console.cluster.snapshot import Finding, Snapshot


def hold_expired(snapshot: Snapshot) -> Iterator[Finding]:
    """A server should be back by now, by the word of whoever took it out."""
    for hold in snapshot.holds:
        if hold.until is not None and hold.until <= snapshot.at:
            until = f"{hold.until:%Y-%m-%d %H:%M} UTC"
            says = f"{hold.owner} put it into {hold.admin} until {until}: {hold.reason}; make it ready or hold it anew."
            yield warning("hold-expired", hold.target, says)


DIAGNOSES = (hold_expired,)
