"""What is wrong with members that stand in no configuration of the set."""

from collections.abc import Iterator

from console.cluster.finding import Diagnosis, critical, warning
from console.cluster.snapshot import Finding, Health, Snapshot


def member_outside(snapshot: Snapshot) -> Iterator[Finding]:
    """It answers, and the set's configuration does not name it: removed, or left behind by a forced change."""
    for member in snapshot.replica_set.members:
        if member.configured or member.health is not Health.UP:
            continue
        if member.writable:
            says = f"{member.name} takes writes outside the set's configuration: stop it now, two sets take writes."
            yield critical("member-outside", member.name, says)
        else:
            says = (
                f"{member.name} runs and is in no configuration of the set ({member.state}): its data is from before. "
                "Empty its data directory and add it again with add-secondary, or stop it."
            )
            yield warning("member-outside", member.name, says)


DIAGNOSES: tuple[Diagnosis, ...] = (member_outside,)
