"""A connection that opens, or why it did not; against real sockets."""

import asyncio
import socket

import msgspec
import pytest

from console.cluster.snapshot import Health
from console.ports.plugins import Context
from console.ports.protocols import HealthCheck
from plugins.tcp import TCP


def check(port: int, deadline_s: float = 2.0) -> HealthCheck:
    return TCP(TCP.Settings(port=port, deadline_s=deadline_s), Context(name="health"))


async def test_who_listens_is_up_and_is_told_how_fast() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        view = await check(server.sockets[0].getsockname()[1]).look("app1", "127.0.0.1", None)
    assert (view.health, view.reason) == (Health.UP, "")
    assert view.latency_ms is not None


async def test_the_port_of_the_node_is_taken_before_that_of_the_table() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        view = await check(9).look("app1", "127.0.0.1", server.sockets[0].getsockname()[1])
    assert view.health is Health.UP


async def test_nobody_there_is_down() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        view = await check(free.getsockname()[1]).look("app1", "127.0.0.1", None)
    assert (view.health, view.reason) == (Health.DOWN, "connection refused")


async def test_who_does_not_answer_is_unknown_within_the_deadline() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(4):  # more than its queue holds: the next waits for an answer that does not come
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            waiting.append(one)
        view = await check(full.getsockname()[1], deadline_s=0.3).look("app1", "127.0.0.1", None)
        for one in waiting:
            one.close()
    assert (view.health, view.reason) == (Health.UNKNOWN, "no answer within 0.3 s")


async def test_a_name_that_nobody_knows_is_unknown() -> None:
    view = await check(80).look("app1", "app1.invalid", None)
    assert view.health is Health.UNKNOWN
    assert "app1.invalid" in view.reason


@pytest.mark.parametrize(("table", "says"), [({"port": 0}, "port 0"), ({"port": 80, "deadline_s": 0}, "deadline_s")])
def test_a_table_that_makes_no_sense_is_refused(table: dict[str, float], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(table, TCP.Settings)
