"""Diagnoses of what operators hold out of service, and what they ask of each other."""

from collections.abc import Iterator

from console.cluster.diagnoses.pools import places
from console.cluster.finding import critical, info, warning
from console.cluster.snapshot import Admin, Finding, Snapshot


def hold_expired(snapshot: Snapshot) -> Iterator[Finding]:
    """A server should be back by now, by the word of whoever took it out."""
    for hold in snapshot.holds:
        if hold.until is not None and hold.until <= snapshot.at:
            until = f"{hold.until:%Y-%m-%d %H:%M} UTC"
            says = f"{hold.owner} put it into {hold.admin} until {until}: {hold.reason}; make it ready or hold it anew."
            yield warning("hold-expired", hold.target, says)


def hold_not_kept(snapshot: Snapshot) -> Iterator[Finding]:
    """A server takes traffic that somebody keeps out, by the word that the set keeps for every console."""
    if snapshot.lease is not None:
        return  # a change is under way: the word follows the state
    for hold in snapshot.holds:
        server = snapshot.app_server(hold.target)
        entries = server.pools if server else ()
        # What this console saw being forgotten has a finding of its own.
        taking = [e for e in entries if e.known and e.admin is Admin.READY and not e.lost]
        if taking:
            says = (
                f"{hold.owner} keeps it in {hold.admin} since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.reason}; and "
                f"it is ready in {places(taking)}. "
                f"`{hold.admin} {hold.target}` sets it again, `ready {hold.target}` ends it."
            )
            finding = critical if hold.admin is Admin.MAINT else warning
            yield finding("hold-not-kept", hold.target, says, f"{hold.admin} {hold.target}")


def approval_wanted(snapshot: Snapshot) -> Iterator[Finding]:
    """A runbook waits for the word of another operator than the one who runs it."""
    for one in snapshot.approvals:
        if one.agreed is None:
            asks = f"{one.owner} asks another operator to agree since {one.since:%Y-%m-%d %H:%M} UTC"
            says = f"{asks}: {one.says} ({one.reason}); `watchkeeper runbook approve {one.run}` agrees."
            yield info("approval-wanted", one.run, says)


DIAGNOSES = (hold_expired, hold_not_kept, approval_wanted)
