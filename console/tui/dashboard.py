"""The dashboard: three tiers side by side or stacked, what may be lost, findings, and what has changed.

The first frame has no snapshot, and waits for nothing that one needs: neither the widgets nor the imports.
"""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.guide import Guide
from console.tui.nodes import NodesView
from console.tui.parts import KeyBar, Prompt, Words
from console.tui.table import Table
from console.tui.words import CHANGING, KEY, QUIET, Cell, line, paragraph

if TYPE_CHECKING:
    from console.cluster.snapshot import Snapshot

WIDE = 120
"""From this width on the tiers stand side by side."""
ROOMY = 32
"""From this height on there are empty lines between the parts."""
TALL = 24
"""From this height on events have lines of their own."""
BRIEFS, BRIEFS_LEAST = 5, 3
"""Lines that findings and events keep whatever the tables would like, on a tall terminal and on a low one."""

WAIT_EVERY_S = 1.0
LONG_S = 3.0
"""A first picture that is awaited longer than this is waited for, and for how long is told."""
BEFORE = (
    "The cluster file is read and its plugins are loaded; then every node is asked for the first time. Nothing is "
    "known yet. What does not answer is shown as unknown, with the reason; 0 then tests every connection."
)

TIERS = ("app", "balancer", "replica_set")


class Dashboard(NodesView):
    """The whole cluster on one screen."""

    BINDINGS = bindings("dashboard", "view")
    AUTO_FOCUS = "#app"
    where: ClassVar[str] = "dashboard"

    def __init__(self, feed: Feed, guide: Guide, cluster: str) -> None:
        super().__init__()
        self._feed = feed
        self._guide = guide
        self._cluster = cluster
        self._complete = False
        self._waited_s = 0.0

    def compose(self) -> ComposeResult:
        """Header, standing, keys; the rest comes with the first snapshot."""
        yield Words(self._header, id="header", fixed=True)
        yield Words(self._standing, id="standing", fixed=True)
        yield Words(lambda width: [paragraph((Cell(" "),), BEFORE, width, QUIET)], id="before")
        yield KeyBar("dashboard", "view")

    def on_mount(self) -> None:
        """Follow the cluster."""
        self._waits = self.set_interval(WAIT_EVERY_S, self._wait_on)
        self._feed.changed.subscribe(self, self._show)
        self._guide.changed.subscribe(self, lambda _: self.query_one("#header", Words).show(self._header))

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self._arrange()

    def on_screen_resume(self) -> None:
        """Show what is so now."""
        self._arrange()

    def on_screen_suspend(self) -> None:
        """Everything else shows the cluster as it is now."""
        self._feed.pause(False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Until there is something to see, only help and the way out; a run to return to, or not."""
        if not self._complete:
            return action in ("help", "leave")
        if action == "progress":
            return self._feed.session.run is not None
        return super().check_action(action, parameters)

    async def _show(self, snapshot: "Snapshot") -> None:
        from console.tui.sheets import SHEETS

        if not self._complete:
            await self._complete_it()
        for tier, sheet in SHEETS.items():
            self.query_one(f"#{tier}", Table).show(sheet(snapshot))
        self.query_one("#header", Words).show(self._header)
        self.query_one("#standing", Words).show(self._standing)
        self.query_one(KeyBar).redraw()
        self._arrange()

    def _wait_on(self) -> None:
        self._waited_s += WAIT_EVERY_S
        self.query_one("#standing", Words).show(self._standing)

    async def _complete_it(self) -> None:
        self._waits.stop()
        await self.query_one("#before").remove()
        await self.mount(
            Container(*(Table(tier, tells_changes=True) for tier in TIERS), id="tiers"),
            Words(id="findings", fixed=True),
            Container(Table("node", tells_changes=True), Words(id="events", fixed=True), id="below"),
            Prompt(self._names),
            before=self.query_one(KeyBar),
        )
        self._complete = True
        self.query_one("#app").focus()

    def _arrange(self) -> None:
        """Give every part its lines: the tiers stay complete as long as there is room."""
        if not self._complete:
            return
        wide = self.size.width >= WIDE
        self.set_class(wide, "wide")
        roomy = self.size.height >= ROOMY
        self.set_class(roomy, "roomy")
        keys = self.query_one(KeyBar).rows
        room = self.size.height - (5 if roomy else 2) - keys
        briefs = (BRIEFS if self.size.height >= TALL else BRIEFS_LEAST) + 1 - keys
        wishes = {tier: self.query_one(f"#{tier}", Table).lines for tier in TIERS}
        if wide:
            tiers = max(4, min(max(wishes.values()), room - 2 * briefs))
            heights = dict.fromkeys(TIERS, tiers)
        else:
            others = wishes["balancer"] + wishes["replica_set"]
            heights = {**wishes, "app": max(3, min(wishes["app"], room - briefs - others))}
            tiers = sum(heights.values())
        for tier, height in heights.items():
            self.query_one(f"#{tier}", Table).styles.height = height
        self.query_one("#tiers").styles.height = tiers
        self._arrange_below(max(0, room - tiers), wide)

    def _arrange_below(self, room: int, wide: bool) -> None:
        from console.tui import briefs

        width = self.size.width
        snapshot = self._feed.snapshot
        nodes = self.query_one("#node", Table)
        least = min(nodes.lines, 10) if wide and snapshot and snapshot.nodes else 2 if self.size.height >= TALL else 0
        lines = briefs.findings(snapshot, width - 1, max(2, room - least)) if snapshot else []
        found = min(len(lines), room)
        nodes.display = wide and bool(snapshot and snapshot.nodes) and room - found > 4
        self.query_one("#findings", Words).styles.height = found
        self.query_one("#findings", Words).show(lambda _: lines)
        self.query_one("#below").styles.height = room - found
        self.query_one("#events", Words).show(
            lambda own: briefs.happened(self._feed.events, own - 1, max(0, room - found)) if snapshot else []
        )

    def _header(self, width: int) -> list[Content]:
        if self._feed.snapshot is None:
            return [line(Cell(" Watchkeeper  ", KEY), Cell(self._cluster, "bold"))]
        from console.tui import briefs

        session = self._feed.session
        why = (session.journal_problem or "read-only") if session.read_only else ""
        return [briefs.header(self._feed, width, why, self._guide)]

    def _standing(self, width: int) -> list[Content]:
        if self._feed.snapshot is None:
            waited = f" for {self._waited_s:.0f} s" if self._waited_s >= LONG_S else ""
            return [line(Cell(f" connecting…{waited}", CHANGING))]
        from console.tui import briefs

        return [briefs.standing(self._feed.snapshot, width)]
