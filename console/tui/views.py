"""Every view by its name; what it is made of is imported when it is opened."""

from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from console.ports.error import OperatorError

if TYPE_CHECKING:
    from console.tui.openings import Openings

AT_ONCE = ("topology", "timeline", "journal", "fleet", "themes")
"""Those that have something to show before the session is there."""


class NotNow(OperatorError):
    """There is nothing that this view could show."""


def view(name: str, app: "Openings") -> Screen[Any]:  # noqa: C901 - one case for each view
    """The screen of a view. Raises NotNow."""
    feed = app.feed
    if name not in AT_ONCE and (not feed.connected or feed.snapshot is None):
        raise NotNow(f"{name}: connecting; what it tells is not known yet")
    match name:
        case "topology":
            from console.tui.topology import TopologyScreen

            return TopologyScreen(feed)
        case "timeline":
            from console.tui.timeline import TimelineScreen

            return TimelineScreen(feed, app.journal_folder, app.cluster)
        case "findings":
            from console.tui.findings import FindingsScreen

            return FindingsScreen(feed)
        case "runbooks" if app.guide.going:
            from console.tui.guided import GuidedScreen

            return GuidedScreen(feed, app.guide)
        case "runbooks":
            from console.tui.runbooks import RunbooksScreen

            return RunbooksScreen(feed, app.config_dir)
        case "journal":
            from console.tui.journal import JournalScreen

            return JournalScreen(feed, app.journal_folder, app.cluster)
        case "headroom":
            from console.tui.briefs import advice
            from console.tui.texts import TextScreen

            return TextScreen("Headroom, and how to scale", lambda width: advice(feed, width), feed)
        case "unfinished":
            from console.tui.unfinished import UnfinishedScreen

            return UnfinishedScreen(feed)
        case "fleet" if app.fleet is not None:
            from console.tui.fleet import FleetScreen

            return FleetScreen(app.fleet(), app.cluster)
        case "connections":
            from console.tui.connections import ConnectionsScreen

            return ConnectionsScreen(feed, app.journal_folder)
        case "themes":
            from console.tui.picker import ThemesScreen

            return ThemesScreen(app.shelf, app.cluster)
    raise NotNow("no other cluster is known here")
