"""The actions of one row: what each would do now, or the first reason why it cannot be done."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from console.change.action import Action
from console.change.plan import PlanError
from console.cluster.snapshot import Snapshot
from console.session import Session
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.parts import KeyBar, Words
from console.tui.words import QUIET, Cell, line, paragraph


class Menu(ModalScreen[str | None]):
    """Answers with the name of an action; choosing one makes a plan and changes nothing."""

    BINDINGS = bindings("menu")

    def __init__(self, feed: Feed, target: str) -> None:
        super().__init__()
        self._feed = feed
        self._actions = offered(feed.session, target)
        self._target = target

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="box"):
            yield Words(lambda _: [line(Cell(f"What can be done to {self._target}", "bold")), Content("")], id="asks")
            if not self._actions:
                yield Words(lambda _: [line(Cell("nothing: it can only be looked at", QUIET))])
            yield OptionList(*[Option(self._line(action), id=action.name) for action in self._actions], compact=True)
        yield KeyBar("menu")

    def on_mount(self) -> None:
        """What can be done changes with the cluster."""
        self._feed.changed.subscribe(self, self._show)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Chosen by enter or by the mouse."""
        self.dismiss(event.option_id)

    def action_choose(self) -> None:
        """Enter is the list's own key."""

    def action_back(self) -> None:
        """Esc."""
        self.dismiss(None)

    def _show(self, _: Snapshot) -> None:
        options = self.query_one(OptionList)
        for action in self._actions:
            if options.get_option(action.name).prompt != (prompt := self._line(action)):
                options.replace_option_prompt(action.name, prompt)

    def _line(self, action: Action) -> Content:
        why_not = refusal(self._feed.session, action.name, self._target)
        style = QUIET if why_not else "bold"
        head = line(Cell(f"{action.name:<11}", style), Cell(action.does, QUIET if why_not else ""))
        if not why_not:
            return head
        width = min(96, self.app.size.width * 8 // 10) - 8
        return Content("\n").join([head, paragraph((Cell(f"{'':11}not now: ", QUIET),), why_not, width, QUIET)])


def offered(session: Session, target: str) -> list[Action]:
    """The actions that a thing of that name can be the target of."""
    return [action for action in session.actions if target in action.targets(session.snapshot)]


def refusal(session: Session, action: str, target: str) -> str:
    """The first reason why an action cannot be carried out now; empty when it can."""
    try:
        plan = session.plan(action, target)
    except PlanError as error:
        return str(error)
    if session.read_only:
        return session.journal_problem or "this session is read-only"
    if plan.refusals:
        first = plan.refusals[0]
        return f"{first.says}: {first.value}; must be {first.limit}"
    return "" if plan.steps else "it is so already"
