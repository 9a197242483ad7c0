"""The cluster file: a mistake is one sentence with its path and the nearest right name."""

from pathlib import Path

import pytest

from console.ports.clusterfile import ClusterFile, ClusterFileError
from console.ports.plugins import Plugins
from console.ports.reach import Reach

PLUGIN = """
import msgspec
from console.ports.secrets import Secret

class Set:
    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        uri: str
        password: Secret | None = None
        deadline_s: float = 2.0

    def __init__(self, settings, context):
        self.settings, self.context = settings, context

PROVIDES = {"replica_set": Set, "balancer": Set, "health": Set}
"""

RIGHT = """
name = "prod"
environment = "production"

[replica_set]
plugin = "shop"
uri = "a,b,c"

[[balancers]]
name = "lb1"
plugin = "shop"
uri = "x"

[[nodes]]
name = "app1"
address = "10.0.0.1"
domain = "rack-a"
roles = ["app"]
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "shop.py").write_text(PLUGIN)
    return Plugins((folder,))


def decode(text: str, plugins: Plugins) -> Reach:
    return Reach.of(ClusterFile.decode(text, Path("prod.toml"), plugins))


def test_a_right_file_gives_layout_and_ports(plugins: Plugins) -> None:
    file = ClusterFile.decode(RIGHT, Path("prod.toml"), plugins)
    assert file.layout.cluster == "prod"
    assert [node.name for node in file.layout.role("app")] == ["app1"]
    reach = Reach.of(file)
    assert list(reach.balancers) == ["lb1"]
    assert reach.replica_set is not None
    assert reach.health is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (RIGHT + "\nenviroment = 'x'\n", "$.nodes[0].enviroment: unknown key"),
        (RIGHT.replace('environment = "production"', 'enviroment = "production"'), "did you mean 'environment'?"),
        (RIGHT.replace('environment = "production"', "environment = 3"), "$.environment: expected str, got int"),
        (RIGHT.replace('address = "10.0.0.1"\n', ""), "$.nodes[0].address: missing; it is required"),
        (RIGHT.replace('roles = ["app"]', 'roles = ["apps"]'), "$.nodes[0].roles[0]: invalid enum value 'apps'"),
        (RIGHT.replace('uri = "x"', 'urri = "x"'), "$.balancers[0].urri: unknown key; did you mean 'uri'?"),
        (RIGHT.replace('uri = "x"', "uri = 7"), "$.balancers[0].uri: expected str, got int"),
        (
            RIGHT.replace('plugin = "shop"', 'plugin = "shpo"', 1),
            "$.replica_set.plugin: no plugin 'shpo'; did you mean 'shop'?",
        ),
        (RIGHT.replace('plugin = "shop"\n', "", 1), "$.replica_set.plugin: expected the name of a plugin"),
        (
            RIGHT + '[[nodes]]\nname = "app1"\naddress = "x"\n',
            "$.nodes[1].name: 'app1' is already the name of $.nodes[0]",
        ),
        (RIGHT + '[shell]\nplugin = "shop"\n', "$.shell.plugin: plugin 'shop' does not provide shell"),
        ("name = ", "not valid TOML"),
        (
            RIGHT.replace('uri = "a,b,c"', 'uri = "a"\npassword = { env = "WK_NOT_SET" }'),
            "$.replica_set.password: environment variable WK_NOT_SET is not set",
        ),
        (
            RIGHT.replace('uri = "a,b,c"', 'uri = "a"\npassword = "geheim"'),
            "$.replica_set.password: a secret does not stand",
        ),
        (
            RIGHT.replace('uri = "a,b,c"', 'uri = "a"\npassword = { file = "/nowhere/at/all" }'),
            "$.replica_set.password: secret file /nowhere/at/all cannot be read",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_path_and_the_mend(plugins: Plugins, wrong: str, sentence: str) -> None:
    with pytest.raises(ClusterFileError) as mistake:
        decode(wrong, plugins)
    assert sentence in str(mistake.value)
    assert str(mistake.value).startswith("prod.toml: ")
    assert "\n" not in str(mistake.value)
    assert "geheim" not in str(mistake.value)


def test_every_secret_that_a_plugin_was_given_is_known_so_that_it_can_be_kept_out_of_the_journal(
    tmp_path: Path, plugins: Plugins
) -> None:
    password = tmp_path / "password"
    password.write_text("hunter2")
    password.chmod(0o600)
    text = RIGHT.replace('uri = "a,b,c"', f'uri = "a"\npassword = {{ file = "{password}" }}')
    file = ClusterFile.decode(text, Path("c.toml"), plugins)
    Reach.of(file)
    assert [secret.reveal() for secret in file.secrets] == ["hunter2"]


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path, plugins: Plugins) -> None:
    with pytest.raises(ClusterFileError, match=r"cannot be read: No such file"):
        ClusterFile.read(tmp_path / "none.toml", plugins)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, plugins: Plugins) -> None:
    path = tmp_path / "huge.toml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(ClusterFileError, match="larger than"):
        ClusterFile.read(path, plugins)


def test_bytes_that_are_not_text_are_a_sentence(tmp_path: Path, plugins: Plugins) -> None:
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(ClusterFileError, match="not UTF-8 text"):
        ClusterFile.read(path, plugins)
