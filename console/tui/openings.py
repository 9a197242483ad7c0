"""Every key that opens another screen; each screen is imported when it is opened."""

from pathlib import Path
from typing import TYPE_CHECKING

from textual.notifications import SeverityLevel

from console.cluster.text import clean
from console.ports.error import OperatorError
from console.tui.feed import Feed
from console.tui.guide import Guide
from console.tui.keymap import Keymap
from console.tui.parts import KeyBar, Wanted
from console.tui.terminal import TerminalApp
from console.tui.texts import Help
from console.tui.themes import Shelf, remember
from console.tui.views import view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from console.change.action import Value
    from console.change.run import Run
    from console.fleet import Fleet
    from console.tui.findings import FindingsScreen
    from console.tui.nodes import NodesView
    from console.tui.picker import ThemesScreen
    from console.tui.reading import ReadingScreen
    from console.tui.runbooks import RunbooksScreen
    from console.tui.tour import Tour

VISITS = 20
"""How many views `[` goes back over."""
COPIED = 70_000
"""Characters; terminals take no more."""
SHOWN = 60
"""Characters of what is copied that are told."""


class Openings(TerminalApp):
    """What the console shows of one cluster beside its dashboard."""

    def __init__(self, cluster: str, journal: Path, config_dir: Path, shelf: Shelf) -> None:
        super().__init__()
        self.shelf = shelf
        self.feed = Feed(self)
        self.guide = Guide(self)
        self.cluster = cluster
        self.keymap = Keymap.read(config_dir)
        self.fleet: Callable[[], Fleet] | None = None
        """The other clusters that can be gone to."""
        self.tour: Tour | None = None
        """Only in the demo."""
        self._visits = ["dashboard"]
        self._visit = 0
        """Which of them is on screen."""
        self.journal_folder = journal
        self.config_dir = config_dir
        """Where the operator's own runbooks are."""

    def tell(self, says: str, severity: str = "information") -> None:
        """A notice that is never read as markup."""
        levels: dict[str, SeverityLevel] = {"warning": "warning", "error": "error"}
        self.notify(clean(says, limit=400), severity=levels.get(severity, "information"), markup=False, timeout=8)

    def open_plan(self, action: str, target: str, given: "Mapping[str, Value] | None" = None) -> None:
        """Show a plan; nothing is changed by that."""
        from console.tui.plan import PlanScreen

        try:
            self.push_screen(PlanScreen(self.feed, action, target, given or {}), self._started)
        except OperatorError as error:
            self.tell(str(error), "error")

    def open_plans(self, action: str, targets: tuple[str, ...], given: "Mapping[str, Value] | None" = None) -> None:
        """Show the plan for one target; for several a runbook, which plans each when its turn comes."""
        if len(targets) < 2:
            self.open_plan(action, next(iter(targets), ""), given)
            return
        if given:
            self.tell("options go with one target; for several the form asks for them", "warning")
        from console.change.runbook.several import several
        from console.tui.reading import ReadingScreen

        try:
            runbook = several(self.feed.session.snapshot, action, targets)
            self.push_screen(ReadingScreen(self.feed, runbook))
        except OperatorError as error:
            self.tell(str(error), "error")

    def action_view(self, name: str) -> None:
        """Go to a view; it is remembered where one came from."""
        if self._go_to(name) and self._visits[self._visit] != name:
            self._visits = [*self._visits[: self._visit + 1], name][-VISITS:]
            self._visit = len(self._visits) - 1

    def action_visit(self, step: int) -> None:
        """Back to the view before, or forward again."""
        if 0 <= self._visit + step < len(self._visits) and self._go_to(self._visits[self._visit + step]):
            self._visit += step

    def action_pause(self) -> None:
        """Hold what is on screen, or go on."""
        self.feed.pause(not self.feed.paused)

    def action_look(self) -> None:
        """Ask every source anew."""
        if self.feed.connected:
            self.run_worker(self._look(), group="look", exclusive=True)

    async def _look(self) -> None:
        await self.feed.session.look()
        self.feed.tick()
        self.tell("every source was asked anew")

    def action_copy(self) -> None:
        """To the clipboard of the terminal that shows us, through ssh and tmux."""
        text: str = getattr(self.screen, "copied", "")
        if not text:
            self.tell("there is nothing to copy here")
        elif len(text) > COPIED:
            self.tell(f"too long for a terminal's clipboard: {len(text)} characters, at most {COPIED}", "warning")
        else:
            self.copy(text)

    def copy(self, text: str) -> None:
        """Whether the terminal takes it cannot be known: most do, some have to be told to."""
        self.copy_to_clipboard(text)
        first = text.splitlines()[0]
        shown = first if first == text and len(first) <= SHOWN else f"{first[:SHOWN]}…"
        self.tell(f"sent to your terminal's clipboard: {shown}")

    def _go_to(self, name: str) -> bool:
        """False where it cannot be shown now; nothing else is left for it then."""
        try:
            screens = [] if name == "dashboard" else [view(name, self)]
        except OperatorError as error:
            self.tell(str(error))
            return False
        while len(self.screen_stack) > 1:
            self.pop_screen()
        for screen in screens:
            self.push_screen(screen, self._started)
        return True

    def open_actions(self, names: tuple[str, ...]) -> None:
        """The actions of these rows, then the plan of the one that is chosen."""
        from console.tui.menu import Menu

        def plan(action: str | None) -> None:
            if action is not None:
                self.open_plans(action, names)

        if self.feed.connected:
            self.push_screen(Menu(self.feed, names), plan)

    def on_wanted(self, message: Wanted) -> None:
        """More of one row."""
        if message.what == "actions":
            self.open_actions((message.name,))
        elif message.what == "detail":
            from console.tui.detail import DetailScreen

            self.push_screen(DetailScreen(self.feed, message.tier, message.name, self.journal_folder))
        else:
            from console.tui.telling import LogScreen, RawScreen

            screen = RawScreen if message.what == "raw" else LogScreen
            self.push_screen(screen(self.feed, message.tier, message.name))

    def action_tour(self) -> None:
        """Put the tour away, or go on with it."""
        if self.tour is not None:
            self.tour.away = not self.tour.away
            self.feed.tick()
            self.redraw_keys()

    def redraw_keys(self) -> None:
        """Other keys, or another thing to do."""
        for bar in self.screen.query(KeyBar):
            bar.redraw()

    def action_help(self) -> None:
        """Every key."""
        if not isinstance(self.screen, Help):
            self.push_screen(Help(self.keymap))

    def on_nodes_view_chosen(self, message: "NodesView.Chosen") -> None:
        """The actions of these rows."""
        self.open_actions(message.names)

    def on_findings_screen_mend(self, message: "FindingsScreen.Mend") -> None:
        """The plan of the action that mends a finding."""
        action, _, target = message.words.partition(" ")
        self.open_plan(action, target)

    def action_way_back(self) -> None:
        """What leads back from the last change, as a plan."""
        care = self.feed.session.aftercare() if self.feed.connected else None
        if care is None:
            self.tell("no change was made from here, or it is not done")
        elif care.way_back is None:
            self.tell(f"{care.title}: no single action leads back")
        else:
            self.open_plan(care.way_back.action, care.way_back.target, dict(care.way_back.parameters))

    def on_themes_screen_kept(self, message: "ThemesScreen.Kept") -> None:
        """From now on; and, where that is wanted, the next time too."""
        self.theme = message.name
        if not message.for_ever:
            return
        try:
            path = remember(self.config_dir, self.cluster, message.name)
        except OSError as error:
            self.tell(f"it is not remembered: {error.strerror} ({self.config_dir})", "error")
        else:
            self.tell(f"{self.cluster} has {message.name} from now on: written to {path}")

    def on_runbooks_screen_chosen(self, message: "RunbooksScreen.Chosen") -> None:
        """Read it first."""
        from console.tui.reading import ReadingScreen

        self.push_screen(ReadingScreen(self.feed, message.runbook, message.left))

    async def on_reading_screen_begun(self, message: "ReadingScreen.Begun") -> None:
        """It is read, and wanted."""
        from console.tui.reading import ReadingScreen

        session = self.feed.session
        try:
            if message.left is None:
                await self.guide.begin(session, message.runbook, message.values, message.reason)
            else:
                await self.guide.resume(session, message.left.id)
        except OperatorError as error:
            self.tell(str(error), "error")
            if isinstance(self.screen, ReadingScreen):
                self.screen.begun = False
            return
        self._go_to("runbooks")

    def action_progress(self) -> None:
        """The change that is running, or the last one."""
        from console.tui.progress import Progress

        if self.feed.connected and (run := self.feed.session.run):
            self.push_screen(Progress(self.feed, run))
        else:
            self.tell("no change is running, and none has been made from here")

    def _started(self, run: "Run | None") -> None:
        if run is not None:
            self.action_progress()
