"""Runbooks: guided maintenance. A runbook is words and stages; each stage is planned when it is reached.

A plan never branches: a fork in the world is two stages, and a runbook stops where the world is not as one needs it.
"""

from console.change.runbook.error import RunbookError
from console.change.runbook.format import Runbook

__all__ = ["Runbook", "RunbookError"]
