"""How a change, or the way to a host, fails."""


class Refused(Exception):
    """The target refused; nothing changed. The message is a sentence for the operator."""


class Unclear(Exception):
    """The change was sent and its answer is lost: neither done nor failed until the cluster is read again."""


class ShellError(Exception):
    """The host could not be reached or would not run the command; the message says which and what to do."""
