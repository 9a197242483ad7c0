"""The actions of one row: what each would do now, or the first reason why it cannot be done."""

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from console.change.action import Action
from console.change.runbook.dry import dry_run
from console.change.runbook.several import several
from console.ports.error import OperatorError
from console.session import Session
from console.tui import equivalent
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.parts import KeyBar, Words
from console.tui.words import QUIET, STRONG, Cell, line, paragraph

BOX = 96
"""The most columns of the box; as in console.tcss."""
NAMED = 4
"""Names of marked rows that are told."""


class Menu(ModalScreen[str | None]):
    """Answers with the name of an action; choosing one makes a plan and changes nothing."""

    BINDINGS = bindings("menu")
    where: ClassVar[str] = "menu"

    def __init__(self, feed: Feed, targets: tuple[str, ...]) -> None:
        super().__init__()
        self._feed = feed
        self._actions = offered(feed.session, targets)
        self._targets = targets
        self._why_not: dict[str, str] = {}
        """Of several: by action, as far as it is known."""
        self._moved = asyncio.Event()

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="box"):
            asks = f"What can be done to {named(self._targets)}"
            yield Words(lambda _: [line(Cell(asks, "bold")), Content("")], id="asks")
            if not self._actions:
                yield Words(lambda _: [line(Cell("nothing: it can only be looked at", QUIET))])
            yield OptionList(*[Option(self._line(action), id=action.name) for action in self._actions], compact=True)
            yield Words(self._script, id="script")
        yield KeyBar("menu")

    def on_mount(self) -> None:
        """What can be done changes with the cluster."""
        if len(self._targets) > 1:
            self._feed.changed.subscribe(self, lambda _: self._moved.set())
            self.run_worker(self._weigh())
        else:
            self._feed.changed.subscribe(self, lambda _: self._show())

    def on_resize(self) -> None:
        """Another width: the sentences wrap elsewhere."""
        self._show()
        self._arrange()

    def on_option_list_option_highlighted(self) -> None:
        """Another one: another line for a script."""
        self.query_one("#script", Words).show(self._script)
        self._arrange()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Chosen by enter or by the mouse."""
        self.dismiss(event.option_id)

    def action_choose(self) -> None:
        """Enter is the list's own key."""

    def action_back(self) -> None:
        """Esc."""
        self.dismiss(None)

    def _script(self, width: int) -> list[Content]:
        options = self.query_one(OptionList)
        chosen = options.highlighted_option
        if chosen is None or chosen.id is None:
            return []
        return [Content(""), equivalent.shown(equivalent.planned(chosen.id, self._targets), width)]

    def _arrange(self) -> None:
        """The list gives way: a command without its end would be another one."""
        width, height = min(BOX, self.size.width * 8 // 10), (self.size.height - self.query_one(KeyBar).rows) * 9 // 10
        rows = sum(1 + row.plain.count("\n") for row in self._script(width - 4))
        self.query_one(OptionList).styles.max_height = max(3, height - 4 - rows)

    @property
    def weighed(self) -> bool:
        """What cannot be done now is known of every action."""
        return len(self._targets) == 1 or len(self._why_not) == len(self._actions)

    async def _weigh(self) -> None:
        """In a thread, and once more only when that is over: many targets are many plans."""
        while True:
            self._moved.clear()
            for action in self._actions:
                self._why_not[action.name] = await asyncio.to_thread(self._refusal, action)
                self._show()
            await self._moved.wait()

    def _refusal(self, action: Action) -> str:
        return refusal(self._feed.session, action.name, self._targets)

    def _show(self) -> None:
        for options in self.query(OptionList):  # none, once it is being left
            for action in self._actions:
                if options.get_option(action.name).prompt != (prompt := self._line(action)):
                    options.replace_option_prompt(action.name, prompt)

    def _line(self, action: Action) -> Content:
        if len(self._targets) > 1:
            why_not = self._why_not.get(action.name, "planning it for all of them…")
        else:
            why_not = self._refusal(action)
        width = min(BOX, self.app.size.width * 8 // 10) - 8
        margin = max(len(one.name) for one in self._actions) + 2
        head = Cell(action.name.ljust(margin), QUIET if why_not else STRONG)
        lines = [paragraph((head,), action.does, width, QUIET if why_not else "")]
        if why_not:
            lines.append(paragraph((Cell(" " * margin),), f"not now: {why_not}", width, QUIET))
        return Content("\n").join(lines)


def named(targets: tuple[str, ...]) -> str:
    """One by its name, several by their number and as many names as are read at a glance."""
    if len(targets) == 1:
        return targets[0]
    more = " …" if len(targets) > NAMED else ""
    return f"{len(targets)} marked: {', '.join(targets[:NAMED])}{more}"


def offered(session: Session, targets: tuple[str, ...]) -> list[Action]:
    """The actions that all of these can be the target of."""
    return [action for action in session.actions if set(targets) <= set(action.targets(session.snapshot))]


def refusal(session: Session, action: str, targets: tuple[str, ...]) -> str:
    """The first reason why an action cannot be carried out now, for one after the other; empty when it can."""
    if session.read_only:
        return session.journal_problem or "this session is read-only"
    try:
        if len(targets) == 1:
            plan = session.plan(action, targets[0])
            first = next(iter(plan.refusals), None)
            if first is not None:
                return f"{first.says}: {first.value}; must be {first.limit}"
            return "" if plan.steps else "it is so already"
        runbook = several(session.snapshot, action, targets)
        stages = dry_run(runbook, runbook.values({}), session.snapshot, session.plan_in)
    except OperatorError as error:
        return str(error)
    return next((f"{stage.title}: {stage.says}" for stage in stages if stage.word == "refused"), "")
