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
        self.noting = True
        """Changes are events; not so while a session finds out how things stand."""
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

    def open(self, session: "Session") -> None:
        """From now on there is a session."""
        self._session = session
        self.show(session.snapshot)

    def show(self, snapshot: "Snapshot") -> None:
        """Another snapshot: what changed is noted, and every screen is told."""
        from console.cluster.changes import changes

        if self.noting:
            for change in changes(self.snapshot, snapshot):
                self.events.appendleft((snapshot.at, change))
        self.snapshot = snapshot
        self.changed.publish(snapshot)

    def tick(self) -> None:
        """The same cluster a moment later: its ages are others."""
        if self._session is not None:
            self.show(self._session.snapshot)
