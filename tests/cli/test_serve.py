"""What `serve` refuses before it listens, and what it says."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.change.journal.record import writer
from console.cli.root import root

CLUSTER = """
name = "nowhere"
[health]
plugin = "http"
[[nodes]]
name = "app1"
address = "127.0.0.1"
roles = ["app"]
"""


def served(folder: Path, *options: str) -> str:
    """What it refuses with."""
    (folder / "nowhere.toml").write_text(CLUSTER)
    argv = ["serve", "--cluster", str(folder / "nowhere.toml"), "--state-dir", str(folder), *options]
    done = CliRunner().invoke(root, argv)
    assert done.exit_code == 2, done.output
    return done.output


def test_beyond_loopback_it_wants_tls_or_a_proxy(tmp_path: Path) -> None:
    assert "give --tls-cert and --tls-key, or --behind-proxy" in served(tmp_path, "--host", "0.0.0.0")
    assert "expected https://NAME" in served(tmp_path, "--host", "0.0.0.0", "--behind-proxy", "http://ops.example")


def test_a_certificate_goes_with_its_key(tmp_path: Path) -> None:
    assert "go together" in served(tmp_path, "--tls-cert", str(tmp_path / "cert.pem"))
    both = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    assert "No such file" in served(tmp_path, *both)


def test_a_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("open sesame")
    file.chmod(0o644)
    assert "chmod 600" in served(tmp_path, "--password-file", str(file))
    assert "cannot be read" in served(tmp_path, "--password-file", str(tmp_path / "nowhere"))


def test_a_port_that_is_taken_is_told_with_the_mend(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "choose another --port" in served(tmp_path, "--port", str(taken.getsockname()[1]))


def test_the_journal_tells_how_somebody_came_in_by_the_web(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "web.login" not in writer()
    writer.cache_clear()
    monkeypatch.setenv("WATCHKEEPER_WEB_LOGIN", "link from 127.0.0.1")
    assert writer()["web.login"] == "link from 127.0.0.1"
    writer.cache_clear()
