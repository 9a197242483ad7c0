"""The console: opens the session after the first frame, shows each snapshot, and knows how to leave.

The first frame waits for nothing that it does not show: other screens are imported when they are opened.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.events import Resize
from textual.screen import Screen

from console.cluster.text import clean
from console.ports.clusterfile import ClusterFile, ClusterFileError
from console.ports.error import OperatorError
from console.tui.commands import Command, bindings
from console.tui.dashboard import Dashboard
from console.tui.endings import Endings, crash_line, end_run
from console.tui.openings import Openings
from console.tui.palette import Entry, Palette
from console.tui.texts import Question, TooSmall, fits
from console.tui.themes import DEFAULT, Shelf, own_variables
from console.tui.view import View

if TYPE_CHECKING:
    from console.change.run import Run
    from console.session import Session
    from console.tui.fleet import FleetScreen
    from console.tui.tour import Tour

TOUR_S = 0.2
"""How soon what was done on the tour is seen."""
TICK_S = 1.0
"""How often ages are shown anew, where nothing else changes."""

Open = Callable[[], "AbstractAsyncContextManager[Session]"]


class Console(Openings):
    """The interactive console of one cluster."""

    CSS_PATH = "console.tcss"
    COMMANDS: ClassVar = {Palette}
    BINDINGS = bindings("everywhere")

    def __init__(
        self,
        cluster: str,
        open_session: Open,
        journal: Path,
        shelf: Shelf,
        *,
        config_dir: Path,
        live: bool = True,
        tour: "Tour | None" = None,
    ):
        super().__init__(cluster, journal, config_dir, shelf)
        self.tour = tour
        self.opens = "dashboard"
        """The view that is shown first."""
        self.wanted: ClusterFile | None = None
        """Another cluster that is to be gone to, when this console has ended."""
        self._open_session = open_session
        self._live = live
        """A clock ticks and signals are taken; not in tests."""
        self._told_of: object = None
        self._warned_of: object = None
        for theme in shelf.themes:
            self.register_theme(theme)
        if any(theme.name == DEFAULT for theme in shelf.themes):
            self.set_reactive(
                Console.theme, DEFAULT
            )  # to assign it would parse every style twice before the first frame
            self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Screen[None]:
        """The dashboard is there at once; it says that it is connecting."""
        return Dashboard(self.feed, self.guide, self.cluster)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own names, for a theme that does not give them."""
        return own_variables(self.current_theme)

    def on_load(self) -> None:
        """The terminal is as it was, and shall be again."""
        if self._live:
            Endings(self, lambda: self.going, self.end).watch()

    def on_ready(self) -> None:
        """The first frame is drawn; now the session."""
        if self._live:
            self.set_interval(TICK_S, self._tick)
        if self.tour is not None:
            self.set_interval(TOUR_S, self._guide_on)
        self.run_worker(self._follow(), name="follow", exit_on_error=True)
        self.set_keymap(self.keymap.keys)
        if self.opens != "dashboard":
            self.action_view(self.opens)
        for failure in (*self.shelf.failures, *self.keymap.mistakes):
            self.tell(failure, "warning")

    def on_resize(self, event: Resize) -> None:
        """Cover everything when there is no room to show it whole."""
        if not fits(event.size) and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())

    def offers(self) -> Iterator[Entry]:
        """For the palette: every action on every target, and the themes."""
        if self.feed.connected and self.feed.snapshot is not None:
            for action in self.feed.session.actions:
                for target in action.targets(self.feed.snapshot):
                    yield f"{action.name} {target}", action.does, partial(self.open_plan, action.name, target)
        for theme in self.shelf.themes:
            yield f"theme {theme.name}", "Other colours", partial(setattr, self, "theme", theme.name)

    async def on_view_said(self, message: View.Said) -> None:
        """A typed command."""
        from console.tui.commandline import arguments, understand

        try:
            understood = understand(message.words, self.feed.session, self.faults)
            if isinstance(understood, Command):
                if understood.where == "dashboard":
                    self.action_view("dashboard")
                await self.screen.run_action(understood.action)
                return
            verb, target = understood
            if self.tour is not None and verb in self.tour.faults:
                self.tour.used.add(verb)
                await asyncio.to_thread(self.tour.faults[verb], target)
                self.tell(f"{verb} {target}: done")
            elif verb == "cluster":
                await self.go_to_cluster(target)
            elif verb == "theme":
                self.theme = self.shelf.find(target).name
            else:
                self.open_plans(verb, *arguments(target))
        except (OperatorError, ValueError) as error:
            self.tell(str(error), "error")

    @property
    def faults(self) -> tuple[str, ...]:
        """What can be typed to break the lab of the demo, and to mend it."""
        return tuple(self.tour.faults) if self.tour is not None else ()

    async def on_fleet_screen_chosen(self, message: "FleetScreen.Chosen") -> None:
        """Another cluster."""
        await self.go_to_cluster(message.name)

    async def go_to_cluster(self, name: str) -> None:
        """Leave this cluster for another; a mistake in its file is told here."""
        fleet = self.fleet() if self.fleet is not None else None
        if fleet is None or name not in fleet.paths:
            there = ", ".join(fleet.paths) if fleet else "none"
            self.tell(f"no cluster '{name}' is known; there are: {there}", "error")
            return
        try:
            self._leave(await asyncio.to_thread(fleet.read, fleet.paths[name]))
        except ClusterFileError as mistake:
            self.tell(str(mistake), "error")

    def action_leave(self) -> None:
        """Quit; while a change or a runbook is running, ask first."""
        self._leave(None)

    def _leave(self, wanted: ClusterFile | None) -> None:
        run = self.going
        if run is None and not self.guide.going:
            self.wanted = wanted
            self.exit(0)
            return

        async def end() -> None:
            self.tell("waiting for the current step, then leaving")
            await self.end("quit")
            self.wanted = wanted
            self.exit(0)

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(end())

        asks = []
        if self.guide.going:
            asks.append(f"{self.guide.title} is not over. If you leave, it stops, and can be gone on with later.")
        if run is not None:
            says = "If you leave, its current step is finished or undone; the next is not begun."
            asks.append(f"{run.plan.title} is running. {says}")
        self.push_screen(Question(" ".join(asks), "Leave", "Stay"), answered)

    async def end(self, why: str) -> None:
        """Let what is running come to a proven state: first the change, then the runbook that it belongs to."""
        self.guide.end("stop", why)
        if run := self.going:
            await end_run(run, why)
        await self.guide.ended()

    @property
    def going(self) -> "Run | None":
        """The change that is going on, if any."""
        run = self.feed.session.run if self.feed.connected else None
        return run if run is not None and run.outcome is None else None

    def _fatal_error(self) -> None:
        """One line on the restored terminal: textual's own report shows every local variable, secrets as well."""
        self.panic(Text(crash_line(self._exception)))

    def completions(self) -> list[str]:
        """Everything that can be typed now."""
        from console.tui.commandline import completions

        if self.feed.snapshot is None:
            return []
        return completions(self.feed.session, self.feed.snapshot, [theme.name for theme in self.shelf.themes])

    async def _follow(self) -> None:
        try:
            async with self._open_session() as session:
                self.feed.noting = False
                self.feed.open(session)
                self.run_worker(self._first_look(session), exit_on_error=False)
                async with aclosing(session.follow()) as pictures:
                    async for snapshot in pictures:
                        self.feed.show(snapshot)
                await asyncio.Event().wait()
        except ClusterFileError as error:
            self.exit(2, 2, Text(f"watchkeeper: {clean(str(error), limit=400)}"))

    async def _first_look(self, session: "Session") -> None:
        """What stands when the console opens is no event; what changes after everything was asked once is."""
        await session.look()
        self.feed.show(session.snapshot)
        self.feed.note()
        try:
            left = session.unfinished()
        except OperatorError as error:
            self.tell(str(error), "error")
        else:
            if left:
                self.tell(f"{left[0].says}. u shows what can be done about it.", "warning")

    def _guide_on(self) -> None:
        if self.tour is not None and self.tour.advance(self):
            self.redraw_keys()

    def _tick(self) -> None:
        self.feed.tick()
        run = self.feed.session.run if self.feed.connected else None
        if run is not None and run.outcome is not None and run.id != self._told_of:
            self._told_of = run.id
            if getattr(self.screen, "where", "") not in ("progress", "guided"):
                self.tell(run.events[-1].says if run.events else str(run.outcome))
        if run is not None and run.id != self._warned_of and self.feed.worse:
            self._warned_of = run.id
            self.tell(f"{self.feed.worse}. b plans the way back.", "warning")
