"""Asks the hosts process of a lab: one JSON line each way over its unix socket."""

import json
import socket

from console.lab.error import LabError
from console.lab.layout import Layout

ANSWER_PATIENCE_S = 5.0


def ask(layout: Layout, do: str, node: str = "", pid: int = 0) -> list[str]:
    """Ask the hosts process to `list`, `partition` or `heal`; return the names of the partitioned nodes.

    Raises:
        LabError: the hosts process does not answer, so no node of the lab can be reached.
    """
    request = json.dumps({"do": do, "node": node, "pid": pid})
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_PATIENCE_S)
            connection.connect(str(layout.socket("hosts")))
            connection.sendall(request.encode() + b"\n")
            with connection.makefile("rb") as answers:
                return [str(name) for name in json.loads(answers.readline())]
    except (OSError, ValueError) as error:
        raise LabError(
            f"the relays and SSH servers of lab {layout.name!r} do not answer at {layout.socket('hosts')} "
            f"({error}): `watchkeeper lab down`, then `watchkeeper lab up`"
        ) from error
