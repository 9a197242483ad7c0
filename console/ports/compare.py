"""Compare-and-set of a replica set's configuration: the comparison, the same for every plugin."""

from collections.abc import Sequence

from console.cluster.configuration import Lines, difference, mended
from console.cluster.views import MemberConfig
from console.ports.protocols import Refused


def to_do(
    before: Sequence[MemberConfig],
    after: Sequence[MemberConfig],
    found: Sequence[MemberConfig],
    *,
    thorough: bool = False,
) -> Lines:
    """The lines to set; none when it is so already. Raises Refused with the difference when it is otherwise."""
    wanted = mended(before, after, found) if thorough else tuple(after)
    if not difference(wanted, found):
        return ()
    if not thorough and (otherwise := difference(before, found)):
        raise Refused(f"the configuration is not the one that was planned for: {otherwise}")
    return wanted
