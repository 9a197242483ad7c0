"""How a runbook fails before it is begun."""

from console.ports.error import OperatorError


class RunbookError(OperatorError):
    """A runbook cannot be used; the message is one sentence with the path into the file and the mend."""
