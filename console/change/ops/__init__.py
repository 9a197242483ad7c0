"""Every way in which this program changes the world; the whole blast radius is this folder, one file a tier.

An op is data. Applying it twice is the same as once, so that an unwind may repeat it. It raises what its port raises:
`Refused` (nothing changed here) or `Unclear` (unknown until re-read).
"""

from console.change.ops.lines import Rewrite, WriteLines
from console.change.ops.node import Resize, TurnService
from console.change.ops.op import Op, Wait
from console.change.ops.pool import AddServers, DeleteServers, EndSessions, Entry, Place, SetAdmin, SetWeights
from console.change.ops.replica_set import ForceReconfigure, Freeze, Reconfigure, StepDown

__all__ = [
    "AddServers",
    "DeleteServers",
    "EndSessions",
    "Entry",
    "ForceReconfigure",
    "Freeze",
    "Op",
    "Place",
    "Reconfigure",
    "Resize",
    "Rewrite",
    "SetAdmin",
    "SetWeights",
    "StepDown",
    "TurnService",
    "Wait",
    "WriteLines",
]
