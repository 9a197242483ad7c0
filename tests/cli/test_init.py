"""A first cluster file: read from what there is, valid, without a secret, and never in place of another unasked."""

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from console.cli.root import root
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.reach import Reach

HAPROXY = """
# a balancer as Debian installs it
global
    log /dev/log local0
    stats socket /run/haproxy/look.sock mode 666 level operator
    stats socket /run/haproxy/admin.sock mode 660 level admin
defaults
    mode http
frontend www
    bind :80
    default_backend passwork
backend passwork
    balance roundrobin
    option httpchk GET /api/v1/app/health-check
    server app1 10.0.1.11:8080 check
    server "app2" 10.0.1.12:8080 check weight 100
    server app6 [fd00::11]:8080 check
    server spare 10.0.1.19:8080 check disabled
backend static
    server app1 10.0.1.11:8080
"""
NGINX = """
events {}
http {
    include conf.d/*.conf;
    server { listen 80; location / { proxy_pass http://passwork; } }
}
"""
UPSTREAM = "upstream passwork { server 10.0.1.11:8080; server app2.example:8080 weight=5; server 10.0.1.13; }\n"


def begun(*options: str, folder: Path, typed: str = "") -> Result:
    env = {"XDG_CONFIG_HOME": str(folder), "COLUMNS": "200"}
    return CliRunner().invoke(root, ["init", *options], env=env, input=typed)


def written(folder: Path, *options: str) -> tuple[dict[str, Any], Result]:
    done = begun("--name", "prod", "--environment", "production", *options, folder=folder)
    assert done.exit_code == 0, done.output
    path = folder / "watchkeeper" / "clusters" / "prod.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    if "ann" not in options[-1]:  # whose secret is not there yet
        Reach.of(ClusterFile.read(path, Plugins((bundled("plugins"),))))
    return tomllib.loads(path.read_text()), done


def test_a_haproxy_cfg_gives_socket_backends_servers_and_check(tmp_path: Path) -> None:
    (tmp_path / "haproxy.cfg").write_text(HAPROXY)
    table, done = written(tmp_path, "--haproxy", f"edge={tmp_path / 'haproxy.cfg'}")
    [balancer] = table["balancers"]
    assert balancer["name"] == "edge"
    assert balancer["socket"] == "unix:///run/haproxy/admin.sock"
    assert balancer["backends"] == ["passwork", "static"]
    assert table["health"] == {"plugin": "http", "path": "/api/v1/app/health-check"}
    assert [(node["name"], node["address"], node["port"]) for node in table["nodes"]] == [
        ("app1", "10.0.1.11", 8080),
        ("app2", "10.0.1.12", 8080),
        ("app6", "fd00::11", 8080),
        ("spare", "10.0.1.19", 8080),
    ]
    assert "1 balancers, 4 application servers" in done.stderr
    assert "config test" in done.stderr


def test_a_haproxy_cfg_without_a_socket_says_which_line_to_add(tmp_path: Path) -> None:
    (tmp_path / "haproxy.cfg").write_text("backend b\n server app1 10.0.0.1:80\n")
    _, done = written(tmp_path, "--haproxy", str(tmp_path / "haproxy.cfg"))
    assert "add `stats socket /run/haproxy/admin.sock mode 660 level admin`" in done.stderr


def test_an_nginx_conf_is_read_with_what_it_includes(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "nginx.conf").write_text(NGINX)
    (tmp_path / "conf.d" / "passwork.conf").write_text(UPSTREAM)
    table, _ = written(tmp_path, "--nginx", str(tmp_path / "nginx.conf"))
    assert table["balancers"] == [{"name": "lb1", "plugin": "nginx", "host": "local", "upstreams": ["passwork"]}]
    assert [(node["address"], node["port"]) for node in table["nodes"]] == [
        ("10.0.1.11", 8080),
        ("app2.example", 8080),
        ("10.0.1.13", 80),
    ]
    assert table["health"] == {"plugin": "tcp", "port": 8080}


def test_a_mongodb_address_gives_its_members_and_never_its_password(tmp_path: Path) -> None:
    table, done = written(tmp_path, "--mongodb", "mongodb://ann:s3cret@127.0.0.1:9,127.0.0.2:9/?replicaSet=rs0")
    assert table["replica_set"] == {
        "plugin": "mongodb",
        "uri": "mongodb://127.0.0.1:9,127.0.0.2:9/?replicaSet=rs0",
        "username": "ann",
        "password": {"env": "WK_MONGO_PASSWORD"},
    }
    assert "s3cret" not in done.output
    assert "export WK_MONGO_PASSWORD" in done.stderr


def test_two_balancers_that_name_the_same_servers_give_each_node_once(tmp_path: Path) -> None:
    (tmp_path / "haproxy.cfg").write_text(HAPROXY)
    same = ["--haproxy", str(tmp_path / "haproxy.cfg")] * 2
    table, _ = written(tmp_path, *same, "--mongodb", "mongodb://127.0.0.1:9/?replicaSet=rs0")
    assert [one["name"] for one in table["balancers"]] == ["lb1", "lb2"]
    assert len(table["nodes"]) == 5


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "init needs --haproxy FILE, --nginx FILE or --mongodb URI"),
        (["--haproxy", "/nowhere/haproxy.cfg"], "--haproxy /nowhere/haproxy.cfg cannot be read"),
        (["--haproxy", "{empty}"], "is it a haproxy.cfg?"),
        (["--haproxy", "{binary}"], "is it a haproxy.cfg?"),
        (["--nginx", "{empty}"], "have no `upstream`"),
        (["--mongodb", "postgres://ann:s3cret@db1/"], "expected mongodb://HOST:PORT"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_was_expected(tmp_path: Path, options: list[str], told: str) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 100)
    words = [word.format(empty=tmp_path / "empty", binary=tmp_path / "binary") for word in options]
    done = begun("--name", "x", "--environment", "test", *words, folder=tmp_path)
    assert done.exit_code == 2
    assert told in done.output
    assert "s3cret" not in done.output


def test_a_file_that_is_there_stays_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    out = tmp_path / "prod.toml"
    out.write_text("mine")
    options = ["--name", "x", "--environment", "test", "--mongodb", "mongodb://127.0.0.1:9/?replicaSet=rs0"]
    done = begun(*options, "--out", str(out), folder=tmp_path)
    assert done.exit_code == 2
    assert "give --force to replace it" in done.output
    assert out.read_text() == "mine"
    assert begun(*options, "--out", str(out), "--force", folder=tmp_path).exit_code == 0
    assert "replicaSet=rs0" in out.read_text()


def test_without_a_name_and_without_a_terminal_the_option_is_named(tmp_path: Path) -> None:
    done = begun("--mongodb", "mongodb://127.0.0.1:9/?replicaSet=rs0", folder=tmp_path)
    assert done.exit_code == 2
    assert "--name: expected a word" in done.output


def test_what_was_written_is_tried_when_that_is_asked_for_and_stays_when_it_fails(tmp_path: Path) -> None:
    (tmp_path / "haproxy.cfg").write_text("backend b\n server app1 127.0.0.1:9\n")
    options = ["--name", "x", "--environment", "test", "--haproxy", str(tmp_path / "haproxy.cfg"), "--test"]
    done = begun(*options, folder=tmp_path)
    path = tmp_path / "watchkeeper" / "clusters" / "x.toml"
    assert done.exit_code == 3, done.output
    assert path.exists()
    assert "FAILED  lb1            answers" in done.stdout
    assert "again: watchkeeper --cluster x config test" in done.stderr


def test_without_a_terminal_nothing_is_tried_that_was_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "haproxy.cfg").write_text("backend b\n server app1 127.0.0.1:9\n")
    _, done = written(tmp_path, "--haproxy", str(tmp_path / "haproxy.cfg"))
    assert not done.stdout
    assert "next: watchkeeper --cluster" in done.stderr


def test_an_answer_that_cannot_be_read_is_told_and_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.cli.init.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    (tmp_path / "haproxy.cfg").write_text(HAPROXY)
    answers = (
        "/nowhere/haproxy.cfg",
        str(tmp_path / "haproxy.cfg"),
        "",
        "postgres://ann:s3cret@db1/",
        "",
        "x",
        "",
        "n",
    )
    done = begun(folder=tmp_path, typed="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    assert "/nowhere/haproxy.cfg cannot be read" in done.stderr
    assert "expected mongodb://HOST:PORT" in done.stderr
    assert "1 balancers, 4 application servers, 0 members" in done.stderr


@pytest.mark.parametrize(("typed", "code"), [("\n", 3), ("n\n", 0)])
def test_at_a_terminal_it_asks_whether_to_try_it_and_enter_is_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("console.cli.init.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    (tmp_path / "haproxy.cfg").write_text("backend b\n server app1 127.0.0.1:9\n")
    options = ["--name", "x", "--environment", "test", "--haproxy", str(tmp_path / "haproxy.cfg")]
    done = begun(*options, folder=tmp_path, typed=typed)
    assert done.exit_code == code
    assert "Try everything that it names now [Y/n]" in done.output
