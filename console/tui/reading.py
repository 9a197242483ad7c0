"""A runbook, read before it is begun or gone on with: what it is for, and how each stage would go now."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input

from console.change.action import Value
from console.change.journal import JournalError
from console.change.runbook import Runbook, RunbookError
from console.change.runbook.dry import DryStage, dry_run, together
from console.change.runbook.estimate import estimate
from console.change.runbook.parameters import ParameterTable
from console.change.runbook.progress import Progress
from console.tui import briefs, equivalent
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.form import Form, why
from console.tui.parts import Draw, KeyBar, Words
from console.tui.plan import Deliberate
from console.tui.planwords import impact_lines
from console.tui.stages import described, passage, purpose
from console.tui.symbols import GRADE
from console.tui.texts import fits
from console.tui.words import CHANGING, DOWN, QUIET, WARN, Cell, heading, line, paragraph


class ReadingScreen(Form[None]):
    """One runbook; to begin it takes its parameters, a reason, and a deliberate key."""

    BINDINGS = bindings("reading")
    AUTO_FOCUS = "#page"
    where: ClassVar[str] = "reading"

    class Begun(Message):
        """It is to be begun, or gone on with."""

        def __init__(self, runbook: Runbook, values: dict[str, Value], reason: str, left: Progress | None) -> None:
            super().__init__()
            self.runbook, self.values, self.reason, self.left = runbook, values, reason, left

    def __init__(self, feed: Feed, runbook: Runbook, left: Progress | None = None) -> None:
        super().__init__()
        self._feed = feed
        self._runbook = runbook
        self._left = left
        """The run to go on with; None: a new one."""
        self._given: dict[str, Value] = dict(left.values) if left else _defaults(runbook)
        self._mistakes: dict[str, str] = {}
        self._dry: tuple[DryStage, ...] | None = None
        self._dry_problem = ""
        self._takes = ""
        """How long it will take, by what the journal tells."""
        self.begun = False
        """It was asked for: a second Enter that was already on its way finds this."""

    def compose(self) -> ComposeResult:
        """Its words, then what it asks for."""
        yield Words(self._title, id="title", fixed=True)
        with VerticalScroll(id="page", can_focus=True):
            yield Words(self._page, id="text")
        with Vertical(id="form"):
            yield Words(self._state, id="state")
            if self._left is None:
                for parameter in self._runbook.table.parameters:
                    yield from self._field(parameter.name, str(self._given.get(parameter.name, "")))
                yield from self._field("reason", "")
            yield Words(self.same, id="same", fixed=True)
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Deliberate("Go on" if self._left else "Begin", id="go", compact=True)
        yield KeyBar("reading")

    def on_mount(self) -> None:
        """Go through it once in words."""
        self._read()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Other values: another dry run."""
        name = str(event.input.name)
        if name == "reason":
            self.query_one("#says-reason", Words).show(why)
            self._show()
        elif event.value != str(self._given.get(name, "")):
            self._given[name] = event.value
            self._read()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field, and begins nothing."""
        event.stop()
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or yes."""
        event.stop()
        if event.button.id == "cancel":
            self.dismiss()
        else:
            self._go()

    def action_again(self) -> None:
        """The dry run once more, on the cluster as it is now."""
        self._read()

    def action_back(self) -> None:
        """Esc."""
        self.dismiss()

    @property
    def copied(self) -> str:
        """What a script would say to do the same."""
        if self._left is not None:
            return equivalent.gone_on(self._left.id)
        return equivalent.guided(self._runbook, self._given, self._reason)

    @property
    def reading(self) -> bool:
        """The dry run has not come to its end."""
        return self._dry is None and not self._mistakes and not self._dry_problem

    @property
    def _reason(self) -> str:
        return self.query_one("#field-reason Input", Input).value.strip() if self._left is None else self._left.reason

    def _read(self) -> None:
        self._mistakes = {p.name: says for p in self._runbook.table.parameters if (says := self._mistake(p))}
        self._dry, self._dry_problem = None, ""
        if not self._mistakes:
            self.run_worker(self._go_dry(), group="dry", exclusive=True)
        self._show()

    def _mistake(self, parameter: ParameterTable) -> str:
        """What is wrong with what stands in a field; empty when nothing is."""
        try:
            parameter.check_name(parameter.value(self._given), self._feed.session.snapshot)
        except RunbookError as error:
            return str(error).partition(": ")[2]
        return ""

    async def _go_dry(self) -> None:
        """In a thread: a large cluster has many stages."""
        values, session = self._runbook.values(self._given), self._feed.session
        self._takes = await asyncio.to_thread(self._estimate)
        try:
            self._dry = await asyncio.to_thread(dry_run, self._runbook, values, session.snapshot, session.plan_in)
        except RunbookError as error:
            self._dry_problem = str(error)
        self._show()

    def _estimate(self) -> str:
        session = self._feed.session
        try:
            records = session.journal.records() if session.journal is not None else ()
            return estimate(records, self._runbook, session.snapshot, session.cluster).says
        except JournalError as error:
            return f"not known: {error}"

    def _go(self) -> None:
        if self.begun or not fits(self.app.size) or self._feed.session.read_only:
            return
        if self._mistakes:
            self.query_one(f"#field-{next(iter(self._mistakes))} Input", Input).focus()
        elif not self._reason:
            self.want_reason()
        else:
            self.begun = True
            values = self._runbook.values(self._given)
            self.post_message(self.Begun(self._runbook, values, self._reason, self._left))

    def _show(self) -> None:
        if not self.is_attached:
            return
        self.query_one("#text", Words).show(self._page)
        self.query_one("#state", Words).show(self._state)
        self.query_one("#same", Words).show(self.same)
        self.query_one("#go").display = not self._feed.session.read_only
        if self._left is None:
            for parameter in self._runbook.table.parameters:
                self.query_one(f"#says-{parameter.name}", Words).show(self._beside(parameter))

    def _title(self, width: int) -> list[Content]:
        return [briefs.titled(self._runbook.table.title, self._feed, width, self._left.id if self._left else "")]

    def _page(self, whole: int) -> list[Content]:
        width = whole - 1  # words that touch the scrollbar are hard to read
        table = self._runbook.table
        lines = purpose(self._runbook, width)
        if self._takes:
            lines.append(paragraph((Cell(f"  {'it takes':<13}", QUIET),), self._takes, width))
        if self._left is not None:
            lines += [heading("HOW FAR IT HAS COME", width), *passage(self._left, None, width)[0]]
        if impact := together(self._dry or ()):
            lines.append(heading("ALL OF IT TOGETHER, AT ITS WORST", width))
            lines += impact_lines(impact, GRADE[impact.grade], impact.says, width, "at worst")
        lines.append(heading("THE STAGES, AS THEY WOULD GO NOW", width))
        if self.reading:
            lines.append(line(Cell("  going through them in words…", CHANGING)))
        lines += described(table.stages, self._given, width, _by_stage(self._dry or ()))
        return [*lines, heading("THE SAME FROM A SHELL", width), equivalent.shown(self.copied, width)]

    def _state(self, width: int) -> list[Content]:
        session = self._feed.session
        if session.read_only:
            says = f"nothing can be changed: {session.journal_problem or 'this session is read-only'}"
            return [paragraph((Cell(" ■ ", DOWN),), says, width, DOWN)]
        if self._dry_problem:
            return [paragraph((Cell(" ■ ", DOWN),), self._dry_problem, width, DOWN)]
        if self._mistakes:
            return [line(Cell(" ▲ ", WARN), Cell("It cannot begin before each field is right.", WARN))]
        refused = [stage for stage in self._dry or () if stage.word == "refused"]
        if refused:
            says = f"It would stop at {refused[0].title} (stage {refused[0].key}): {refused[0].says}"
            return [paragraph((Cell(" ▲ ", WARN),), says, width, WARN)]
        verb = "go on" if self._left else "begin"
        word = "Go on" if self._left else "Begin"
        says = f"Each stage asks before anything is sent. To {verb}: tab to [{word}], then enter."
        return [paragraph((Cell(" "),), says, width, QUIET)]

    def _field(self, name: str, value: str) -> ComposeResult:
        with Horizontal(id=f"field-{name}", classes="field"):
            yield Words(lambda _: [line(f" {name}")], fixed=True)
            yield Input(value, name=name, compact=True)
            yield Words(why, id=f"says-{name}", fixed=True)

    def _beside(self, parameter: ParameterTable) -> Draw:
        mistake = self._mistakes.get(parameter.name)
        there = parameter.names(self._feed.session.snapshot)
        names = f" ({', '.join(there)})" if there and (not mistake or parameter.name not in self._given) else ""
        cell = Cell(f"■ {mistake}{names}", DOWN) if mistake else Cell(f"{parameter.says}{names}", QUIET)
        return lambda _: [line(cell)]


def _defaults(runbook: Runbook) -> dict[str, Value]:
    return {p.name: p.default for p in runbook.table.parameters if p.default is not None}


def _by_stage(dry: Sequence[DryStage]) -> dict[str, list[DryStage]]:
    """By the number of the stage in the file: `4.1` for `4/app1/1`."""
    found: dict[str, list[DryStage]] = {}
    for one in dry:
        outer, _, rest = one.key.partition("/")
        found.setdefault(f"{outer}.{rest.rpartition('/')[2]}" if rest else outer, []).append(one)
    return found
