"""How often the replica set elects: a set that elects again and again is not changed meanwhile."""

from collections import deque

LATELY_S = 60.0


class Elections:
    """The terms that were seen to begin."""

    def __init__(self) -> None:
        self._term: int | None = None
        self._began_s: deque[float] = deque(maxlen=100)

    def note(self, term: int | None, at_s: float) -> None:
        """A member is in that term, at a second of the monotonic clock; the first one seen counts as no election."""
        if term is None:
            return
        if self._term is not None:
            self._began_s.extend([at_s] * min(term - self._term, 100))
        self._term = max(term, self._term or 0)

    def lately(self, now_s: float) -> int:
        """How many terms began in the last LATELY_S."""
        return sum(now_s - began_s <= LATELY_S for began_s in self._began_s)
