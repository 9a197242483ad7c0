"""From one cluster to another: by enter, by `:cluster`, and not while something runs that nobody let go of."""

from pathlib import Path

from console.change.run import Confirmation
from console.fleet import Fleet
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.tui.fleet import FleetScreen
from console.tui.texts import Question
from plugins.memory import cluster_file
from tests.cluster.pictures import calm
from tests.tui.fakes import FakeSession, connected, console_on


def fleet(folder: Path) -> Fleet:
    (folder / "other.toml").write_text(cluster_file("other"))
    (folder / "bad.toml").write_text("name = 7")
    plugins = Plugins((bundled("plugins"),))
    paths = {name: folder / f"{name}.toml" for name in ("other", "bad")}
    return Fleet(paths, lambda path: ClusterFile.read(path, plugins), folder)


async def test_enter_leaves_for_another_cluster(tmp_path: Path) -> None:
    app = console_on(FakeSession(calm()))
    app.fleet = lambda: fleet(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        await pilot.press("9")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, FleetScreen)
        while (chosen := screen._looks.get("other")) is None or chosen.snapshot is None:
            await pilot.pause(0.05)
        await pilot.press("end")
        await pilot.press("enter")
        while app.wanted is None:
            await pilot.pause(0.02)
    assert app.wanted.table.name == "other"
    assert app.return_code == 0


async def test_a_cluster_whose_file_is_wrong_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    app = console_on(FakeSession(calm()))
    app.fleet = lambda: fleet(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        await pilot.press("colon", *"cluster bad", "enter", "colon", *"cluster nowhere", "enter")
        while len(app._notifications) < 2:
            await pilot.pause(0.02)
        told = " ".join(notice.message for notice in app._notifications)
        assert "$.name" in told
        assert "no cluster 'nowhere' is known; there are: other, bad" in told
        assert app.wanted is None


async def test_a_running_change_is_asked_about_before_another_cluster_is_gone_to(tmp_path: Path) -> None:
    session = FakeSession(calm())
    app = console_on(session)
    app.fleet = lambda: fleet(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        session.start(session.plan("drain", "app2"), Confirmation("kernel"))
        await pilot.press("colon", *"cluster other", "enter")
        while not isinstance(app.screen, Question):
            await pilot.pause(0.02)
        await pilot.press("escape")
        await pilot.pause()
        assert app.wanted is None
