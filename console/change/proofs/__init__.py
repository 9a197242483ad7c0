"""What must be seen in the cluster for a step to count as done: never the answer of a command, always the effect.

A proof looks only at what was seen after the op: the engine says how long ago that was, and older data proves nothing.
"""

from console.change.proofs.configuration import ConfigurationIs, Outside, StaysSecondary, Synced
from console.change.proofs.joining import Gone, Passes, ServesWell, Stands
from console.change.proofs.lines import LinesRead, LinesUndone
from console.change.proofs.node import Healthy, Replicates, ServiceIs, SizeIs, Spared
from console.change.proofs.pool import AdminIs, NoSessions, Serves, WeightIs
from console.change.proofs.proof import Proof, Verdict
from console.change.proofs.replica_set import NewPrimary

__all__ = [
    "AdminIs",
    "ConfigurationIs",
    "Gone",
    "Healthy",
    "LinesRead",
    "LinesUndone",
    "NewPrimary",
    "NoSessions",
    "Outside",
    "Passes",
    "Proof",
    "Replicates",
    "Serves",
    "ServesWell",
    "ServiceIs",
    "SizeIs",
    "Spared",
    "Stands",
    "StaysSecondary",
    "Synced",
    "Verdict",
    "WeightIs",
]
