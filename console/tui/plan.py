"""The plan screen: read, and then confirmed by as much friction as the impact asks for. Never by accident."""

import time
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input

from console.change.action import Action, Value
from console.change.plan import PlanError
from console.change.run import Confirmation, Run
from console.cluster.snapshot import Snapshot
from console.cluster.whatif import Grade
from console.tui import briefs, equivalent
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.form import Form, why
from console.tui.parts import KeyBar, Words
from console.tui.planwords import plan_lines
from console.tui.texts import fits
from console.tui.words import DOWN, LOUD, QUIET, WARN, Cell, line, paragraph

EXPIRES_S = 120.0
"""What was read longer ago than this must be read again."""
DELIBERATE_S = 0.3
"""A key that comes sooner after the focus was no answer to what is on screen."""


class Typed(Input):
    """The words of a confirmation: typed, letter by letter; what is pasted does not count."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.app.notify("Pasting does not confirm: type it.", severity="warning", markup=False)


class Deliberate(Button):
    """A button that Enter presses only after a person could have seen that it has the focus.

    A paste into a terminal without bracketed paste is keys: a tab and a line end in it must not confirm.
    """

    _focused_s = float("inf")

    def _on_focus(self, event: events.Focus) -> None:
        self._focused_s = time.monotonic()
        super()._on_focus(event)

    def action_press(self) -> None:
        """Enter."""
        if time.monotonic() - self._focused_s >= DELIBERATE_S:
            super().action_press()
        else:
            self.notify("enter came too soon to be an answer: press it once more", markup=False, timeout=4)


class PlanScreen(Form[Run | None]):
    """One plan; answers with its run, or with nothing."""

    BINDINGS = bindings("plan")
    AUTO_FOCUS = "#cancel"
    where: ClassVar[str] = "plan"

    def __init__(self, feed: Feed, action: str, target: str, given: Mapping[str, Value]) -> None:
        super().__init__()
        self._feed = feed
        self._action: Action = next(a for a in feed.session.actions if a.name == action)
        self._target = target
        self._given: dict[str, Value] = dict(given)
        self._mistake = ""
        self._expired = False
        self._begun = False
        self._read = self._now = feed.session.plan(action, target, self._given)

    def compose(self) -> ComposeResult:
        """The plan, its parameters, the reason, the confirmation."""
        yield Words(self._title, id="title", fixed=True)
        with VerticalScroll(id="page", can_focus=True):
            yield Words(lambda width: plan_lines(self._now, width, self._reason), id="text")
        with Vertical(id="form"):
            yield Words(self._state, id="state")
            for parameter in self._action.asked_of(self._feed.session.snapshot, self._target):
                says = parameter.choices or (parameter.says,)
                shown = _shown(self._given.get(parameter.name, parameter.default))
                yield from self._field(parameter.name, Input(shown, name=parameter.name, compact=True), says)
            yield from self._field("reason", Input(name="reason", compact=True), ("why, for the journal",))
            yield from self._field("confirm", Typed(name="confirm", compact=True), ())
            yield Words(self.same, id="same", fixed=True)
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Deliberate(Content(self._read.title), id="go", compact=True)
        yield KeyBar("plan")

    def on_mount(self) -> None:
        """Stay true to the cluster, and grow old; what was told before does not cover what is to be read."""
        self.app.clear_notifications()
        self._feed.changed.subscribe(self, self._look_again)
        self._age = self.set_timer(EXPIRES_S, self._expire)
        self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another parameter is another plan, which is read as it is made."""
        name = str(event.input.name)
        if name == "reason":
            self.query_one("#says-reason", Words).show(why)
        if name in (parameter.name for parameter in self._action.parameters):
            self._given[name] = event.value
            self._make()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter confirms where the words are typed, and nowhere else."""
        event.stop()
        if event.input.name == "confirm":
            self._go()
        else:
            self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or yes."""
        event.stop()
        if event.button.id == "cancel":
            self.dismiss(None)
        else:
            self._go()

    def action_again(self) -> None:
        """Read the plan as the cluster stands now."""
        self._make()
        self._expired = False
        self._age.stop()
        self._age = self.set_timer(EXPIRES_S, self._expire)
        self.query_one(Typed).value = ""
        self.query_one("#page").scroll_home(animate=False)
        self._show()

    def action_back(self) -> None:
        """Esc."""
        self.dismiss(None)

    @property
    def copied(self) -> str:
        """What a script would say to have this very plan carried out."""
        return equivalent.change(self._now, self._reason)

    @property
    def _reason(self) -> str:
        return self.query_one("#field-reason Input", Input).value if self.is_mounted else ""

    @property
    def _obstacle(self) -> str:
        """Why what is on screen cannot be confirmed; empty when it can."""
        session = self._feed.session
        if self._mistake:
            return self._mistake
        if session.read_only:
            return f"nothing can be changed: {session.journal_problem or 'this session is read-only'}"
        if self._now.refusals:
            return (
                f"refused, nothing can be sent: {len(self._now.refusals)} of {len(self._now.checks)} checks do not hold"
            )
        return "" if self._now.steps else "it is so already: there is nothing to do"

    @property
    def _moved(self) -> str:
        """Why the plan must be read again; empty when what was read is still so."""
        if self._now.hash != self._read.hash:
            return f"The cluster moved: {self._read.difference(self._now)}."
        if self._now.confirm_words != self._read.confirm_words:
            return f"The impact is another now: {self._now.impact.grade}: {self._now.impact.says}."
        return f"This was read more than {EXPIRES_S:g} s ago." if self._expired else ""

    def _look_again(self, _: Snapshot) -> None:
        if not self._mistake:
            try:
                self._now = self._feed.session.plan(self._action.name, self._target, self._given)
            except PlanError as error:
                self._mistake = str(error)
        self._show()

    def _make(self) -> None:
        try:
            self._read = self._now = self._feed.session.plan(self._action.name, self._target, self._given)
            self._mistake = ""
        except PlanError as error:
            self._mistake = str(error)

    def _expire(self) -> None:
        self._expired = True
        self._show()

    def _go(self) -> None:
        if self._begun or self._obstacle or self._moved or not fits(self.app.size):
            return
        typed = self.query_one(Typed)
        if self._read.confirm_words is not None and typed.value != self._read.confirm_words:
            typed.focus()
            return
        if self._read.impact.grade is Grade.UNSAFE and not self._reason.strip():
            self.want_reason()
            return
        self._begun = True  # a second Enter that was already on its way finds this
        words = typed.value if self._read.confirm_words is not None else None
        confirmation = Confirmation(reason=self._reason, words=words, plan_hash=self._read.hash)
        self.dismiss(self._feed.session.start(self._read, confirmation))

    def _show(self) -> None:
        words = self._read.confirm_words
        possible = not self._obstacle and not self._moved
        self.query_one("#field-reason").display = not self._obstacle
        self.query_one("#field-confirm").display = possible and words is not None
        self.query_one("#go").display = possible
        self.query_one("#same").display = not self._obstacle
        self.query_one("#says-confirm", Words).show(
            lambda _: [line(Cell(f"type {words} to confirm", WARN))] if words is not None else []
        )
        self.query_one("#title", Words).show(self._title)
        self.query_one("#text", Words).show(lambda width: plan_lines(self._now, width, self._reason))
        self.query_one("#state", Words).show(self._state)
        self.query_one("#same", Words).show(self.same)

    def _title(self, _: int) -> list[Content]:
        session = self._feed.session
        return [line(f" {self._read.title}   {session.cluster}  ", briefs.environment(session.environment))]

    def _state(self, width: int) -> list[Content]:
        if self._obstacle:
            return [paragraph((Cell(" ■ ", DOWN),), self._obstacle, width, DOWN)]
        if self._moved:
            return [paragraph((Cell(" ! ", LOUD), Cell(" ")), f"{self._moved} ctrl+r reads it again.", width, WARN)]
        if self._read.confirm_words is not None:
            asks = "give a reason and type the words" if self._read.impact.grade is Grade.UNSAFE else "type the words"
            says = f"This leaves the cluster {self._read.impact.grade}. Nothing is sent before you {asks}."
            return [paragraph((Cell(" ▲ ", WARN),), says, width, WARN)]
        says = f"Nothing is sent yet. To do it: tab to [{self._read.title}], then enter."
        return [paragraph((Cell(" "),), says, width, QUIET)]

    def _field(self, name: str, field: Input, says: Sequence[str]) -> ComposeResult:
        with Horizontal(id=f"field-{name}", classes="field"):
            yield Words(lambda _: [line(f" {name}")], fixed=True)
            yield field
            yield Words(lambda width: [line(Cell(_listed(says, width), QUIET))], id=f"says-{name}", fixed=True)


def _listed(choices: Sequence[str], width: int) -> str:
    """In words, or as they stand in the usage of a command where that is too long."""
    words = ", ".join(choices)
    return words if len(words) <= width else "|".join(choices)


def _shown(default: Value) -> str:
    return f"{default:g}" if isinstance(default, float) else str(default)
