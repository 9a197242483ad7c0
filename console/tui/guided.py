"""A runbook on its way: its stages and the one that is reached beside the live cluster, and what it asks."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button

from console.change.run import Confirmation
from console.change.runbook.asking import Answer, Asks, Way
from console.cluster.text import clean
from console.tui import briefs
from console.tui.commands import bindings
from console.tui.dashboard import TIERS, WIDE
from console.tui.feed import Feed
from console.tui.guide import Guide
from console.tui.guidedwords import now, stage_lines, state, told_lines
from console.tui.offered import Offered
from console.tui.parts import KeyBar, Words
from console.tui.plan import Deliberate, Typed
from console.tui.sheets import SHEETS
from console.tui.stages import passage
from console.tui.sure import Sure
from console.tui.table import Table
from console.tui.texts import Question, fits
from console.tui.words import WARN, Cell, heading, line

FOUND_MOST = 8
"""Lines of findings, and of events."""
STAGES_MOST = 14
"""Lines of stages beside the one that is reached."""
BUTTONS = {"question": "Yes, go on", "manual": "It is done, go on"}
SURE: dict[Way, tuple[str, str]] = {
    "stop": ("What was done stays, and the runbook can be gone on with later.", "Stop"),
    "unwind": (
        "It stops, and what it did is undone, the newest first; each undo is a plan that you confirm.",
        "Stop and unwind",
    ),
}
"""What is asked before it, and the button's word."""


class GuidedScreen(Screen[None]):
    """Follows a runbook and answers it; leaving this screen does not end it."""

    BINDINGS = bindings("guided")
    AUTO_FOCUS = ""  # it would scroll: the page is focused when something is asked
    where: ClassVar[str] = "guided"

    def __init__(self, feed: Feed, guide: Guide) -> None:
        super().__init__()
        self._feed = feed
        self._guide = guide
        self._asked: Asks | None = None
        """What the form was made for."""
        self._offered: Offered | None = None
        self._moved = ""
        """Why the plan that is asked about must be made anew; empty when what was read is still so."""

    def compose(self) -> ComposeResult:
        """The runbook, the live cluster, and the answer."""
        yield Words(self._title, id="title", fixed=True)
        with VerticalScroll(id="guided", can_focus=False):
            with Vertical(id="runbook"):
                yield Words(self._stages, id="stages")
                with VerticalScroll(id="page", can_focus=True):
                    yield Words(self._page, id="text")
            with Vertical(id="cluster"):
                yield Words(self._standing, id="standing", fixed=True)
                for tier in TIERS:
                    table = Table(tier, tells_changes=True)
                    table.can_focus = False  # tab leads to the answer
                    yield table
                yield Words(self._found, id="found")
        with Vertical(id="form"):
            yield Words(self._state, id="state")
            with Horizontal(id="field-confirm", classes="field"):
                yield Words(lambda _: [line(" confirm")], fixed=True)
                yield Typed(name="confirm", compact=True)
                yield Words(id="says-confirm", fixed=True)
            with Horizontal(id="buttons"):
                yield Button("No, stop here", id="no", compact=True)
                yield Deliberate("Yes, go on", id="go", compact=True)
        yield KeyBar("guided")

    def on_mount(self) -> None:
        """Follow the runbook and the cluster."""
        self.set_class(self.app.size.width >= WIDE, "wide")
        self._guide.changed.subscribe(self, lambda _: self._show())
        self._feed.changed.subscribe(self, lambda _: self._show())
        self._ask()
        self._show()

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self.set_class(self.size.width >= WIDE, "wide")
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be said now."""
        run, asks = self._guide.run, self._guide.asks
        going = self._guide.going and run is not None
        if action == "way":
            way = str(parameters[0])
            if asks is not None and way in asks.ways:
                return asks.kind == "problem" or way != "go on"
            ends = way == "stop" or (way == "unwind" and run is not None and not run.progress.unwinding)
            return going and not self._guide.ending and ends
        if action in ("pause", "carry_on"):
            return going and run is not None and run.paused is (action == "carry_on")
        return action != "progress" or (self._feed.session.run is not None and self._feed.session.run.outcome is None)

    def action_way(self, way: Way) -> None:
        """One of the ways out; one that ends the runbook is asked for once more."""
        asks, task = self._guide.asks, self._guide.task
        title = task.title if task else "this stage"
        if way in ("stop", "unwind"):
            says, word = SURE[way]
            self.app.push_screen(
                Question(says, word, "Stay"), lambda yes: self._guide.end(way, "its operator") if yes else None
            )
        elif way == "skip":
            self.app.push_screen(
                Sure(f"Leave out {title}.", "Skip"),
                lambda yes: self._guide.reply(asks, Answer(way="skip", reason=yes.reason)) if yes else None,
            )
        else:
            self._guide.reply(asks, Answer(way=way))

    def action_pause(self) -> None:
        """Begin no other stage."""
        if self._guide.run is not None:
            self._guide.run.pause()
            self._show()

    def action_carry_on(self) -> None:
        """After a pause."""
        if self._guide.run is not None:
            self._guide.run.carry_on()
            self._show()

    def action_back(self) -> None:
        """Esc: the runbook goes on."""
        self.dismiss()

    def on_input_submitted(self) -> None:
        """Enter confirms where the words are typed."""
        self._go()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Yes, or no."""
        event.stop()
        if event.button.id == "no":
            self.action_way("stop")
        else:
            self._go()

    def _go(self) -> None:
        asks, run = self._asked, self._guide.run
        if asks is None or run is None or self._moved or not fits(self.app.size):
            return
        if asks.plan is None:
            self._guide.reply(asks, Answer(way="go on"))
            return
        typed, words = self.query_one(Typed), asks.plan.confirm_words
        if words is not None and typed.value != words:
            typed.focus()
            return
        # The set may well have been changed a moment ago: by the stage before.
        yes = Confirmation(run.progress.reason, words=words, plan_hash=asks.plan.hash, again=True)
        self._guide.reply(asks, Answer(way="go on", confirmation=yes))

    def _show(self) -> None:
        if not self.is_mounted:
            return
        if self._guide.asks is not self._asked:
            self._asked = self._guide.asks
            self._ask()
        self._moved = self._offered.moved if self._offered is not None else ""
        if self._offered is not None:
            self.query_one("#buttons").display = not self._moved
            self.query_one("#field-confirm").display = not self._moved and self._offered.plan.confirm_words is not None
        for id, draw in (
            ("title", self._title),
            ("stages", self._stages),
            ("text", self._page),
            ("standing", self._standing),
            ("found", self._found),
            ("state", self._state),
        ):
            self.query_one(f"#{id}", Words).show(draw)
        if self._feed.snapshot is not None:
            for tier in TIERS:
                table = self.query_one(f"#{tier}", Table)
                table.show(SHEETS[tier](self._feed.snapshot))
                table.styles.height = table.lines + 1
        self.query_one("#stages").display = self.has_class("wide")
        self.query_one(KeyBar).redraw()

    def _ask(self) -> None:
        """Another question: nothing that was typed or chosen for the one before counts."""
        asks = self._asked
        self._offered = Offered.of(self._feed.session, asks)
        words = asks.plan.confirm_words if asks is not None and asks.plan is not None else None
        self.query_one(Typed).value = ""
        self.query_one("#field-confirm").display = words is not None
        self.query_one("#says-confirm", Words).show(
            lambda _: [line(Cell(f"type {words} to confirm", WARN))] if words is not None else []
        )
        go = self.query_one("#go", Deliberate)
        go.display = asks is not None and asks.kind != "problem"
        self.query_one("#no").display = asks is not None and asks.kind in BUTTONS
        self.query_one("#buttons").display = go.display
        if asks is not None:
            go.label = Content(clean(asks.plan.title) if asks.plan is not None else BUTTONS.get(asks.kind, ""))
        self.query_one("#page").focus(scroll_visible=False)
        self.query_one("#page", VerticalScroll).scroll_home(animate=False)

    def _title(self, width: int) -> list[Content]:
        run = self._guide.run
        return [briefs.titled(self._guide.title, self._feed, width, run.progress.id if run else "")]

    def _stages(self, width: int) -> list[Content]:
        if self._guide.run is None:
            return []
        lines, here = passage(self._guide.run.progress, now(self._guide), width)
        if len(lines) <= STAGES_MOST:
            return [heading("STAGES", width), *lines]
        first = max(0, min(here - STAGES_MOST // 2, len(lines) - STAGES_MOST))
        more = f"STAGES, lines {first + 1} to {first + STAGES_MOST} of {len(lines)}"
        return [heading(more, width), *lines[first : first + STAGES_MOST]]

    def _page(self, whole: int) -> list[Content]:
        width = whole - 1  # words that touch the scrollbar are hard to read
        lines = stage_lines(self._guide, self._feed.snapshot, width)
        if self._guide.run is not None and not self.has_class("wide"):
            lines += [heading("STAGES", width), *passage(self._guide.run.progress, now(self._guide), width)[0]]
        return [*lines, *told_lines(self._guide, width)]

    def _standing(self, width: int) -> list[Content]:
        return [briefs.standing(self._feed.snapshot, width)] if self._feed.snapshot else []

    def _found(self, width: int) -> list[Content]:
        """What is wrong, and what has changed."""
        snapshot = self._feed.snapshot
        if snapshot is None:
            return []
        return [
            *briefs.findings(snapshot, width, FOUND_MOST),
            Content(""),
            *briefs.happened(self._feed.events, width, FOUND_MOST),
        ]

    def _state(self, width: int) -> list[Content]:
        return state(self, self._guide, self._moved, width)
