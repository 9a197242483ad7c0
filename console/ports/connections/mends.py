"""What to do about a connection that fails, by the words in which plugins tell why."""

import re

MENDS = (
    ("cannot be resolved|Name or service not known", "correct the name in the cluster file, or add it to DNS"),
    ("refused the user|wrong password", "correct username and password in the cluster file, or create that user"),
    ("token was refused", "compare the token that the cluster file names with the one that the servers have"),
    ("HTTP 40[13]", "give the [health] table the token or the header that its servers ask for, or another path"),
    ("the user '' ", "give the [replica_set] table a username and its password: the set asks for them"),
    ("may not read the status", "grant the user the role that is named there"),
    ("CHANGED|host key", "compare its key with the host's own, then: watchkeeper hosts trust NODE"),
    ("ermission denied|not ours to open", "let this user in: its group, its keys, or its rights there"),
    ("TLS|certificate", "name the authority that signed the certificate, and the name that stands in it"),
    ("refused|nobody listens|closed", "start the service there, or correct address and port in the cluster file"),
    (
        "no answer|no connection within|did not answer|unreachable|No route",
        "look at the firewalls between here and there, and at its load",
    ),
    ("no such socket|No such file", "correct the path in the cluster file"),
)
"""The first pattern that is found counts: the more particular ones stand first."""


def mend(why: str, otherwise: str) -> str:
    """What to do about it; `otherwise` where the words say nothing that is known."""
    return next((says for pattern, says in MENDS if re.search(pattern, why)), otherwise)
