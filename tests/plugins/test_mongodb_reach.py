"""Whether a member's host reaches a spare: asked there, over a real shell."""

import asyncio

from plugins.mongodb.spare import opens
from tests.plugins.ssh_server import Network


async def test_a_host_opens_a_port_that_listens_and_not_one_that_does_not(network: Network, unused_port: int) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    shell = network.shells().on("db1")
    listener = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    assert await opens(shell, f"127.0.0.1:{port}") is True
    assert await opens(shell, f"127.0.0.1:{unused_port}") is False
    assert await opens(shell, "no-such-host.invalid:27017") is False
    listener.close()


async def test_a_host_that_cannot_be_asked_says_nothing_of_the_spare(network: Network, unused_port: int) -> None:
    network.alias("db1", unused_port)
    assert await opens(network.shells().on("db1"), "127.0.0.1:27017") is None


async def test_an_address_is_never_a_command(network: Network) -> None:
    server = await network.server()
    network.know(server)
    network.alias("db1", server.port)
    shell = network.shells().on("db1")
    assert await opens(shell, f"$(touch {network.folder / 'harm'}):1") is False
    assert await opens(shell, f"x;touch {network.folder / 'harm'}:1") is False
    assert not (network.folder / "harm").exists()
