"""The journal's way out of its owner's reach: every record, in its order, to every copy that the cluster file names.

Never in the way of a change: a copy that is away falls behind, says so, and catches up. How far each has come stands
beside the journal, in a file that one console at a time may hold.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from console.change.journal.database import count, rows
from console.change.journal.files import make_file
from console.change.journal.record import JournalError, decode
from console.change.journal.store import Journal
from console.cluster.finding import critical, warning
from console.cluster.snapshot import Finding
from console.ports.protocols import CopiedRecord, Forked, JournalCopy, NotKept

DEADLINE_S = 5.0
"""How long a copy may take for one batch."""
BATCH = 50
LOOK_EVERY_S = 0.5
AGAIN_S = 5.0
"""How long a copy that failed is left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyState:
    """How far one copy has come."""

    name: str
    seq: int = 0
    """The last record that it has."""
    behind: int = 0
    """Records that it lacks."""
    problem: str = ""
    forked: bool = False
    """It holds another record under a number of ours: nothing more is sent."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with it, for whoever looks at the cluster."""
        if self.forked:
            return (critical("journal-forked", self.name, f"{self.says}."),)
        return (warning("journal-copy-behind", self.name, f"{self.says}."),) if self.problem else ()

    @property
    def says(self) -> str:
        """One line for the operator."""
        if self.forked:
            return f"journal copy {self.name} holds ANOTHER journal: {self.problem}"
        if self.behind:
            because = f": {self.problem}" if self.problem else ""
            return f"journal copy {self.name} is {self.behind} record{'s' * (self.behind != 1)} behind{because}"
        return f"journal copy {self.name} has all {self.seq} records"


@dataclass(slots=True)
class Copier:
    """Sends what is new to every copy, each at its own pace."""

    journal: Journal
    copies: Mapping[str, JournalCopy]
    states: dict[str, CopyState] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    def start(self) -> None:
        """Begin to send; one task a copy."""
        self._tasks = [asyncio.create_task(self._follow(name)) for name in self.copies]

    async def close(self) -> None:
        """One last turn for each, within its deadline, and no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.turn_all()

    async def turn_all(self) -> tuple[CopyState, ...]:
        """Send every copy what it lacks."""
        return tuple(await asyncio.gather(*(self.turn(name) for name in self.copies)))

    async def _follow(self, name: str) -> None:
        while True:
            state = await self.turn(name)
            await asyncio.sleep(AGAIN_S if state.problem else LOOK_EVERY_S)

    async def turn(self, name: str) -> CopyState:
        """Send what a copy lacks, batch by batch; never raises."""
        path = self.journal.path.parent / f"journal.copy.{_file_name(name)}"
        async with self._turns.setdefault(name, asyncio.Lock()):
            with _pointer(path) as (pointer, alone):
                if pointer is None:
                    state = CopyState(name=name, problem=f"{path} cannot be used")
                elif alone:
                    state = await self._sent(name, pointer)
                else:  # another console is at it
                    state = await asyncio.to_thread(self._read, name, pointer)
            self.states[name] = state
            return state

    async def _sent(self, name: str, pointer: int) -> CopyState:
        state = await asyncio.to_thread(self._read, name, pointer)
        while state.behind and not state.problem:
            try:
                batch = await asyncio.to_thread(self._batch, state.seq)
                if not batch:
                    break
                async with asyncio.timeout(DEADLINE_S):
                    await self.copies[name].keep(batch)
            except TimeoutError:
                return self._behind(state, f"no answer within {DEADLINE_S:g} s")
            except (NotKept, sqlite3.Error, OSError) as problem:
                return self._behind(state, str(problem) or type(problem).__name__)
            except Forked as fork:
                return CopyState(name=name, seq=state.seq, behind=state.behind, problem=str(fork), forked=True)
            except Exception as broken:  # noqa: BLE001 - a plugin may raise anything
                return self._behind(state, f"its plugin failed: {type(broken).__name__}: {broken}")
            last = batch[-1]
            _write(pointer, f"{last.journal_id} {last.seq} {last.hash}\n")
            state = CopyState(name=name, seq=last.seq, behind=max(0, state.behind - len(batch)))
        return state

    def _behind(self, state: CopyState, problem: str) -> CopyState:
        return CopyState(name=state.name, seq=state.seq, behind=state.behind, problem=problem)

    def _read(self, name: str, pointer: int) -> CopyState:
        """How far it had come by its pointer, and how much there is since; a new journal begins at its beginning."""
        words = os.pread(pointer, 4096, 0).decode("ascii", "replace").split()
        seq = int(words[1]) if len(words) == 3 and words[0] == self.journal.journal_id and words[1].isdecimal() else 0
        try:
            return CopyState(name=name, seq=seq, behind=count(self.journal.path, seq))
        except (sqlite3.Error, OSError) as error:
            return CopyState(name=name, seq=seq, problem=f"the journal cannot be read: {error}")

    def _batch(self, after: int) -> list[CopiedRecord]:
        found = []
        for seq, prev, body, digest in islice(rows(self.journal.path, after), BATCH):
            record = decode(seq, prev, body, digest)
            found.append(
                CopiedRecord(
                    journal_id=self.journal.journal_id,
                    seq=seq,
                    at=record.at,
                    kind=record.kind,
                    cluster=str(record.body.get("cluster", "")),
                    target=record.target or "",
                    hash=record.hash or digest.hex(),
                    prev=prev.hex(),
                    body=body.decode("utf-8", "replace"),
                )
            )
        return found


@contextmanager
def _pointer(path: Path) -> Iterator[tuple[int | None, bool]]:
    """The descriptor of a pointer's file, None where there can be none; and whether this console alone holds it."""
    try:
        make_file(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except (OSError, JournalError):
        yield None, False
        return
    try:
        alone = False
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        yield descriptor, alone
    finally:
        os.close(descriptor)


def _write(descriptor: int, text: str) -> None:
    os.pwrite(descriptor, text.encode("ascii").ljust(160), 0)


def _file_name(name: str) -> str:
    return "".join(character if character.isalnum() or character in "-_" else "_" for character in name)
