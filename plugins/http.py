"""A health check by HTTP status and text, and the bounded request that other checks by HTTP are made of."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
import msgspec

from console.cluster.layout import NodeLine
from console.cluster.snapshot import Health
from console.cluster.text import clean
from console.cluster.views import HealthView
from console.ports.plugins import Context
from console.ports.protocols import RawDocument
from plugins._raw import asked, http_text

BODY_LIMIT_BYTES = 64 * 1024

for _name in ("httpx", "httpcore"):
    # They log every URL, and a URL may hold a token.
    logging.getLogger(_name).setLevel(logging.WARNING)


class Unfit(Exception):
    """The server did not show that it is well; the message says how."""

    def __init__(self, reason: str, health: Health = Health.DOWN) -> None:
        super().__init__(reason)
        self.health = health


class Where(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every check by HTTP is told in its table."""

    port: int | None = None
    scheme: Literal["http", "https"] = "http"
    path: str = "/"
    host: str = ""
    """The name in the request and in the certificate, where it is not the node's address."""
    ca_file: str = ""
    """Empty: the authorities that this system trusts."""
    deadline_s: float = 2.0

    def __post_init__(self) -> None:
        """Raises ValueError for a path that is none, or a deadline that no look could keep."""
        if not self.path.startswith("/"):
            raise ValueError(f"path {self.path!r} must begin with '/'")
        if self.deadline_s <= 0:
            raise ValueError("deadline_s must be more than 0")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, cut where it went over the limit."""

    status: int
    headers: httpx.Headers
    raw: bytes

    def body(self) -> bytes:
        """The raw body. Raises Unfit when it is more than BODY_LIMIT_BYTES."""
        if len(self.raw) > BODY_LIMIT_BYTES:
            raise Unfit(f"more than {BODY_LIMIT_BYTES // 1024} KiB")
        return self.raw

    def unexpected(self) -> str:
        """Its status, for a person."""
        location = self.headers.get("location", "")
        if 300 <= self.status < 400 and location:
            # Without its query: that may repeat ours.
            return f"a redirect to {location.partition('?')[0]}, not followed"
        return f"HTTP {self.status}"


class Requests:
    """Bounded requests: nothing followed, nothing kept, an end to every size and every wait."""

    def __init__(self, where: Where) -> None:
        """Raises ValueError for a ca_file that cannot be used."""
        self._where = where
        self._client = httpx.AsyncClient(
            verify=trust(where.scheme, where.ca_file),
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # one total deadline instead: httpx's own start anew with every byte
            # A fresh connection each time: what a kept one says when its server restarts looks like a failure. As many
            # as there are servers: who is silent must not keep the others waiting.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def answer(
        self,
        method: str,
        address: str,
        port: int | None,
        *,
        accept: str,
        query: str = "",
        json: object = None,
        read: bool = True,
    ) -> Answer:
        """Whatever the server answers within the deadline. Raises Unfit."""
        request = self._request(method, address, port, accept, query, json)
        try:
            async with asyncio.timeout(self._where.deadline_s):
                response = await self._client.send(request, stream=True)
                try:
                    raw = await _bounded(response) if read else b""
                    return Answer(response.status_code, response.headers, raw)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise Unfit(f"no answer within {self._where.deadline_s:g} s", Health.UNKNOWN) from None
        except (httpx.HTTPError, OSError) as error:
            raise transport_problem(error, address) from None

    async def close(self) -> None:
        """Let go of the client."""
        await self._client.aclose()

    def _request(
        self, method: str, address: str, port: int | None, accept: str, query: str, json: object
    ) -> httpx.Request:
        where = self._where
        place = f"[{address}]" if ":" in address else address
        port = port or where.port or (443 if where.scheme == "https" else 80)
        path = f"{where.path}{'&' if '?' in where.path else '?'}{query}" if query else where.path
        # Identity: a small answer that unpacks to a large one is none that we read.
        headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "watchkeeper"}
        named = {"Host": where.host} if where.host else {}
        try:
            return httpx.Request(
                method,
                f"{where.scheme}://{place}:{port}{path}",
                headers=headers | named,
                json=json,
                extensions={"sni_hostname": where.host} if where.host else {},
            )
        except (httpx.InvalidURL, ValueError):
            raise Unfit(f"its address {address!r} makes no URL", Health.UNKNOWN) from None


class HTTP:
    """Well is who answers with an expected status, and with a text where one is expected."""

    class Settings(Where, kw_only=True, forbid_unknown_fields=True):
        """The `[health]` table."""

        expect_status: list[int] = msgspec.field(default_factory=lambda: [200])
        expect: str = ""
        """A text that the body must hold; empty: the body is not read."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._lines = context.lines
        self._requests = Requests(settings)

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """Its answer as it is."""

        async def ask(address: str, port: int | None) -> Answer:
            return await self._requests.answer("GET", address, port, accept="*/*")

        return (await raw_answer(self._lines, node, f"GET {self._settings.path}", ask),)

    async def look(self, server: str, address: str, port: int | None) -> HealthView:
        """One answer within the deadline."""
        wanted = self._settings.expect
        began_s = time.monotonic()
        try:
            answer = await self._requests.answer("GET", address, port, accept="*/*", read=bool(wanted))
            if answer.status not in self._settings.expect_status:
                raise Unfit(answer.unexpected())
            if wanted and wanted.encode() not in (body := answer.body()):
                raise Unfit(f"'{wanted}' is not in its answer" if body else "an empty answer")
        except Unfit as problem:
            return unfit_view(server, problem)
        return HealthView(server=server, health=Health.UP, latency_ms=(time.monotonic() - began_s) * 1000)

    async def close(self) -> None:
        """Let go of connections."""
        await self._requests.close()


async def raw_answer(
    lines: Sequence[NodeLine],
    node: str,
    request: str,
    ask: Callable[[str, int | None], Awaitable[Answer]],
    hide: Collection[str] = (),
) -> RawDocument:
    """What a node of the cluster file answers; `request` is its method and path, without what is secret in it."""
    line = next((line for line in lines if line.name == node), None)
    if line is None:
        return RawDocument(title=f"{request} on {node}", problem="it is no node of the cluster file")

    async def answered() -> str:
        answer = await ask(line.address, line.port)
        text = http_text(answer.status, answer.headers, answer.raw, BODY_LIMIT_BYTES)
        for secret in hide:
            text = text.replace(secret, "***")
        return text

    return await asked(f"{request.partition('?')[0]} on {node} ({line.address})", answered, (Unfit,))


def unfit_view(server: str, problem: Unfit, *, hide: Collection[str] = ()) -> HealthView:
    """The view of a problem, its words bounded, printable, and without a secret that was echoed."""
    reason = str(problem)
    for secret in hide:
        reason = reason.replace(secret, "***")
    return HealthView(server=server, health=problem.health, reason=clean(reason))


def trust(scheme: str, ca_file: str) -> ssl.SSLContext:
    """Whom a client believes; without a file the authorities of this system. Raises ValueError for an unfit file."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and costs nothing
    try:
        return ssl.create_default_context(cafile=Path(ca_file).expanduser() if ca_file else None)
    except OSError as error:
        why = error.strerror or "no certificates in PEM form"
        raise ValueError(f"ca_file {ca_file} cannot be used: {why}") from None


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            break
    return bytes(body)


def transport_problem(error: Exception, host: str) -> Unfit:
    """Why nobody could be asked: down where the host itself says so, else unknown."""
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return Unfit(f"name {host} cannot be resolved", Health.UNKNOWN)
            case ssl.SSLCertVerificationError():
                return Unfit(f"TLS: {cause.verify_message}", Health.UNKNOWN)
            case ssl.SSLError():
                return Unfit(f"TLS: {cause.reason or cause}", Health.UNKNOWN)
            case ConnectionRefusedError():
                return Unfit("connection refused")
            case ConnectionError():
                return Unfit("connection closed")
            case OSError() if cause.strerror:
                return Unfit(f"cannot be reached: {cause.strerror}", Health.UNKNOWN)
    if isinstance(error, httpx.RemoteProtocolError):
        nothing = "without sending a response" in str(error)
        return Unfit("an empty answer" if nothing else "not an HTTP answer")
    return Unfit(f"cannot be asked: {type(error).__name__}", Health.UNKNOWN)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__


PROVIDES = {"health": HTTP}
