"""Copies of the journal, kept where its owner cannot reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


class NotKept(Exception):
    """A copy did not take the records now; they are offered again. The message is a sentence for the operator."""


class Forked(Exception):
    """A copy holds another record under the same number: one of the two journals was rewritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedRecord:
    """One record of the journal as it leaves this machine."""

    journal_id: str
    seq: int
    at: datetime
    kind: str
    """E.g. `step.intent`."""
    cluster: str
    target: str
    """What it is about; may be empty."""
    hash: str
    """Of the chain, in hex."""
    prev: str
    body: str
    """Its canonical JSON: the bytes that the hash is made of, secrets already hidden."""

    @property
    def id(self) -> str:
        """The same for the same record however often it is sent."""
        return f"{self.journal_id}:{self.seq}"


@runtime_checkable
class JournalCopy(Protocol):
    """Somewhere that records are sent to, never in the way of a change."""

    async def keep(self, records: Sequence[CopiedRecord]) -> None:
        """Take these in their order; one that is there already is there once. Raises NotKept or Forked."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class ReadsBack(Protocol):
    """A copy by which the journal can be checked."""

    async def head(self, journal_id: str) -> tuple[int, str] | None:
        """The newest record that it has of a journal, as (seq, hash); None without any. Raises NotKept."""
        ...
