"""What every screen looks at: the session, its newest snapshot, and what has changed since we began to look."""

from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING

from textual.dom import DOMNode
from textual.signal import Signal

from console.ports.error import OperatorError

if TYPE_CHECKING:
    from console.cluster.changes import Change
    from console.cluster.snapshot import Snapshot
    from console.session import Session

KEPT = 500


class Feed:
    """The one source of what is on screen."""

    def __init__(self, owner: DOMNode) -> None:
        self.changed: Signal[Snapshot] = Signal(owner, "snapshot")
        self.events: deque[tuple[datetime, Change]] = deque(maxlen=KEPT)
        """Newest first."""
        self.snapshot: Snapshot | None = None
        self.since: datetime | None = None
        """When changes began to be noted; what was before this only the journal knows."""
        self.noting = True
        """Changes are events; not so while a session finds out how things stand."""
        self.paused = False
        """What is on screen stays as it is; the cluster is watched on, and what changes is noted."""
        self._newest: Snapshot | None = None
        self._session: Session | None = None

    @property
    def connected(self) -> bool:
        """There is a session."""
        return self._session is not None

    @property
    def session(self) -> "Session":
        """The session. Raises OperatorError before there is one."""
        if self._session is None:
            raise OperatorError("not connected yet")
        return self._session

    @property
    def worse(self) -> str:
        """How it is worse since the last change than before it; empty while it is not known to be."""
        from console.change.aftercare import Verdict

        care = self._session.aftercare() if self._session is not None else None
        return care.says if care is not None and care.verdict is Verdict.WORSE else ""

    def note(self) -> None:
        """From now on changes are events."""
        self.noting = True
        self.since = self.snapshot.at if self.snapshot else None

    def open(self, session: "Session") -> None:
        """From now on there is a session."""
        self._session = session
        self.show(session.snapshot)

    def show(self, snapshot: "Snapshot") -> None:
        """Another snapshot: what changed is noted, and every screen is told."""
        from console.cluster.changes import changes

        if self.noting:
            for change in changes(self._newest, snapshot):
                self.events.appendleft((snapshot.at, change))
        self._newest = snapshot
        if self.snapshot is None or not self.paused:
            self.snapshot = snapshot
        self.changed.publish(self.snapshot)

    def pause(self, paused: bool) -> None:
        """Hold what is on screen, or go on with what is so now."""
        self.paused = paused
        if self._newest is not None:
            self.show(self._newest)

    @property
    def held_s(self) -> float:
        """For how long what is on screen has been held."""
        if self.snapshot is None or self._newest is None:
            return 0.0
        return (self._newest.at - self.snapshot.at).total_seconds()

    def tick(self) -> None:
        """The same cluster a moment later: its ages are others."""
        if self._session is not None:
            self.show(self._session.snapshot)
