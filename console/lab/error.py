"""The one error of the lab."""

from console.ports.error import OperatorError


class LabError(OperatorError):
    """The lab can't do what was asked; the text says what was expected, where, and the mend."""
