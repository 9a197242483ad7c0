"""--until: how long a server is to be out of service, as it is typed."""

import re

from console.change.action import Parameter
from console.change.plan import PlanError

OPEN = "open"
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_S = 90 * 86400

PARAMETER = Parameter(
    name="until",
    kind=str,
    default=OPEN,
    says="for how long it will be out, such as 30m, 2h or 1d; every console is told",
)


def seconds(text: str) -> float | None:
    """The seconds of `30m`; None for no end. Raises PlanError."""
    if text == OPEN:
        return None
    read = re.fullmatch(r"([1-9]\d{0,6})([smhd])", text)
    if read is None or int(read[1]) * UNITS_S[read[2]] > MOST_S:
        raise PlanError(f"--until: expected a time of at most 90d such as 30m, 2h or 1d, or {OPEN}, got '{text}'")
    return float(int(read[1]) * UNITS_S[read[2]])
