"""Passwork's health answer, good and bad, from real servers on loopback."""

import asyncio
import base64
import json
import logging
import time

import pytest

from console.cluster.snapshot import Health
from console.cluster.views import HealthView
from console.ports.plugins import Context
from console.ports.secrets import Secret
from plugins.passwork import Passwork
from tests.plugins.http_server import Answer, answer, read_request, serving

TOKEN = "s3cret/+token"
WELL = b'{"states":{"mongodb":"ok"},"errors":[]}'


async def passwork(send: Answer, *, method: str = "POST", deadline_s: float = 2.0) -> HealthView:
    settings = Passwork.Settings(token=Secret(TOKEN), method=method, deadline_s=deadline_s)  # type: ignore[arg-type]
    check = Passwork(settings, Context(name="health"))
    try:
        async with serving(send) as port:
            view = await check.look("app1", "127.0.0.1", port)
    finally:
        await check.close()
    assert view.server == "app1"
    assert TOKEN not in view.reason
    return view


def wrapped(body: bytes) -> bytes:
    return json.dumps({"format": "base64", "content": base64.b64encode(body).decode()}).encode()


@pytest.mark.parametrize("body", [WELL, wrapped(WELL), b'{"states":{"mongodb":"ok","queue":"ok"}}'])
async def test_well_is_who_says_that_every_state_is_ok(body: bytes) -> None:
    view = await passwork(answer(body))
    assert (view.health, view.reason) == (Health.UP, "")
    assert view.latency_ms is not None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"states":{"mongodb":"fail"},"errors":[]}', "mongodb: fail"),
        (wrapped(b'{"states":{"mongodb":"fail"}}'), "mongodb: fail"),
        (b'{"states":{"mongodb":"ok"},"errors":["no disk\\n"]}', "error: no disk "),
        (b'{"states":{"mongodb":{"a":1}}}', "mongodb: not ok"),
        (b'{"states":{}}', "JSON without states"),
        (b"[]", "JSON without states"),
        (b"", "an empty answer"),
        (b"<!doctype html><p>Login", "an HTML page instead of JSON"),
        (b'{"states":{"mongodb":NaN}}', "not JSON"),
        (b'{"states":{"mongodb":"\xff"}}', "not JSON"),
        (b'{"states":{"mongodb":"fail","mongodb":"ok"}}', "not JSON"),
        (b'{"states":{"mongodb":"fail"},"states":{"mongodb":"ok"}}', "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (wrapped(b"["), "not JSON"),
        (b'{"format":"base64","content":"%%%"}', "its content is not base64"),
        (b'{"format":"base64","content":7}', "its content is not base64"),
        (b"x" * 10 * 1024**2, "more than 64 KiB"),
    ],
)
async def test_whoever_does_not_say_so_is_down(body: bytes, reason: str) -> None:
    view = await passwork(answer(body))
    assert (view.health, view.reason) == (Health.DOWN, reason)


async def test_a_page_is_known_by_its_type_too() -> None:
    view = await passwork(answer(b"Login", headers="Content-Type: text/html"))
    assert view.reason == "an HTML page instead of JSON"


async def test_a_wrong_status_is_down() -> None:
    view = await passwork(answer(WELL, "503 Service Unavailable"))
    assert (view.health, view.reason) == (Health.DOWN, "HTTP 503")


async def test_a_wrong_status_is_told_with_what_fails_where_that_is_said() -> None:
    view = await passwork(answer(b'{"states":{"mongodb":"fail"},"errors":[]}', "503 Service Unavailable"))
    assert (view.health, view.reason) == (Health.DOWN, "HTTP 503; mongodb: fail")
    view = await passwork(answer(b"x" * 10 * 1024**2, "500 Internal Server Error"))
    assert (view.health, view.reason) == (Health.DOWN, "HTTP 500")


async def test_what_it_says_of_its_database_is_told_whatever_else_it_says() -> None:
    assert (await passwork(answer(WELL))).database is Health.UP
    assert (await passwork(answer(b'{"states":{"mongodb":"ok","queue":"fail"}}'))).database is Health.UP
    assert (await passwork(answer(b'{"states":{"mongodb":"fail"}}', "503 Service Unavailable"))).database is Health.DOWN
    assert (await passwork(answer(b'{"states":{"queue":"ok"}}'))).database is None
    assert (await passwork(answer(b"", "401 Unauthorized"))).database is None


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_a_refused_token_tells_nothing_of_the_server(status: str) -> None:
    view = await passwork(answer(b"", status))
    assert (view.health, view.reason) == (Health.UNKNOWN, f"the token was refused (HTTP {status[:3]})")


async def test_a_redirect_is_not_followed() -> None:
    view = await passwork(answer(b"", "302 Found", f"Location: https://other/login?token={TOKEN}"))
    assert (view.health, view.reason) == (Health.DOWN, "a redirect to https://other/login, not followed")


async def test_an_echoed_token_is_hidden() -> None:
    body = json.dumps({"states": {"mongodb": "ok"}, "errors": [f"bad token {TOKEN}"]}).encode()
    assert (await passwork(answer(body))).reason == "error: bad token ***"


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_the_token_goes_by_the_method_that_was_chosen(method: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[bytes] = []
    assert (await passwork(answer(WELL, seen=seen), method=method)).health is Health.UP
    head, body = seen
    assert head.startswith(f"{method} /api/v1/app/health-check".encode())
    assert b"accept-encoding: identity" in head.lower()
    if method == "POST":
        assert json.loads(body) == {"token": TOKEN}
        assert b"token" not in head
    else:
        assert b"?token=s3cret%2F%2Btoken " in head
    assert "s3cret" not in caplog.text


async def test_one_byte_at_a_time_does_not_outlast_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n")
        for byte in WELL:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.2)

    began_s = time.monotonic()
    view = await passwork(drip, deadline_s=0.5)
    assert (view.health, view.reason) == (Health.UNKNOWN, "no answer within 0.5 s")
    assert time.monotonic() - began_s < 1.5


async def test_silence_is_unknown() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    view = await passwork(say_nothing, deadline_s=0.3)
    assert (view.health, view.reason) == (Health.UNKNOWN, "no answer within 0.3 s")


async def test_a_connection_that_ends_without_an_answer_is_down() -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)

    view = await passwork(leave)
    assert (view.health, view.reason) == (Health.DOWN, "an empty answer")


async def test_another_protocol_is_down() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        await writer.drain()

    view = await passwork(greet)
    assert (view.health, view.reason) == (Health.DOWN, "not an HTTP answer")
