"""The door for plugins: by name, first folder first, a broken one told and no other harmed."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from console.ports.plugins import PORTS, PluginError, Plugins, bundled

KIOSK = "class Kiosk: ...\nPROVIDES = {'health': Kiosk}\n"


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Plugins stay in sys.modules, and their folders in the namespace: not beyond one test."""
    before = set(sys.modules)
    package = sys.modules.get("plugins")
    path = None if package is None else package.__path__
    yield
    for name in set(sys.modules) - before:
        if name == "plugins" or name.startswith("plugins."):
            del sys.modules[name]
    if package is not None and path is not None:
        package.__path__ = path


def folder(path: Path, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.py").write_text(text)
    return path


def test_a_plugin_is_a_file_or_a_folder(tmp_path: Path) -> None:
    folder(tmp_path, kiosk=KIOSK)
    folder(tmp_path / "stall", __init__=KIOSK.replace("Kiosk", "Stall"))
    plugins = Plugins((tmp_path,))
    assert plugins.load("kiosk", "health").__name__ == "Kiosk"
    assert plugins.load("stall", "health").__name__ == "Stall"


def test_a_folder_of_several_files_imports_its_own(tmp_path: Path) -> None:
    folder(
        tmp_path / "stall", __init__="from .inner import Stall\nPROVIDES = {'health': Stall}", inner="class Stall: ..."
    )
    assert Plugins((tmp_path,)).load("stall", "health").__name__ == "Stall"


def test_one_plugin_imports_another_by_name_wherever_its_folder_is(tmp_path: Path) -> None:
    folder(tmp_path, one_kiosk=KIOSK, other_kiosk="from plugins.one_kiosk import Kiosk\nPROVIDES = {'health': Kiosk}")
    plugins = Plugins((tmp_path,))
    assert plugins.load("other_kiosk", "health") is plugins.load("one_kiosk", "health")


def test_nobody_gets_a_plugin_of_which_another_thread_has_loaded_half(tmp_path: Path) -> None:
    slow = "import time\nNAMED = 'half'\ntime.sleep(0.05)\n" + KIOSK
    plugins = Plugins((folder(tmp_path, kiosk=slow),))
    with ThreadPoolExecutor(8) as threads:
        loaded = set(threads.map(lambda _: plugins.load("kiosk", "health"), range(8)))
    assert [one.__name__ for one in loaded] == ["Kiosk"]


def test_a_plugin_is_loaded_once(tmp_path: Path) -> None:
    plugins = Plugins((folder(tmp_path, kiosk=KIOSK),))
    assert plugins.load("kiosk", "health") is plugins.load("kiosk", "health")


def test_the_first_folder_that_has_the_name_wins(tmp_path: Path) -> None:
    own = folder(tmp_path / "own", kiosk=KIOSK.replace("Kiosk", "Own"))
    shipped = folder(tmp_path / "shipped", kiosk=KIOSK, stall=KIOSK)
    plugins = Plugins((own, shipped))
    assert plugins.load("kiosk", "health").__name__ == "Own"
    assert plugins.names() == ("kiosk", "stall")


def test_names_are_told_without_importing_anything(tmp_path: Path) -> None:
    folder(tmp_path, broken="raise SystemExit", _inner="", kiosk=KIOSK)
    folder(tmp_path / "stall", __init__="raise SystemExit")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden.py").write_text("")
    assert Plugins((tmp_path, tmp_path / "not-there")).names() == ("broken", "kiosk", "stall")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("def", "SyntaxError: "),
        ("\x00", "(SyntaxError|ValueError): source code"),
    ],
)
def test_a_broken_plugin_is_told_with_its_path_and_harms_no_other(tmp_path: Path, text: str, says: str) -> None:
    plugins = Plugins((folder(tmp_path, broken=text, kiosk=KIOSK),))
    for _ in range(2):
        with pytest.raises(PluginError, match=rf"plugin 'broken' failed to load from .*broken\.py: {says}"):
            plugins.load("broken", "health")
    assert plugins.load("kiosk", "health").__name__ == "Kiosk"


def test_a_broken_plugin_that_was_mended_loads(tmp_path: Path) -> None:
    plugins = Plugins((folder(tmp_path, kiosk="1 / 0"),))
    with pytest.raises(PluginError):
        plugins.load("kiosk", "health")
    folder(tmp_path, kiosk=f"{KIOSK}# mended")
    assert plugins.load("kiosk", "health").__name__ == "Kiosk"


def test_an_unknown_name_gives_the_nearest_and_the_list(tmp_path: Path) -> None:
    plugins = Plugins((folder(tmp_path, kiosk=KIOSK, till=KIOSK),))
    with pytest.raises(PluginError, match=r"no plugin 'kisok'; did you mean 'kiosk'\? there are: kiosk, till"):
        plugins.load("kisok", "health")


@pytest.mark.parametrize(("text", "provided"), [(KIOSK, "health"), ("", "nothing")])
def test_a_port_that_it_does_not_provide_is_told_with_those_it_does(tmp_path: Path, text: str, provided: str) -> None:
    with pytest.raises(PluginError, match=f"plugin 'kiosk' does not provide balancer; it provides {provided}"):
        Plugins((folder(tmp_path, kiosk=text),)).load("kiosk", "balancer")


def test_what_ships_with_us_is_found_and_every_plugin_loads_for_a_port_that_it_provides() -> None:
    plugins = Plugins((bundled("plugins"),))
    assert {"haproxy", "http", "linux", "mongodb", "passwork", "ssh"} <= set(plugins.names())
    for name in plugins.names():
        provided = [port for port in PORTS if _provides(plugins, name, port)]
        assert provided, name


def test_a_plugin_that_builds_on_another_loads_where_nothing_leads_to_the_folder(tmp_path: Path) -> None:
    """As in an installed wheel: the bundled folder is in no search path."""
    script = f"""
import sys
from pathlib import Path
from console.ports.plugins import Plugins
plugins = Plugins((Path({str(bundled("plugins"))!r}),))
assert "plugins" not in sys.modules
print(plugins.load("passwork", "health").__module__, plugins.load("http", "health").__module__)
"""
    console = Path(bundled("plugins")).parent / "console"
    (tmp_path / "console").symlink_to(console)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("plugins.passwork plugins.http\n", "")


def _provides(plugins: Plugins, name: str, port: str) -> bool:
    try:
        plugins.load(name, port)
    except PluginError as error:
        if "does not provide" in str(error):
            return False
        raise
    return True


def test_a_name_is_written_with_dashes_and_its_file_with_underscores(tmp_path: Path) -> None:
    plugins = Plugins((folder(tmp_path, big_kiosk=KIOSK),))
    assert plugins.names() == ("big-kiosk",)
    assert plugins.load("big-kiosk", "health") is plugins.load("big_kiosk", "health")
    with pytest.raises(PluginError, match="did you mean 'big-kiosk'"):
        plugins.load("bik-kiosk", "health")


def test_what_plugins_share_is_no_plugin(tmp_path: Path) -> None:
    assert Plugins((folder(tmp_path, _shared=KIOSK),)).names() == ()
