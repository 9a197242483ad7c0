"""Named diagnoses: what is wrong in a snapshot, with which node, and what that means."""

from console.cluster.diagnoses import app, balancers, holds, members, nodes, outside, pools, replica_set
from console.cluster.finding import in_order
from console.cluster.snapshot import Finding, Snapshot

DIAGNOSES = (
    *replica_set.DIAGNOSES,
    *members.DIAGNOSES,
    *outside.DIAGNOSES,
    *app.DIAGNOSES,
    *pools.DIAGNOSES,
    *balancers.DIAGNOSES,
    *nodes.DIAGNOSES,
    *holds.DIAGNOSES,
)
"""Every diagnosis there is, each a pure function that is named like its code."""


def diagnose(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Every finding in a snapshot, the most severe first, then by subject."""
    return in_order(finding for diagnosis in DIAGNOSES for finding in diagnosis(snapshot))
