"""A vendor's HTTP API in JSON: one request within one deadline, and its failures in the ports' own words."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from console.cluster.text import clean
from console.ports.protocols import Refused, Unclear
from plugins.http import transport_problem

BODY_LIMIT_BYTES = 4 * 1024 * 1024
LOCAL = ("127.0.0.1", "::1", "localhost")


class ApiProblem(Exception):
    """It answered otherwise than with success; the message says how."""

    def __init__(self, says: str, status: int = 0, document: Any = None) -> None:
        super().__init__(says)
        self.status = status
        """0: there was no answer."""
        self.document = document


class Api:
    """One server's API under one URL."""

    def __init__(
        self, url: str, *, deadline_s: float, ca_file: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Raises ValueError for a URL that is none, that holds a password, or that would send credentials in clear."""
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise ValueError(f"url {url!r}: expected https://host:port/path")
        if place.username or place.password:
            raise ValueError("url: no user and password in it; credentials have settings of their own")
        if headers and place.scheme == "http" and place.hostname not in LOCAL:
            raise ValueError(f"url: credentials go by https only, not to http://{place.hostname}")
        if deadline_s <= 0:
            raise ValueError("deadline_s must be more than 0")
        self.host = place.hostname
        self._url = url.rstrip("/")
        self._deadline_s = deadline_s
        self._client = httpx.AsyncClient(
            verify=_trust(ca_file) if place.scheme == "https" else False,
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # one total deadline instead
            headers={"Accept": "application/json", "User-Agent": "watchkeeper", **(headers or {})},
        )

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The document at a path. Raises ApiProblem."""
        try:
            return await self._send("GET", path, query, None, None)
        except TimeoutError:
            raise ApiProblem(f"no answer within {self._deadline_s:g} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise ApiProblem(clean(str(transport_problem(error, self.host)))) from None

    async def change(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Any:
        """What a change answers. Raises Refused when it was not taken, Unclear when its answer is lost."""
        try:
            return await self._send(method, path, query, json, form)
        except ApiProblem as problem:
            raise Refused(f"{self.host}: {problem}") from problem
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Refused(f"{self.host} cannot be told: {clean(str(transport_problem(error, self.host)))}") from None
        except (TimeoutError, httpx.HTTPError, OSError) as error:
            why = "no answer in time" if isinstance(error, TimeoutError) else str(transport_problem(error, self.host))
            raise Unclear(f"{method} {path} was sent to {self.host}: {clean(why)}") from None

    async def close(self) -> None:
        """Let go of the client."""
        await self._client.aclose()

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        json: Any,
        form: Mapping[str, str] | None,
    ) -> Any:
        async with asyncio.timeout(self._deadline_s):
            request = self._client.build_request(method, self._url + path, params=query, json=json, data=form)
            answer = await self._client.send(request, stream=True)
            try:
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > BODY_LIMIT_BYTES:
                        raise ApiProblem(f"more than {BODY_LIMIT_BYTES // 2**20} MiB", answer.status_code)
            finally:
                await answer.aclose()
        return _document(answer, bytes(body))


def part(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe="")


def _document(answer: httpx.Response, body: bytes) -> Any:
    try:
        document = msgspec.json.decode(body) if body.strip() else None
    except msgspec.DecodeError:
        document = body[:200].decode("utf-8", "replace")
    if answer.is_success:
        if isinstance(document, str) and body:
            raise ApiProblem(f"an answer that is no JSON: {clean(document, 60)!r}", answer.status_code)
        return document
    raise ApiProblem(_said(answer, document), answer.status_code, document)


def _said(answer: httpx.Response, document: Any) -> str:
    """The server's own words where it has some, in the forms that such APIs use."""
    words = ""
    if isinstance(document, dict):
        error = document.get("error", document)
        inner = error if isinstance(error, dict) else {}
        words = str(inner.get("text") or inner.get("message") or "")
        if errors := document.get("errors"):
            words = f"{words} {errors}".strip()
    return clean(f"HTTP {answer.status_code} {words or answer.reason_phrase}".strip(), 300)


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=Path(ca_file).expanduser() if ca_file else None)
    except OSError as error:
        raise ValueError(f"ca_file {ca_file} cannot be used: {error.strerror or error}") from None
