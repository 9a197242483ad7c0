"""One server, member, balancer or node: what is known of it, its last minutes, what changed and what was done to it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content

from console.change.journal import Deed, JournalError, recent
from console.cluster import duration
from console.cluster.history import EVERY_S, KEPT_S
from console.cluster.series import KINDS, MEASURES, series
from console.cluster.snapshot import Snapshot
from console.tui.briefs import happened, titled
from console.tui.chart import LABEL, chart
from console.tui.commands import bindings
from console.tui.details import detail
from console.tui.feed import Feed
from console.tui.glyphs import Repertoire
from console.tui.parts import Wanted, Words
from console.tui.symbols import deed
from console.tui.view import View
from console.tui.words import QUIET, UNKNOWN, Cell, heading, line, paragraph

WIDE = 120
"""From this width on the charts stand beside the rest."""
HEIGHT = {True: 5, False: 3}
"""Lines of a chart, where they stand beside the rest and where they do not."""
SHOWN = 8
"""Events and actions: the newest; the keys of the dashboard show all."""


class DetailScreen(View[None]):
    """Everything about one row, live."""

    BINDINGS = bindings("detail", "view")
    where: ClassVar[str] = "detail"

    def __init__(self, feed: Feed, tier: str, name: str, folder: Path) -> None:
        super().__init__()
        self._feed = feed
        self._tier = tier
        self._about = name
        self._folder = folder
        """Where the journal is."""
        self._deeds: tuple[Deed, ...] | None = None
        self._problem = ""
        self._drawn_s: float | None = None
        """The newest sample in the charts."""
        self._ran: object = None
        """The run that had ended when the journal was read."""

    def compose(self) -> ComposeResult:
        """On a wide screen the charts stand beside all else, on a narrow one between the facts and the events."""
        yield Words(self._title, id="title", fixed=True)
        with VerticalScroll(id="page"), Container(id="sides"):
            with Container(id="told"):
                yield Words(self._facts, id="facts")
                yield Words(self._charts, id="charts-between")
                yield Words(self._events, id="changed")
                yield Words(self._actions, id="done")
            yield Words(self._charts, id="charts")
        yield from self.foot()

    def on_mount(self) -> None:
        """Follow the cluster."""
        self.set_class(self.app.size.width >= WIDE, "wide")
        self._feed.changed.subscribe(self, self._show)

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self.set_class(self.size.width >= WIDE, "wide")

    def on_screen_resume(self) -> None:
        """Somebody may have done something meanwhile."""
        self.run_worker(self._read(), group="journal", exclusive=True)

    def action_wanted(self, what: str) -> None:
        """Its actions, its raw documents, or its log."""
        self.post_message(Wanted(what, self._tier, self._about))

    @property
    def copied(self) -> str:
        """Its name."""
        return self._about

    def _show(self, _: Snapshot) -> None:
        self.query_one("#facts", Words).show(self._facts)
        samples = self._feed.session.history
        if samples and samples[-1].at_s != self._drawn_s:  # many pictures come between two samples
            self._drawn_s = samples[-1].at_s
            self.query_one("#charts" if self.has_class("wide") else "#charts-between", Words).show(self._charts)
        self.query_one("#changed", Words).show(self._events)
        self.query_one("#done", Words).show(self._actions)
        run = self._feed.session.run
        if run is not None and run.outcome is not None and run.id != self._ran:
            self._ran = run.id
            self.on_screen_resume()

    async def _read(self) -> None:
        session = self._feed.session
        try:
            self._deeds = await asyncio.to_thread(recent, session.journal, self._folder, session.cluster, self._about)
            self._problem = ""
        except JournalError as error:
            self._problem = str(error)
        self.query_one("#done", Words).show(self._actions)

    def _title(self, width: int) -> list[Content]:
        return [titled(f"{self._about}, {KINDS[self._tier]}", self._feed, width)]

    def _facts(self, width: int) -> list[Content]:
        return [heading("FACTS", width), *detail(self._feed.snapshot, self._tier, self._about, width), Content("")]

    def _charts(self, width: int) -> list[Content]:
        """One below the other where they stand beside the rest, else two beside each other."""
        snapshot, samples = self._feed.snapshot, self._feed.session.history
        if snapshot is None or self._tier not in MEASURES or width < 40:
            return []
        wide = self.has_class("wide")
        title = heading(f"LAST {KEPT_S / 60:.0f} MIN", width)
        if not samples:
            says = f"collecting: the first sample is taken after {EVERY_S:g} s"
            return [title, paragraph((Cell("  "),), says, width, QUIET), Content("")]
        told = series(samples, self._tier, self._about)
        if not any(one.known for one in told):
            return [title, line(Cell("  nothing was known of it in this time", QUIET)), Content("")]
        now_s = samples[-1].at_s
        dots = "⣿" not in getattr(self.app, "repertoire", Repertoire()).lacks
        own = width if wide else (width - 2) // 2
        drawn = [chart(one, now_s, own, HEIGHT[wide], dots) for one in told]
        rows = drawn if wide else [[*map(_beside, *pair)] for pair in _pairs(drawn, own)]
        lines = [title, *(line(*row) for one in rows for row in one)]
        return [*lines, *_axis(snapshot, now_s - samples[0].at_s, own, width), Content("")]

    def _events(self, width: int) -> list[Content]:
        own = [(at, change) for at, change in self._feed.events if self._about in change.subject.split("/")]
        lines = happened(own[:SHOWN], width, title="RECENT EVENTS")
        if len(own) > SHOWN:
            lines.append(line(Cell(f"  and {len(own) - SHOWN} more: e on the dashboard shows all", QUIET)))
        return [*lines, Content("")]

    def _actions(self, width: int) -> list[Content]:
        lines = [heading("RECENT ACTIONS", width)]
        if self._problem:
            return [*lines, paragraph((Cell("  ? not known  ", UNKNOWN),), self._problem, width)]
        if self._deeds is None:
            return [*lines, line(Cell("  reading the journal…", QUIET))]
        for one in self._deeds[:SHOWN]:
            lines += self._deed(one, width)
        if len(self._deeds) > SHOWN:
            lines.append(line(Cell(f"  and {len(self._deeds) - SHOWN} more: j on the dashboard shows all", QUIET)))
        if not self._deeds:
            lines.append(line(Cell("  none in the newest records of this journal", QUIET)))
        return lines

    def _deed(self, one: Deed, width: int) -> list[Content]:
        now = self._feed.snapshot.at if self._feed.snapshot else one.at
        ago = duration.span(max(0.0, (now - one.at).total_seconds()))
        when = f"  {one.at:%m-%d %H:%M} UTC, {ago} ago  "
        told = line(Cell(when, QUIET), deed(one.outcome), Cell(f"  {one.does} by {one.who}"))
        return [told, paragraph((Cell("    "),), one.reason, width, QUIET)] if one.reason else [told]


def _axis(snapshot: Snapshot, over_s: float, chart_width: int, width: int) -> list[Content]:
    ends = f"{'':{LABEL + 1}}-{KEPT_S / 60:.0f} min"
    axis = line(Cell(f"{ends}{'now':>{max(3, chart_width - len(ends))}}", QUIET))
    if over_s >= 0.95 * KEPT_S:
        return [axis]
    since = snapshot.at - timedelta(seconds=over_s)
    says = f"collecting since {since:%H:%M:%S} UTC, {duration.span(over_s)} ago, when this console was opened"
    return [axis, paragraph((Cell("  "),), says, width, QUIET)]


def _pairs(charts: list[list[list[Cell]]], width: int) -> list[tuple[list[list[Cell]], list[list[Cell]]]]:
    nothing = [[Cell(" " * width)]] * (len(charts[0]) if charts else 0)
    return [(charts[n], charts[n + 1] if n + 1 < len(charts) else nothing) for n in range(0, len(charts), 2)]


def _beside(left: list[Cell], right: list[Cell]) -> list[Cell]:
    return [*left, Cell("  "), *right]
