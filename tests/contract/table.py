"""The contract's table: for each port, every behaviour, and how each plugin stands to it."""

from collections.abc import Iterator, Sequence
from itertools import groupby

MARKS = {"holds": "yes", "broken": "NO", "not offered": "-", "not tried": "?"}

Told = tuple[str, str, str, str, str, str]
"""(port, plugin, stands for, against, behaviour, verdict)"""


def table(told: Sequence[Told]) -> Iterator[str]:
    """Line by line; a column is one plugin against one counterpart, which the legend names."""
    for port, rows in groupby(sorted(told, key=lambda row: row[0]), key=lambda row: row[0]):
        there = list(rows)
        columns = list(dict.fromkeys((plugin, kind, against) for _, plugin, kind, against, _, _ in there))
        verdicts = {(row[1:4], row[4]): MARKS[row[5]] for row in there}
        says = list(dict.fromkeys(row[4] for row in there))
        width = max(map(len, says))
        yield ""
        yield f"port {port}"
        for number, (plugin, kind, against) in enumerate(columns, 1):
            yield f"  {number} {plugin}, {kind}: {against}"
        yield f"  {'':<{width}} " + " ".join(f"{number:>3}" for number in range(1, len(columns) + 1))
        for behaviour in says:
            cells = " ".join(f"{verdicts.get((column, behaviour), ''):>3}" for column in columns)
            yield f"  {behaviour:<{width}} {cells}"
        held = sum(row[5] == "holds" for row in there)
        yield f"  {held} of {len(there)} hold, {sum(row[5] == 'not offered' for row in there)} are not offered"
