"""The vendors' own words of one node: its raw documents, and the log of its service."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input

from console.cluster import duration
from console.cluster.snapshot import Snapshot
from console.cluster.text import clean, count
from console.ports import logs, raw
from console.ports.error import OperatorError
from console.ports.logs import FOLLOW_EVERY_S, LINES_LIMIT, Log
from console.ports.raw import Raw
from console.tui.briefs import titled
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.pager import LINE, Line, Pager, logged
from console.tui.parts import Prompt, Words
from console.tui.view import View
from console.tui.words import CHANGING, QUIET, STRONG, UNKNOWN, Cell, line, paragraph


class TellingScreen(View[None]):
    """A page that is read when it is opened and again when that is wanted; it can be searched."""

    levels: ClassVar[bool] = False
    """A word beside each line says how bad it is."""
    patience_s: ClassVar[float]
    """How long an answer is awaited."""

    def __init__(self, feed: Feed, tier: str, name: str) -> None:
        super().__init__()
        self._feed = feed
        self._tier = tier
        self._about = name
        self._asked = self._now
        self._at: datetime | None = None
        """When it was read."""
        self._says = ""
        """What a search came to."""

    def compose(self) -> ComposeResult:
        """Title, how old it is, the text, the keys."""
        yield Words(self._title, id="title", fixed=True)
        yield Words(self._standing, id="standing", fixed=True)
        yield Words(self._problem, id="problem")
        yield Pager(gutter=self.levels)
        yield from self.foot()

    def on_mount(self) -> None:
        """Read it."""
        self._feed.changed.subscribe(self, self._aged)
        self.query_one(Pager).focus()
        self.action_again()

    def action_again(self) -> None:
        """Read it once more."""
        self.run_worker(self._read(), group="read", exclusive=True)

    def action_search(self) -> None:
        """Type what is sought."""
        prompt = self.query_one(Prompt)
        prompt.ask("/", self.query_one(Pager).sought)
        prompt.placeholder = "search: the next line with these words"

    def action_seek(self, step: int) -> None:
        """The next line with the words, or the one before."""
        pager = self.query_one(Pager)
        which, all_found = pager.seek(step)
        if not pager.sought:
            self._says = "nothing is sought: / asks"
        else:
            self._says = f"{which} of {all_found}" if all_found else f"no line has '{pager.sought}'"
        self._told()

    def action_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.query_one(Pager).turn_wrap()
        self._told()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Its own search takes the place of a filter."""
        return action != "filter" and super().check_action(action, parameters)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What was typed is sought; a command is left to the view."""
        if self.query_one(Prompt).mode != "/":
            super().on_input_submitted(event)
            return
        pager = self.query_one(Pager)
        pager.sought = event.value
        pager.forget()
        self._leave_prompt()
        self.action_seek(1)

    def _leave_prompt(self) -> None:
        self.query_one(Prompt).close()
        self.query_one(Pager).focus()

    def _aged(self, _: Snapshot) -> None:
        self.query_one("#standing", Words).show(self._standing)

    def _told(self) -> None:
        self.query_one("#standing", Words).show(self._standing)
        problem = self.query_one("#problem", Words)
        problem.display = bool(self._problem(80))
        problem.show(self._problem)

    async def _read(self) -> None:
        raise NotImplementedError

    def _title(self, width: int) -> list[Content]:
        raise NotImplementedError

    def _problem(self, width: int) -> list[Content]:
        return []

    def _standing(self, width: int) -> list[Content]:
        if self._at is None:
            asked = f" asked {self._asked:%H:%M:%S} UTC, {self._ago(self._asked)} ago: "
            return [line(Cell(asked, CHANGING), Cell(f"an answer may take {self.patience_s:g} s", QUIET))]
        ago = self._ago(self._at)
        told = self._more()
        if self._says:
            found = Cell(f"   {clean(self._says)}", "$warning bold")
            told = [found, *told] if width >= 80 else [found]
        return [line(Cell(f" read {self._at:%H:%M:%S} UTC, {ago} ago", QUIET), *told)]

    @property
    def _now(self) -> datetime:
        return self._feed.snapshot.at if self._feed.snapshot else datetime.now(UTC)

    def _ago(self, at: datetime) -> str:
        """A read begins before the next picture is taken: its age is never less than none."""
        return duration.span(max(0.0, (self._now - at).total_seconds()))

    def _more(self) -> list[Cell]:
        return []


class RawScreen(TellingScreen):
    """What the vendors answered of one row."""

    BINDINGS = bindings("raw", "view")
    where: ClassVar[str] = "raw"
    patience_s = raw.DEADLINE_S
    _found: Raw | None = None

    @property
    def copied(self) -> str:
        """Every document."""
        found = self._found.documents if self._found else ()
        return "\n\n".join(f"{one.title}\n{one.text or one.problem}" for one in found)

    async def _read(self) -> None:
        try:
            found = await self._feed.session.raw(self._about, self._tier)
        except OperatorError as error:
            self.query_one(Pager).show([Line(clean(str(error), LINE), UNKNOWN)])
            self._at = self._now
        else:
            self._found, self._at = found, found.at
            self.query_one(Pager).show(_documents(found))
        self._told()

    def _title(self, width: int) -> list[Content]:
        return [titled(f"{self._about}: raw documents", self._feed, width)]

    def _more(self) -> list[Cell]:
        found = self._found.documents if self._found else ()
        missing = sum(not one.text for one in found)
        cells = [Cell(f"   {count(len(found), 'document')}", QUIET)]
        return [*cells, Cell(f", {missing} not read", UNKNOWN)] if missing else cells


class LogScreen(TellingScreen):
    """The last lines that the service of a node wrote."""

    BINDINGS = bindings("logs", "view")
    where: ClassVar[str] = "logs"
    patience_s = logs.DEADLINE_S
    levels = True
    _found: Log | None = None
    _following = False
    _next: Timer | None = None
    """Reads it again; one at a time, however often it is read by hand meanwhile."""

    @property
    def copied(self) -> str:
        """Every line."""
        return "\n".join(self._found.lines) if self._found else ""

    def action_follow(self) -> None:
        """Read it again and again, or no more."""
        self._following = not self._following
        if self._following:
            self.action_again()
        elif self._next is not None:
            self._next.stop()
        self._told()

    async def _read(self) -> None:
        pager = self.query_one(Pager)
        end = self._at is None or self._following or pager.at_end
        found = await self._feed.session.log(self._about)
        if found.problem and self._found and self._found.lines:  # what was read before stands, with its age
            self._found = replace(found, lines=self._found.lines)
        else:
            self._found, self._at = found, found.at
            pager.show([logged(text) for text in found.lines[-LINES_LIMIT:]], end=end)
        self._told()
        if self._next is not None:
            self._next.stop()
        self._next = self.set_timer(FOLLOW_EVERY_S, self.action_again) if self._following else None

    def _title(self, width: int) -> list[Content]:
        return [titled(f"{self._about}: log of its service", self._feed, width)]

    def _more(self) -> list[Cell]:
        lines = self._found.lines if self._found else ()
        following = [Cell("   following", CHANGING)] if self._following else []
        return [Cell(f"   {count(len(lines), 'line')}", QUIET), *following]

    def _problem(self, width: int) -> list[Content]:
        if self._found is None:
            return []
        if self._found.problem:
            return [paragraph((Cell(" ? not read  ", UNKNOWN),), self._found.problem, width)]
        if not self._found.lines:
            return [line(Cell(" the log is there, and empty", QUIET))]
        return []


def _documents(found: Raw) -> list[Line]:
    lines: list[Line] = []
    for one in found.documents:
        lines.append(Line(clean(f"── {one.title}", LINE), STRONG))
        if one.problem:
            lines.append(
                Line(clean(f"? not read: {one.problem}" if not one.text else f"▲ {one.problem}", LINE), UNKNOWN)
            )
        lines += [Line(clean(text.expandtabs(4), LINE)) for text in one.text.splitlines()]
        lines.append(Line(""))
    return lines
