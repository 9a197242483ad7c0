"""The topology on screen: the way along it, and what is done from it."""

from console.cluster.snapshot import Health
from console.tui.detail import DetailScreen
from console.tui.menu import Menu
from console.tui.table import Table
from console.tui.topology import TopologyScreen
from tests.cluster.pictures import calm, with_pools
from tests.tui.fakes import FakeSession, opened, shown


def focused(screen: TopologyScreen) -> str | None:
    return screen.focused.id if screen.focused else None


async def test_tab_goes_along_the_path_and_the_selected_node_is_told() -> None:
    snapshot = with_pools(calm(), "app2", balancer="lb1", check=Health.DOWN)
    async with opened(FakeSession(snapshot)) as pilot:
        await pilot.press("t")
        screen = pilot.app.screen
        assert isinstance(screen, TopologyScreen)
        await pilot.press("down")
        assert "lb1 says DOWN, health says UP" in shown(pilot, "about-node")
        await pilot.press("tab")
        assert focused(screen) == "replica_set"
        assert shown(pilot, "about-node").startswith("── db1 of rack-a")
        await pilot.press("tab")
        assert focused(screen) == "domain"
        assert "service and writes go on: 2 of 3 serve" in shown(pilot, "about-node")
        await pilot.press("tab")
        assert focused(screen) == "balancer"


async def test_enter_opens_the_node_or_the_failure_domain_and_a_the_actions_of_a_node_alone() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("2", "down", "enter")
        assert isinstance(pilot.app.screen, DetailScreen)
        await pilot.press("escape", "a")
        assert isinstance(pilot.app.screen, Menu)
        await pilot.press("escape", "tab", "tab", "a")
        assert isinstance(pilot.app.screen, TopologyScreen)
        await pilot.press("enter")
        assert "service and writes go on" in shown(pilot, "text")
        await pilot.press("escape")
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, TopologyScreen)


async def test_what_stands_in_one_domain_stands_at_one_height() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("2")
        screen = pilot.app.screen
        balancers, servers, members = (screen.query_one(f"#{id}", Table) for id in ("balancer", "app", "replica_set"))
        assert [table.lines for table in (balancers, servers, members)] == [5, 5, 5]
        balancers.focus()
        await pilot.press("end")
        assert shown(pilot, "about-node").startswith("── rack-c")  # no balancer stands there: the domain is told
