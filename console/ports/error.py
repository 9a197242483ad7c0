"""What all errors have in common that are told to the operator as they are."""


class OperatorError(Exception):
    """What was asked cannot be done as it was asked; the message is a sentence that says why and what to do."""
