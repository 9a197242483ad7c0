"""The one error of the lab."""


class LabError(Exception):
    """The lab can't do what was asked; the text says what was expected, where, and the mend."""
