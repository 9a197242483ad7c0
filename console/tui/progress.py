"""A change on its way: each step in words, the sessions that are left, and the question when patience ends."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen

from console.change.events import Event
from console.change.plan import Plan
from console.change.run import Run
from console.tui import briefs
from console.tui.commands import Command, bindings
from console.tui.feed import Feed
from console.tui.keymap import keymap_of
from console.tui.parts import KeyBar, Words
from console.tui.symbols import EVENT, OUTCOME
from console.tui.words import CHANGING, KEY, LOUD, QUIET, STRONG, Cell, heading, line, paragraph

WAITING = Cell("· waiting", QUIET)


class Progress(Screen[None]):
    """Follows a run; leaving this screen does not end it."""

    BINDINGS = bindings("progress")
    where: ClassVar[str] = "progress"

    def __init__(self, feed: Feed, run: Run) -> None:
        super().__init__()
        self._feed = feed
        self._run = run
        self._answered = 0

    def compose(self) -> ComposeResult:
        """Steps, what happened, the question."""
        yield Words(self._title, id="title", fixed=True)
        with VerticalScroll(id="page"):
            yield Words(self._steps, id="text")
        yield Words(self._state, id="question")
        yield KeyBar("progress")

    def on_mount(self) -> None:
        """Follow the run."""
        self.run_worker(self._follow(), exclusive=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A choice can be made only while it is asked for."""
        return action != "decide" or (bool(parameters) and parameters[0] in self._choices)

    def action_decide(self, choice: str) -> None:
        """Answer the question."""
        self._answered = len(self._run.events)
        self._run.decide(choice)
        self._show()

    def action_back(self) -> None:
        """Esc: the run goes on."""
        self.dismiss()

    @property
    def _choices(self) -> tuple[str, ...]:
        events = self._run.events
        asked = events and self._run.outcome is None and len(events) > self._answered
        return events[-1].choices if asked else ()

    async def _follow(self) -> None:
        async for _ in self._run.follow():
            self._show()
        self._show()

    def _show(self) -> None:
        self.query_one("#text", Words).show(self._steps)
        self.query_one("#question", Words).show(self._state)
        self.query_one(KeyBar).redraw()

    def _title(self, _: int) -> list[Content]:
        session = self._feed.session
        words = line(f" {self._run.plan.title}   {session.cluster}  ", briefs.environment(session.environment))
        return [Content.assemble(words, f"   run {self._run.id}")]

    def _steps(self, width: int) -> list[Content]:
        lines = [*step_lines(self._run.plan, self._run.events, width), Content(""), heading("WHAT HAPPENED", width)]
        return lines + [event_line(event, width) for event in self._run.events]

    def _state(self, width: int) -> list[Content]:
        if self._run.outcome is not None:
            word = OUTCOME[self._run.outcome]
            says = self._run.events[-1].says if self._run.events else ""
            return [
                heading("THE END", width),
                line(Cell(f" {word.text}", word.style)),
                paragraph((Cell("   "),), says, width),
            ]
        if not self._choices:
            says = "running: esc leaves it running, R on the dashboard comes back"
            return [paragraph((Cell(" ► ", CHANGING),), says, width, CHANGING)]
        asks = self._run.events[-1].says.partition(":")[0]
        return [
            paragraph((Cell(" WHAT NOW? ", LOUD), Cell(" ")), asks, width, STRONG),
            *(
                paragraph((Cell(f"   {keys}  ", KEY), Cell(f"{command.title:<14}", STRONG)), command.help, width)
                for keys, command in keymap_of(self.app).told("progress")
                if self._choice(command) in self._choices
            ),
        ]

    def _choice(self, command: Command) -> str:
        return command.action.partition("('")[2].rstrip("')")


def step_lines(plan: Plan, events: Sequence[Event], width: int) -> list[Content]:
    """Each step of a plan, and how far it has come."""
    lines = [heading("STEPS", width)]
    for number, step in enumerate(plan.steps, 1):
        own = [event for event in events if event.step == number]
        word = EVENT[own[-1].kind] if own else WAITING
        lines.append(paragraph((Cell(f"  {number}  {word.text:<10} ", word.style),), step.does, width, STRONG))
        if own and own[-1].says not in (step.does, f"undo: {step.does}"):
            lines.append(paragraph((Cell(f"{'':16}"),), own[-1].says, width))
    return lines


def event_line(event: Event, width: int) -> Content:
    """When, what, and in which step."""
    word = EVENT[event.kind]
    step = f"step {event.step}  " if event.step else ""
    lead = (Cell(f"  {event.at:%H:%M:%S} UTC  ", QUIET), Cell(f"{word.text:<10} ", word.style), Cell(step, QUIET))
    return paragraph(lead, event.says, width)
