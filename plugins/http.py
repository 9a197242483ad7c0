"""A health check by HTTP status and text, and the bounded request that other checks by HTTP are made of."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Collection, Iterator
from typing import Literal

import httpx
import msgspec

from console.cluster.snapshot import Health
from console.cluster.views import HealthView
from console.ports.plugins import Context

BODY_LIMIT_BYTES = 64 * 1024
CONNECTIONS_LIMIT = 64
REASON_LIMIT = 200

for _name in ("httpx", "httpcore"):
    # They log every URL, and a URL may hold a token.
    logging.getLogger(_name).setLevel(logging.WARNING)


class Unfit(Exception):
    """The server did not show that it is well; the message says how."""

    def __init__(self, reason: str, health: Health = Health.DOWN, *, status: int | None = None) -> None:
        super().__init__(reason)
        self.health = health
        self.status = status


class Requests:
    """Bounded requests: nothing followed, nothing kept, an end to every size and every wait."""

    def __init__(self, scheme: str, ca_file: str, deadline_s: float) -> None:
        if deadline_s <= 0:
            raise ValueError("deadline_s must be more than 0")
        self._scheme = scheme
        self._ca_file = ca_file
        self._deadline_s = deadline_s
        self._client: httpx.AsyncClient | None = None

    def url(self, address: str, port: int | None, path: str) -> str:
        """Where a server's check is."""
        host = f"[{address}]" if ":" in address else address
        return f"{self._scheme}://{host}:{port or (443 if self._scheme == 'https' else 80)}{path}"

    async def body(
        self,
        request: httpx.Request,
        *,
        expect_status: Collection[int] = (200,),
        read: bool = True,
    ) -> tuple[httpx.Headers, bytes]:
        """Headers and raw body of an answer with an expected status. Raises Unfit."""
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._exchange(request, expect_status, read)
        except TimeoutError:
            raise Unfit(f"no answer within {self._deadline_s:g} s", Health.UNKNOWN) from None
        except (httpx.HTTPError, OSError) as error:
            raise _transport_problem(error, request.url.host) from None

    async def close(self) -> None:
        """Let go of the client."""
        if self._client:
            await self._client.aclose()
            self._client = None

    async def _exchange(
        self, request: httpx.Request, expect_status: Collection[int], read: bool
    ) -> tuple[httpx.Headers, bytes]:
        response = await self._connected().send(request, stream=True)
        try:
            if response.status_code not in expect_status:
                raise _unexpected(response)
            return response.headers, await _bounded(response) if read else b""
        finally:
            await response.aclose()

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                verify=self._trust(),
                follow_redirects=False,
                trust_env=False,
                timeout=None,  # one total deadline instead: httpx's own start anew with every byte
                # A fresh connection each time: what a kept one says when its server restarts looks like a failure.
                limits=httpx.Limits(max_connections=CONNECTIONS_LIMIT, max_keepalive_connections=0),
            )
        return self._client

    def _trust(self) -> ssl.SSLContext | bool:
        if self._scheme != "https":
            return False
        try:
            return ssl.create_default_context(cafile=self._ca_file or None)
        except OSError as error:
            raise Unfit(f"ca_file {self._ca_file} cannot be used: {error.strerror}", Health.UNKNOWN) from None


class HTTP:
    """Well is who answers with an expected status, and with a text where one is expected."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The `[health]` table."""

        port: int | None = None
        scheme: Literal["http", "https"] = "http"
        path: str = "/"
        expect_status: list[int] = msgspec.field(default_factory=lambda: [200])
        expect: str = ""
        """A text that the body must hold; empty: the body is not read."""
        ca_file: str = ""
        deadline_s: float = 2.0

        def __post_init__(self) -> None:
            """Raises ValueError for a path that is none."""
            check_path(self.path)

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._requests = Requests(settings.scheme, settings.ca_file, settings.deadline_s)

    async def look(self, server: str, address: str, port: int | None) -> HealthView:
        """One answer within the deadline."""
        began_s = time.monotonic()
        try:
            await self._ask(address, port or self._settings.port)
        except Unfit as problem:
            return unfit_view(server, problem)
        return HealthView(server=server, health=Health.UP, latency_ms=(time.monotonic() - began_s) * 1000)

    async def close(self) -> None:
        """Let go of connections."""
        await self._requests.close()

    async def _ask(self, address: str, port: int | None) -> None:
        wanted = self._settings.expect
        request = new_request("GET", self._requests.url(address, port, self._settings.path), accept="*/*")
        _, body = await self._requests.body(request, expect_status=self._settings.expect_status, read=bool(wanted))
        if wanted and wanted.encode() not in body:
            raise Unfit(f"'{wanted}' is not in its answer" if body else "an empty answer")


def check_path(path: str) -> None:
    """Raises ValueError for what is not the path of a URL."""
    if not path.startswith("/"):
        raise ValueError(f"path {path!r} must begin with '/'")


def new_request(method: str, url: str, *, accept: str, json: object = None) -> httpx.Request:
    """A request whose answer comes as it is. Raises Unfit for an address that no URL can hold."""
    headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "watchkeeper"}
    try:
        return httpx.Request(method, url, headers=headers, json=json)
    except (httpx.InvalidURL, ValueError):
        raise Unfit("its address makes no URL", Health.UNKNOWN) from None


def unfit_view(server: str, problem: Unfit, *, hide: Collection[str] = ()) -> HealthView:
    """The view of a problem, its words bounded, printable, and without a secret that was echoed."""
    reason = str(problem)
    for secret in hide:
        reason = reason.replace(secret, "***")
    words = "".join(letter if letter.isprintable() else " " for letter in reason)
    shortened = words if len(words) <= REASON_LIMIT else f"{words[:REASON_LIMIT]}…"
    return HealthView(server=server, health=problem.health, reason=shortened)


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            raise Unfit(f"more than {BODY_LIMIT_BYTES // 1024} KiB")
    return bytes(body)


def _unexpected(response: httpx.Response) -> Unfit:
    location = response.headers.get("location", "")
    if 300 <= response.status_code < 400 and location:
        # Without its query: that may repeat ours.
        return Unfit(f"a redirect to {location.partition('?')[0]}, not followed")
    return Unfit(f"HTTP {response.status_code}", status=response.status_code)


def _transport_problem(error: Exception, host: str) -> Unfit:
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
