"""Files of a host are read through its shell, whole or not at all, and each refusal carries its mend."""

from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from console.ports.files import LIMIT_BYTES, Here, There
from console.ports.protocols import Completed
from console.ports.protocols.written import Files, Unread
from tests.plugins.ssh_server import Network


class Answers:
    """A shell whose every command ends so."""

    def __init__(self, status: int, stdout: str = "", stderr: str = "") -> None:
        self.done = Completed(status=status, stdout=stdout, stderr=stderr)

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        return self.done

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        raise NotImplementedError


@pytest.fixture
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    network = Network(tmp_path_factory.mktemp("network"))
    yield network
    await network.close()


@pytest.fixture(params=["here", "there"])
async def files(request: pytest.FixtureRequest, network: Network) -> Files:
    if request.param == "here":
        return Here()
    server = await network.server()
    network.know(server)
    network.alias("lb1", server.port)
    return There("lb1", "127.0.0.1", network.shells().on("lb1"))


async def why(files: Files, path: str) -> str:
    with pytest.raises(Unread) as refused:
        await files.read(path)
    return str(refused.value)


async def test_a_file_is_read_to_the_last_character(files: Files, tmp_path: Path) -> None:
    text = "# Größe\n" * 5_000 + "no newline at its end"
    (tmp_path / "haproxy.cfg").write_text(text)
    assert await files.read(str(tmp_path / "haproxy.cfg")) == text


async def test_a_pattern_matches_as_nginx_has_it(files: Files, tmp_path: Path) -> None:
    for name in ("b.conf", "a b.conf", "c.conf~", "$(touch ran).conf"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder.conf").mkdir()
    (tmp_path / "link.conf").symlink_to(tmp_path / "b.conf")
    (tmp_path / "gone.conf").symlink_to(tmp_path / "nowhere")
    found = await files.matching(str(tmp_path / "*.conf"))
    assert [Path(path).name for path in found] == ["$(touch ran).conf", "a b.conf", "b.conf", "link.conf"]
    assert await files.matching(str(tmp_path / "$(touch ran)*.none")) == []
    assert await files.matching(str(tmp_path / "a b.c*")) == [str(tmp_path / "a b.conf")]
    assert not (tmp_path / "ran").exists()


async def test_a_file_that_is_not_there_is_told_with_its_path(files: Files, tmp_path: Path) -> None:
    told = await why(files, str(tmp_path / "haproxy.cfg"))
    assert f"{tmp_path / 'haproxy.cfg'}" in told
    assert "cannot be read: No such file or directory" in told


async def test_a_file_that_is_too_large_is_not_read_in_part(files: Files, tmp_path: Path) -> None:
    with (tmp_path / "haproxy.cfg").open("wb") as file:
        file.truncate(LIMIT_BYTES + 1)
    assert str(tmp_path / "haproxy.cfg") in await why(files, str(tmp_path / "haproxy.cfg"))


async def test_what_a_shell_cuts_off_is_refused(network: Network, tmp_path: Path) -> None:
    server = await network.server()
    network.know(server)
    network.alias("lb1", server.port)
    (tmp_path / "haproxy.cfg").write_text("server\n" * 50_000)
    told = await why(There("lb1", "", network.shells().on("lb1")), str(tmp_path / "haproxy.cfg"))
    assert "on lb1 has 350000 bytes, more than a shell hands over" in told
    assert "copy it to this machine" in told


async def test_what_we_may_not_read_there_is_told_with_what_lets_us() -> None:
    refusing = Answers(1, stderr="stat: cannot statx '/etc/haproxy/haproxy.cfg': Permission denied\n")
    told = await why(There("lb1", "", refusing), "/etc/haproxy/haproxy.cfg")
    assert told == (
        "/etc/haproxy/haproxy.cfg on lb1 cannot be read: Permission denied; "
        "let this user read it there, or copy it to this machine, and name the copy"
    )
