"""Keys as the operator wants them: what a file may say, and what it is told when it says something else."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from console.cli.root import root
from console.tui.commands import COMMANDS, commands
from console.tui.keymap import TAKEN, Keymap
from console.tui.menu import Menu
from console.tui.texts import WHERE
from tests.cluster.pictures import calm
from tests.tui.fakes import FakeSession, connected, console_on, opened, shown


def test_no_declared_key_is_one_that_tmux_screen_or_a_shell_takes() -> None:
    declared = {key for command in COMMANDS for key in command.keys.split(",")}
    assert not declared & set(TAKEN)


def test_every_id_is_declared_once_and_every_place_stands_in_the_help() -> None:
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))
    assert {command.where for command in COMMANDS} == set(WHERE)


@pytest.mark.parametrize("where", WHERE)
def test_no_key_of_a_place_means_two_things(where: str) -> None:
    keys = [key for command in COMMANDS if command.where == where for key in command.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_a_screen_s_own_key_comes_before_the_same_key_of_every_view() -> None:
    by_id = {command.id: command.keys for command in commands("unfinished", "view")}
    assert by_id["unfinished.undo"] == "u"
    assert by_id["view.unfinished"] == "8"


@pytest.mark.parametrize(
    ("id", "said", "told"),
    [
        ("dashboard.action", "x", "did you mean 'dashboard.actions'?"),
        ("dashboard.actions", "ctrl+b", "ctrl+b is taken by tmux"),
        ("dashboard.actions", "ctrl+a", "ctrl+a is taken by GNU screen"),
        ("dashboard.actions", "escpe", "did you mean 'escape'?"),
        ("dashboard.actions", 7, "expected a key or a list of keys, got 7"),
        ("dashboard.actions", [], "expected a key or a list of keys"),
        ("dashboard.actions", "f", "f is findings (view.findings) there already"),
        ("view.findings", "a", "a is actions (dashboard.actions) there already"),
    ],
)
def test_what_a_key_cannot_be_is_told_and_left_as_declared(id: str, said: object, told: str) -> None:
    keymap = Keymap.of({id: said})
    assert not keymap.keys
    [mistake] = keymap.mistakes
    assert told in mistake


def test_two_commands_can_change_their_keys() -> None:
    keymap = Keymap.of({"view.findings": "j", "view.journal": ["f", "F5"]})
    assert not keymap.mistakes
    assert keymap.keys == {"view.findings": "j", "view.journal": "f,f5"}


def test_a_file_that_is_no_toml_leaves_every_key_as_declared(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text("dashboard.actions = ")
    keymap = Keymap.read(tmp_path)
    assert not keymap.keys
    assert "every key is as declared" in keymap.mistakes[0]
    assert Keymap.read(tmp_path / "nowhere").mistakes == ()


async def test_a_key_of_the_file_works_and_stands_in_key_bar_and_help(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text('"dashboard.actions" = ["x", "f5"]\n"view.nothing" = "y"\n')
    app = console_on(FakeSession(calm()), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        assert " x actions" in shown(pilot, "keys")
        assert any("there is no command 'view.nothing'" in notice.message for notice in app._notifications)
        await pilot.press("a")
        assert not isinstance(app.screen, Menu)
        await pilot.press("x")
        assert isinstance(app.screen, Menu)
        await pilot.press("escape", "question_mark")
        assert "x f5" in shown(pilot, "text")


async def test_a_mistaken_key_takes_no_other_key_away() -> None:
    async with opened(FakeSession(calm())) as pilot:
        await pilot.press("a")
        assert isinstance(pilot.app.screen, Menu)


def test_the_command_line_tells_keys_and_mistakes(tmp_path: Path) -> None:
    (tmp_path / "watchkeeper").mkdir()
    (tmp_path / "watchkeeper" / "keys.toml").write_text('"dashboard.actions" = "x"\n"dashboard.run" = "ctrl+z"\n')
    told = CliRunner().invoke(root, ["keys", "--json"], env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert told.exit_code == 2
    assert len(told.stdout.splitlines()) == len(COMMANDS)
    assert '"keys":"x","id":"dashboard.actions"' in told.stdout
    assert "ctrl+z is taken by every shell" in told.stderr
