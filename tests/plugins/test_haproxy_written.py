"""haproxy.cfg of another host: which of its sockets is reached from here, and by what."""

import pytest

from console.ports.protocols.written import Files
from plugins.haproxy.written import WrittenConfig


class OneFile:
    """Every file of a host reads so."""

    def __init__(self, text: str, host: str, address: str) -> None:
        self.text, self.host, self.address = text, host, address

    async def read(self, path: str) -> str:
        return self.text

    async def matching(self, pattern: str) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("socket", "lines"),
    [
        ("ssh://lb1/run/admin.sock", ["/run/admin.sock level admin"]),
        ("ssh://lb1/run/admin.sock", ["/run/look.sock level operator", "unix@/run/admin.sock level admin"]),
        ("ssh://lb1/run/admin.sock", ["127.0.0.1:9999 level admin", "/run/admin.sock level admin"]),
        ("tcp://10.0.1.1:9999", ["*:9999 level admin"]),
        ("tcp://10.0.1.1:9999", ["ipv4@0.0.0.0:9999 level admin"]),
        ("tcp://10.0.2.1:9999", ["ipv4@10.0.2.1:9999 level admin"]),
    ],
)
async def test_the_socket_that_is_reached_from_here_is_taken(socket: str, lines: list[str]) -> None:
    text = "global\n" + "".join(f" stats socket {line}\n" for line in lines)
    found = await WrittenConfig.read("/etc/haproxy/haproxy.cfg", OneFile(text, "lb1", "10.0.1.1"))
    assert found.settings["socket"] == socket
    assert not found.notes


async def test_every_address_of_a_host_by_ipv6_is_written_as_an_address_is() -> None:
    files: Files = OneFile("global\n stats socket :::9999 level admin\n", "lb1", "fd00::1")
    assert (await WrittenConfig.read("haproxy.cfg", files)).settings["socket"] == "tcp://[fd00::1]:9999"


async def test_a_socket_that_only_its_own_host_reaches_is_told_with_what_is_reached() -> None:
    files = OneFile("global\n stats socket 127.0.0.1:9999 level admin\n", "lb1", "10.0.1.1")
    [note] = (await WrittenConfig.read("haproxy.cfg", files)).notes
    assert note == "tcp://127.0.0.1:9999 is heard on lb1 alone: add a unix socket, which is reached by its shell"
