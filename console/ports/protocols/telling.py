"""By what a vendor's own words are read: raw documents, and the log of a node's service; neither changes anything."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDocument:
    """One answer as the vendor gave it, laid out to be read; a secret in it is hidden."""

    title: str
    """What was asked, and of whom."""
    text: str = ""
    problem: str = ""
    """Why there is no text, or not all of it."""


@runtime_checkable
class TellsRaw(Protocol):
    """Any port that shows what it reads before it is made into a view."""

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """Everything that is read of one node, or of a member by its address; by reading alone, and never raises.

        Each read has the deadline of the settings; who cannot be reached is asked once and not for every document.
        """
        ...


@runtime_checkable
class TellsLog(Protocol):
    """A service whose log can be read."""

    async def log(self, lines: int) -> str:
        """The last so many lines, the oldest first. Raises ShellError with the mend."""
        ...

    def log_command(self, lines: int) -> str:
        """The exact command, as it would be typed on the node; empty where none is declared."""
        ...
