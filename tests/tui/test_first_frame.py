"""The first frame says that the console connects, and waits for nothing that it does not show."""

import json
import sys
from pathlib import Path

import pytest

from console.tui.dashboard import Dashboard
from tests.bench.terminal import Terminal
from tests.tui.fakes import never_connected, shown

CLUSTER = """
name = "nowhere"
[replica_set]
plugin = "mongodb"
uri = "mongodb://127.0.0.1:9/"
[health]
plugin = "http"
[shell]
plugin = "ssh"
[[nodes]]
name = "app1"
address = "127.0.0.1"
roles = ["app"]
"""
TELLING = """
import json, sys
from pathlib import Path
from textual.drivers.linux_driver import LinuxDriver
from console.cli import main
write, told = LinuxDriver.write, Path(sys.argv.pop(1))
def tell(self, data):
    if "connecting" in data and not told.exists():
        told.write_text(json.dumps(list(sys.modules)))
    write(self, data)
LinuxDriver.write = tell
main()
"""


def test_the_first_frame_waits_for_no_vendor_and_nothing_of_the_core(tmp_path: Path) -> None:
    (tmp_path / "nowhere.toml").write_text(CLUSTER)
    options = ["--cluster", str(tmp_path / "nowhere.toml"), "--state-dir", str(tmp_path / "state")]
    terminal = Terminal([sys.executable, "-c", TELLING, str(tmp_path / "told"), *options])
    try:
        terminal.until(b"tolerates")
    finally:
        terminal.close()
    there = json.loads((tmp_path / "told").read_text())
    late = ("pymongo", "httpx", "asyncssh", "sqlite3", "console.session", "console.change", "console.cluster.snapshot")
    assert "console.tui.dashboard" in there
    assert not [name for name in late if name in there]


async def test_how_long_a_first_picture_is_awaited_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.tui.dashboard.WAIT_EVERY_S", 0.01)
    monkeypatch.setattr("console.tui.dashboard.LONG_S", 0.02)
    async with never_connected().run_test(size=(80, 24)) as pilot:
        while "connecting… for 0 s" not in shown(pilot, "standing"):
            await pilot.pause()


async def test_until_there_is_something_to_see_only_help_and_the_way_out_are_offered() -> None:
    app = never_connected()
    async with app.run_test(size=(120, 40)) as pilot:
        assert shown(pilot, "standing").strip() == "connecting…"
        assert shown(pilot, "keys").split() == ["?", "help", "q", "quit"]
        await pilot.press("a", "enter", "slash", "colon", "R", "escape", "tab", "f")
        assert isinstance(app.screen, Dashboard)
        await pilot.press("q")
    assert app.return_code == 0
