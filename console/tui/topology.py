"""The way of a request: balancers, the application servers that they send to, the members behind these; and what is
lost with each failure domain."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from console.cluster.snapshot import Snapshot
from console.cluster.topology import domains
from console.tui import opinions, pathsheets
from console.tui.briefs import titled
from console.tui.commands import bindings
from console.tui.feed import Feed
from console.tui.nodes import NodesView
from console.tui.parts import KeyBar, Words
from console.tui.table import Table
from console.tui.texts import TextScreen
from console.tui.words import QUIET, Cell, paragraph

WIDE = 100
"""From this width on the path goes from left to right; below it from top to bottom."""
TIERS = ("balancer", "app", "replica_set")
ABOUT = 3
"""Lines that the selected node keeps whatever the tables would like."""
LEAST = {"replica_set": 3, "balancer": 3, "domain": 3, "app": 5}
"""Lines of each table when there is no room; what there is more goes to them in this order."""


class TopologyScreen(NodesView):
    """Who sends to whom, what each is held for by the others, and what stands together."""

    BINDINGS = bindings("topology", "view")
    AUTO_FOCUS = "#app"
    where: ClassVar[str] = "topology"

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed

    def compose(self) -> ComposeResult:
        """The path, the failure domains, and the selected node."""
        yield Words(self._title, id="title", fixed=True)
        with Container(id="path"):
            for tier in TIERS:
                yield Table(tier, tells_changes=True)
        yield Table("domain")
        yield Words(self._about, id="about-node", fixed=True)
        yield from self.foot()

    def on_mount(self) -> None:
        """Follow the cluster."""
        self._feed.changed.subscribe(self, self._show)
        self._reveal(self._feed.snapshot is not None)
        if self._feed.snapshot is not None:
            self._show(self._feed.snapshot)

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self._arrange()

    def on_table_moved(self) -> None:
        """Another node."""
        self._tell()

    def on_descendant_focus(self) -> None:
        """Another tier."""
        self._tell()

    @property
    def selected(self) -> tuple[str, str] | None:
        """(tier, name) of the selected node; `domain` and its name for a failure domain, or an empty row of one."""
        found = super().selected
        if found is not None and found[1].startswith(pathsheets.FILLS):
            return "domain", found[1].strip(pathsheets.FILLS).rpartition(pathsheets.FILLS)[0]
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is done to a failure domain as such."""
        if action in ("actions", "mark", "wanted") and self.is_mounted:
            return bool(self.selected and self.selected[0] != "domain")
        return super().check_action(action, parameters)

    def action_detail(self) -> None:
        """All that is known of a node; of a failure domain what there may be no room for below the tables."""
        if self.selected and self.selected[0] == "domain":
            self.app.push_screen(TextScreen(f"Failure domain {self.selected[1]}", self._about, self._feed))
        else:
            super().action_detail()

    def _show(self, snapshot: Snapshot) -> None:
        self._fill(snapshot)
        self.query_one("#title", Words).show(self._title)
        self._tell()
        self._arrange()

    def _reveal(self, known: bool) -> None:
        """Tables without anything to show are no help."""
        self.query_one("#path").display = self.query_one("#domain").display = known

    def _fill(self, snapshot: Snapshot) -> None:
        self._reveal(True)
        sheets = {tier: sheet(snapshot) for tier, sheet in pathsheets.SHEETS.items()}
        if self.has_class("wide"):
            sheets |= pathsheets.banded(snapshot)
        for tier, sheet in sheets.items():
            self.query_one(f"#{tier}", Table).show(sheet)

    def _tell(self) -> None:
        self.query_one("#about-node", Words).show(self._about)
        self.query_one(KeyBar).redraw()

    def _arrange(self) -> None:
        """Give every part its lines: what the path does not need is the selected node's."""
        wide = self.size.width >= WIDE
        if wide != self.has_class("wide") and self._feed.snapshot is not None:
            self.set_class(wide, "wide")
            self._fill(self._feed.snapshot)
        wishes = {tier: self.query_one(f"#{tier}", Table).lines for tier in (*TIERS, "domain")}
        room = self.size.height - 1 - self.query_one(KeyBar).size.height - (ABOUT if self.size.height > 21 else 2)
        if wide:
            lost = min(wishes["domain"], room // 2)
            path = min(max(wishes[tier] for tier in TIERS), room - lost)
            heights = {**dict.fromkeys(TIERS, path), "domain": lost}
        else:
            heights = _shared(wishes, room)
            path = sum(heights[tier] for tier in TIERS)
        for tier, height in heights.items():
            self.query_one(f"#{tier}", Table).styles.height = height
        self.query_one("#path").styles.height = path

    def _title(self, width: int) -> list[Content]:
        return [titled("Topology", self._feed, width)]

    def _about(self, width: int) -> list[Content]:
        snapshot = self._feed.snapshot
        if snapshot is None:
            return [
                paragraph((Cell(" "),), "Every node is asked for the first time: nothing is known yet.", width, QUIET)
            ]
        if not self.is_mounted or self.selected is None:
            return []
        tier, name = self.selected
        if tier == "domain":
            found = next((one for one in domains(snapshot) if (one.name or pathsheets.NONE.text) == name), None)
            return opinions.about_domain(found, width) if found else []
        return opinions.about(snapshot, tier, name, width)


def _shared(wishes: dict[str, int], room: int) -> dict[str, int]:
    """Lines for each table, the least first, then as much as it wishes while there is room."""
    heights = {tier: min(wishes[tier], least) for tier, least in LEAST.items()}
    left = room - sum(heights.values())
    for tier, height in heights.items():
        more = max(0, min(wishes[tier] - height, left))
        heights[tier], left = height + more, left - more
    return heights
