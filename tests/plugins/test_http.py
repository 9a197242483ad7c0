"""Checks by HTTP: TLS that fails closed and says which of its rules failed, and servers that do not wait in line."""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console.cluster.snapshot import Health
from console.cluster.views import HealthView
from console.ports.plugins import Context
from console.ports.protocols import HealthCheck
from console.ports.secrets import Secret
from plugins.http import HTTP
from plugins.passwork import Passwork
from tests.plugins.http_server import Answer, answer, serving

WELL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
ADDRESS = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


def certificate(folder: Path, name: x509.GeneralName, days: int = 1) -> Path:
    """A certificate that is its own authority, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "app1.pem"
    path.write_bytes(made.public_bytes(pem) + private)
    return path


@asynccontextmanager
async def serving_tls(pem: Path, seen: list[bytes]) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    talks: list[asyncio.Task[None] | None] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(WELL)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*filter(None, talks))


async def look(pem: Path, *, trusted: bool = True, host: str = "") -> tuple[HealthView, list[bytes]]:
    settings = HTTP.Settings(scheme="https", ca_file=str(pem) if trusted else "", host=host)
    check, seen = HTTP(settings, Context(name="health")), list[bytes]()
    try:
        async with serving_tls(pem, seen) as port:
            return await check.look("app1", "127.0.0.1", port), seen
    finally:
        await check.close()


async def http(send: Answer, settings: HTTP.Settings | None = None) -> HealthView:
    check = HTTP(settings or HTTP.Settings(), Context(name="health"))
    try:
        async with serving(send) as port:
            return await check.look("app1", "127.0.0.1", port)
    finally:
        await check.close()


def test_both_are_health_checks() -> None:
    assert isinstance(HTTP(HTTP.Settings(), Context(name="health")), HealthCheck)
    assert isinstance(Passwork(Passwork.Settings(token=Secret("t")), Context(name="health")), HealthCheck)


async def test_a_certificate_of_the_authority_that_was_named_is_trusted(tmp_path: Path) -> None:
    view, seen = await look(certificate(tmp_path, ADDRESS))
    assert (view.health, view.reason) == (Health.UP, "")
    assert b"Host: 127.0.0.1:" in seen[0]


@pytest.mark.parametrize(
    ("name", "days", "trusted", "host", "says"),
    [
        (ADDRESS, 1, False, "", "TLS: self-signed certificate"),
        (ADDRESS, -1, True, "", "TLS: certificate has expired"),
        (x509.DNSName("other.example"), 1, True, "", "TLS: IP address mismatch"),
        (ADDRESS, 1, True, "passwork.example", "TLS: Hostname mismatch"),
    ],
)
async def test_tls_that_does_not_hold_is_unknown_and_nothing_is_sent(
    tmp_path: Path, name: x509.GeneralName, days: int, trusted: bool, host: str, says: str
) -> None:
    view, seen = await look(certificate(tmp_path, name, days), trusted=trusted, host=host)
    assert view.health is Health.UNKNOWN
    assert view.reason.startswith(says)
    assert seen == []


async def test_a_server_is_asked_by_the_name_in_its_certificate(tmp_path: Path) -> None:
    view, seen = await look(certificate(tmp_path, x509.DNSName("passwork.example")), host="passwork.example")
    assert (view.health, view.reason) == (Health.UP, "")
    assert b"\r\nHost: passwork.example\r\n" in seen[0]


async def test_a_hundred_silent_servers_keep_no_other_waiting() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def say_well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(WELL)
        await writer.drain()
        writer.close()

    check = HTTP(HTTP.Settings(deadline_s=3.0), Context(name="health"))
    async with (
        await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent,
        await asyncio.start_server(say_well, "127.0.0.1", 0) as well,
    ):
        ports = [server.sockets[0].getsockname()[1] for server in (silent, well)]
        waiting = [asyncio.create_task(check.look("dead", "127.0.0.1", ports[0])) for _ in range(100)]
        await asyncio.sleep(0.5)
        began_s = time.monotonic()
        view = await check.look("app1", "127.0.0.1", ports[1])
        assert view.health is Health.UP
        assert time.monotonic() - began_s < 1.0
        assert {view.reason for view in await asyncio.gather(*waiting)} == {"no answer within 3 s"}
        await check.close()


@pytest.mark.parametrize("deadline_s", [0, -1])
def test_a_deadline_that_nothing_can_keep_is_told_at_the_start(deadline_s: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        HTTP.Settings(deadline_s=deadline_s)


def test_a_ca_file_without_certificates_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    with pytest.raises(ValueError, match=r"ca_file .*ca\.pem cannot be used: "):
        HTTP(HTTP.Settings(scheme="https", ca_file=str(path)), Context(name="health"))


async def test_who_refuses_the_connection_is_down() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        check = HTTP(HTTP.Settings(), Context(name="health"))
        view = await check.look("app1", "127.0.0.1", closed.getsockname()[1])
        await check.close()
    assert (view.health, view.reason) == (Health.DOWN, "connection refused")


@pytest.mark.parametrize("address", ["name.invalid", "a b", "\x00", "a" * 300])
async def test_what_cannot_be_found_is_unknown(address: str) -> None:
    check = HTTP(HTTP.Settings(port=1), Context(name="health"))
    view = await check.look("app1", address, None)
    await check.close()
    assert view.health is Health.UNKNOWN
    assert view.reason


async def test_tls_that_is_none_is_unknown() -> None:
    async def speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()

    view = await http(speak_plainly, HTTP.Settings(scheme="https"))
    assert view.health is Health.UNKNOWN
    assert view.reason.startswith("TLS: ")


def test_a_ca_file_that_is_missing_is_told_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"ca_file /none\.pem cannot be used: No such file or directory"):
        HTTP(HTTP.Settings(scheme="https", ca_file="/none.pem"), Context(name="health"))


@pytest.mark.parametrize(
    ("status", "settings", "reason"),
    [
        ("200 OK", HTTP.Settings(), ""),
        ("204 No Content", HTTP.Settings(), "HTTP 204"),
        ("302 Found", HTTP.Settings(expect_status=[302]), ""),
        ("200 OK", HTTP.Settings(expect="is well"), ""),
        ("200 OK", HTTP.Settings(expect="is bad"), "'is bad' is not in its answer"),
    ],
)
async def test_plain_http_looks_at_status_and_text(status: str, settings: HTTP.Settings, reason: str) -> None:
    view = await http(answer(b"" if "204" in status else b"all is well", status), settings)
    assert (view.health is Health.UP, view.reason) == (not reason, reason)


def test_a_path_without_its_slash_is_told_at_the_start() -> None:
    with pytest.raises(ValueError, match="begin with '/'"):
        HTTP.Settings(path="health")
