"""The dashboard: three tiers side by side or stacked, what may be lost, findings, and what has changed.

The first frame has no snapshot, and waits for nothing that one needs: neither the widgets nor the imports.
"""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message

from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.guide import Guide
from console.tui.parts import KeyBar, Prompt, Wanted, Words
from console.tui.table import Table
from console.tui.view import View
from console.tui.words import CHANGING, Cell, line

if TYPE_CHECKING:
    from console.cluster.snapshot import Snapshot

WIDE = 120
"""From this width on the tiers stand side by side."""
ROOMY = 32
"""From this height on there are empty lines between the parts."""
BRIEFS = 5
"""Lines that findings and events keep whatever the tables would like."""

TIERS = ("app", "balancer", "replica_set")


class Dashboard(View[None]):
    """The whole cluster on one screen."""

    BINDINGS = bindings("dashboard", "view")
    AUTO_FOCUS = "#app"
    where: ClassVar[str] = "dashboard"

    class Chosen(Message):
        """Somebody wants to do something to a row, or to several."""

        def __init__(self, names: tuple[str, ...]) -> None:
            super().__init__()
            self.names = names

    def __init__(self, feed: Feed, guide: Guide, cluster: str) -> None:
        super().__init__()
        self._feed = feed
        self._guide = guide
        self._cluster = cluster
        self._complete = False

    def compose(self) -> ComposeResult:
        """Header, standing, keys; the rest comes with the first snapshot."""
        yield Words(self._header, id="header", fixed=True)
        yield Words(self._standing, id="standing", fixed=True)
        yield KeyBar("dashboard", "view")

    def on_mount(self) -> None:
        """Follow the cluster."""
        self._feed.changed.subscribe(self, self._show)
        self._guide.changed.subscribe(self, lambda _: self.query_one("#header", Words).show(self._header))

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self._arrange()

    def on_screen_resume(self) -> None:
        """Show what is so now."""
        self._arrange()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Until there is something to see, only help and the way out; a run to return to, or not."""
        if not self._complete:
            return action in ("help", "leave")
        if action == "progress":
            return self._feed.session.run is not None
        return super().check_action(action, parameters)

    @property
    def selected(self) -> tuple[str, str] | None:
        """(tier, name) of the selected row."""
        table = self.table
        return (table.id or "", table.selected) if table is not None and table.selected is not None else None

    @property
    def marked(self) -> tuple[str, ...]:
        """The marked rows, whichever table they stand in, in the order in which they stand there."""
        return tuple(name for table in self.tables for name in table.marked)

    def action_actions(self) -> None:
        """What can be done to the marked rows, or to the selected one."""
        if names := self.marked or (self.selected[1:] if self.selected else ()):
            self.post_message(self.Chosen(names))

    def action_mark(self) -> None:
        """Mark the selected row, or take its mark away."""
        if self.table is not None:
            self.table.toggle_mark()

    def action_detail(self) -> None:
        """Everything that is known of the selected row."""
        self.action_wanted("detail")

    def action_wanted(self, what: str) -> None:
        """More of the selected row."""
        if self.selected:
            self.post_message(Wanted(what, *self.selected))

    def action_clear(self) -> None:
        """Show every row again, none of them marked."""
        for table in self.tables:
            table.words, table.marks = "", frozenset()

    def on_table_opened(self) -> None:
        """A second click opens the row."""
        self.action_detail()

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

    async def _complete_it(self) -> None:
        await self.mount(
            Container(*(Table(tier) for tier in TIERS), id="tiers"),
            Words(id="findings", fixed=True),
            Container(Table("node"), Words(id="events", fixed=True), id="below"),
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
        briefs = BRIEFS + 1 - keys
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
        least = min(nodes.lines, 10) if wide and snapshot and snapshot.nodes else 2
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
            return [line(Cell(" Watchkeeper  ", "$primary bold"), Cell(self._cluster, "bold"))]
        from console.tui import briefs

        session = self._feed.session
        why = (session.journal_problem or "read-only") if session.read_only else ""
        return [briefs.header(self._feed.snapshot, width, why, session.run, self._guide)]

    def _standing(self, width: int) -> list[Content]:
        if self._feed.snapshot is None:
            return [line(Cell(" connecting…", CHANGING))]
        from console.tui import briefs

        return [briefs.standing(self._feed.snapshot, width)]
