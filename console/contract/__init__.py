"""What every plugin of a port does, told as behaviours: the same for a bundled plugin and for a stranger's.

The tests run them, and so does `watchkeeper plugins test NAME`, against whatever a cluster file names. A behaviour is a
sentence and a check; it says which capability it needs and whether it changes anything. Nothing here knows a vendor.
"""

from console.contract.behaviour import (
    Behaviour,
    Broken,
    Outcome,
    Suite,
    Verdict,
    expect,
    outcomes,
    refused,
    run,
    within,
)

__all__ = ["Behaviour", "Broken", "Outcome", "Suite", "Verdict", "expect", "outcomes", "refused", "run", "within"]
