"""The journal: newest first, unfinished runs on top, corrupt records said; `v` verifies."""

import asyncio
import json
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content

from console.change.journal import FILE, Journal, JournalError, Record, Unfinished, Verdict, verify
from console.cluster.text import clean, count
from console.tui.briefs import titled
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.parts import Words
from console.tui.sheet import Column, Row, Sheet
from console.tui.table import Table
from console.tui.texts import TextScreen
from console.tui.view import View
from console.tui.words import CHANGING, DOWN, OFF, QUIET, UNKNOWN, UP, WARN, Cell, line, paragraph

COLUMNS = (
    Column("record", right=True, weight=5),
    Column("UTC", 19, 19),
    Column("who", 3, 12, weight=4),
    Column("run", 3, 8, weight=3),
    Column("what", 4, 16),
    Column("about", 5, 20),
    Column("outcome", 7, 8, weight=5),
    Column("says", 18, rest=True),
)
TOLD = ("does", "seen", "says", "answer", "title")
"""What a record says in words; the other details are told with all of it."""
NOTHING = "nothing has been written yet"
STYLES = {"success": UP, "done": UP, "failure": DOWN, "failed": WARN, "unknown": DOWN, "refused": DOWN, "partial": WARN}


class JournalScreen(View[None]):
    """Every record, and whether the journal is as it was written."""

    BINDINGS = bindings("journal", "view")
    where: ClassVar[str] = "journal"

    def __init__(self, feed: Feed, folder: Path, cluster: str) -> None:
        super().__init__()
        self._feed = feed
        self._journal = feed.session.journal if feed.connected else None
        self._folder = folder
        self._cluster = cluster
        self._records: dict[str, Record] = {}
        self._verdict: Verdict | None = None
        self._unfinished: list[Unfinished] = []

    def compose(self) -> ComposeResult:
        """Verdict, unfinished runs, records."""
        yield Words(self._title, id="title", fixed=True)
        yield Words(self._says, id="verdict")
        yield Table(id="records")
        yield from self.foot()

    def on_mount(self) -> None:
        """Read it, in a thread: it may be long."""
        self._feed.changed.subscribe(self, lambda _: self.query_one("#title", Words).show(self._title))
        summary = Cell("reading…", CHANGING)
        self.query_one(Table).show(Sheet("RECORDS", summary, COLUMNS, (), "the journal is being read"))
        self.run_worker(self._read())

    async def action_verify(self) -> None:
        """Is every record as it was written?"""
        self._verdict = await asyncio.to_thread(verify, self._folder / FILE)
        self.query_one("#verdict", Words).show(self._says)

    def action_detail(self) -> None:
        """The whole record."""
        if whole := self.copied:
            body = whole.splitlines()
            draw = lambda width: [paragraph((), row, width, indent=_indent(row)) for row in body]  # noqa: E731
            self.app.push_screen(TextScreen(f"Record {self.query_one(Table).selected}", draw, copied=whole))

    @property
    def copied(self) -> str:
        """The whole record, as JSON."""
        record = self._records.get(self.query_one(Table).selected or "")
        return json.dumps(dict(record.body), indent=2, sort_keys=True, ensure_ascii=False) if record else ""

    def on_table_opened(self) -> None:
        """A second click opens the record."""
        self.action_detail()

    async def _read(self) -> None:
        try:
            records, self._unfinished = await asyncio.to_thread(self._load)
            problem = ""
        except JournalError as error:
            records, problem = [], str(error)
        self._records = {str(record.seq): record for record in reversed(records)}
        corrupt = sum(bool(record.corrupt) for record in records)
        summary = Cell(f"{corrupt} CORRUPT", DOWN) if corrupt else Cell(count(len(records), "record"), QUIET)
        if problem:
            summary = Cell("? not read", UNKNOWN)
        rows = tuple(Row(key, _cells(record)) for key, record in self._records.items())
        self.query_one(Table).show(Sheet("RECORDS", summary, COLUMNS, rows, problem or NOTHING))
        self.query_one("#verdict", Words).show(self._says)

    def _load(self) -> tuple[list[Record], list[Unfinished]]:
        if self._journal is not None:
            return list(self._journal.records()), self._journal.unfinished()
        if not (self._folder / FILE).exists():
            return [], []
        journal = Journal.open(self._folder, self._cluster, read_only=True)
        try:
            return list(journal.records()), journal.unfinished()
        finally:
            journal.close()

    def _title(self, width: int) -> list[Content]:
        return [titled("Journal, newest first", self._feed, width)]

    def _says(self, width: int) -> list[Content]:
        lines = [paragraph((Cell(" ▲ unfinished  ", WARN),), run.says, width) for run in self._unfinished]
        found = self._verdict
        if found is None:
            return [*lines, line(Cell(" not verified: v checks every record against the chain", QUIET))]
        if found.ok:
            head = found.head[:16] or "none"
            says = f" ● verified: {count(found.records, 'record')}, each as it was written; head {head}"
            return [*lines, line(Cell(says, UP))]
        return lines + [paragraph((Cell(f" ■ {p.kind}  ", DOWN),), p.says, width, DOWN) for p in found.problems[:5]]


def _cells(record: Record) -> tuple[Cell, ...]:
    about = f"{record.action or ''} {record.target or ''}{f' step {record.step}' if record.step else ''}".strip()
    told = [said for key in TOLD if isinstance(said := record.detail.get(key), str)]
    says = "  ".join([*([f"reason: {record.reason}"] if record.reason else []), *told])
    outcome = Cell(record.outcome or "", STYLES.get(record.outcome or "", CHANGING))
    if record.corrupt:
        outcome, says = Cell("CORRUPT", DOWN), record.corrupt
    kind = Cell(clean(record.kind), OFF if record.kind.startswith("plan") else "")
    texts = (str(record.seq), f"{record.at:%Y-%m-%d %H:%M:%S}", record.who, record.run or "")
    return (*(Cell(clean(text)) for text in texts), kind, Cell(clean(about)), outcome, Cell(clean(says, limit=400)))


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip()) + 2
