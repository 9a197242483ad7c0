"""`plugins` and `plugins test`: a stranger's file, an installed package, a broken one, and one held to its contract."""

import json
import sys
from pathlib import Path

import pytest

from console.ports.plugins import PluginError, Plugins, bundled
from plugins.memory import cluster_file
from tests.cli.test_cli import watchkeeper

BROKEN_SERVICE = '''
import msgspec
from console.cluster.snapshot import ServiceState
from console.cluster.views import ServiceView

class Service:
    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """Nothing is told."""

    def __init__(self, settings, context):
        self.node = context.name

    async def look(self):
        return ServiceView(node=self.node, state=ServiceState.RUNNING)

    async def turn(self, verb):
        raise NotImplementedError("some day")

    def command(self, verb):
        return f"pretend to {verb}"

PROVIDES = {"service": Service}
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The user's own plugins."""
    made = tmp_path / ".config" / "watchkeeper" / "plugins"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def cluster(tmp_path: Path) -> str:
    """A cluster in memory, whose node app9 has the service of a stranger's plugin."""
    path = tmp_path / "trial.toml"
    node = '\n[[nodes]]\nname = "app9"\naddress = "app9"\nservice = { plugin = "liar" }\n'
    path.write_text(cluster_file("trial") + node)
    return str(path)


def test_a_strangers_plugin_is_listed_with_where_it_is_and_a_broken_one_with_why(tmp_path: Path, folder: Path) -> None:
    (folder / "liar.py").write_text(BROKEN_SERVICE)
    (folder / "torn.py").write_text("import no_such_module")
    told = json.loads(watchkeeper(tmp_path, "plugins", "--json")[1])
    assert told["liar"] == {"provides": {"service": []}, "from": str(folder / "liar.py"), "problem": ""}
    assert told["torn"]["provides"] == {}
    assert "No module named 'no_such_module'" in told["torn"]["problem"]
    _, words, _ = watchkeeper(tmp_path, "plugins")
    assert [line for line in words.splitlines() if line.startswith("torn") and "FAILED" in line]


def test_a_plugin_that_promises_what_it_does_not_do_is_found_out(tmp_path: Path, folder: Path, cluster: str) -> None:
    (folder / "liar.py").write_text(BROKEN_SERVICE)
    looked, words, _ = watchkeeper(tmp_path, "plugins", "test", "liar", "--cluster", cluster)
    assert looked == 0
    assert "  not tried   2 that change something; `--change app9` tries them" in words
    tried, words, _ = watchkeeper(tmp_path, "plugins", "test", "liar", "--cluster", cluster, "--change", "app9")
    assert tried == 4
    assert "  BROKEN      a stopped service is told as stopped and starts again: could not be put back: " in words
    _, told, _ = watchkeeper(tmp_path, "journal", "show", "--json")
    assert '"plugin.tried"' in told, "what is tried stands in the journal first"


def test_only_what_is_named_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "memory.toml"
    path.write_text(cluster_file("named"))
    words = ("plugins", "test", "memory", "--cluster", str(path), "--change", "lb1", "--json")
    lines = [json.loads(line) for line in watchkeeper(tmp_path, *words)[1].splitlines()]
    verdicts = {
        name: {line["verdict"] for line in lines if (line["port"], line["name"]) == ("balancer", name)}
        for name in ("lb1", "lb2")
    }
    assert verdicts == {"lb1": {"holds"}, "lb2": {"holds", "not tried"}}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("haproxy",), "uses no plugin 'haproxy'; there: liar, memory"),
        (("liar", "--change", "app1"), "plugin 'liar' stands for nothing of that name; it does for app9"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    tmp_path: Path, folder: Path, cluster: str, words: tuple[str, ...], says: str
) -> None:
    (folder / "liar.py").write_text(BROKEN_SERVICE)
    code, _, err = watchkeeper(tmp_path, "plugins", "test", *words, "--cluster", cluster)
    assert code == 2
    assert says in err


def test_nothing_is_tried_out_on_production(tmp_path: Path, folder: Path, cluster: str) -> None:
    (folder / "liar.py").write_text(BROKEN_SERVICE)
    path = Path(cluster)
    path.write_text(
        'environment = "production"\n'
        + "\n".join(line for line in path.read_text().splitlines() if not line.startswith("environment"))
    )
    code, _, err = watchkeeper(tmp_path, "plugins", "test", "liar", "--cluster", cluster, "--change", "app9")
    assert code == 2
    assert "is a production cluster: nothing is tried out on it" in err


def test_a_package_brings_plugins_by_its_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "brought.py").write_text(BROKEN_SERVICE)
    (tmp_path / "torn_one.py").write_text("raise RuntimeError('oops')")
    about = tmp_path / "brought-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[watchkeeper.plugins]\nrunit = brought\ntorn = torn_one\nhttp = torn_one\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins((bundled("plugins"),))
    assert {"runit", "torn"} <= set(plugins.names())
    assert plugins.load("runit", "service").__name__ == "Service"
    assert plugins.place("runit") == "package brought"
    with pytest.raises(PluginError, match="plugin 'torn' failed to load from package brought: RuntimeError: oops"):
        plugins.load("torn", "service")
    assert plugins.place("http") == "bundled", "a package does not silently replace one"
    sys.modules.pop("brought", None)
