"""A vendor's JSON API over HTTP: bounded, nothing followed, and what was sent told from what was not."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from console.cluster.snapshot import Health
from console.cluster.text import clean
from console.ports.protocols import Refused, Unclear
from console.ports.secrets import Secret
from plugins.http import transport_problem, trust

ANSWER_LIMIT_BYTES = 8 * 1024 * 1024
LOCAL = ("127.0.0.1", "::1", "localhost")


class NotSeen(Exception):
    """The API could not be asked, or did not answer as documented; the message says why."""

    def __init__(self, reason: str, health: Health = Health.UNKNOWN) -> None:
        super().__init__(reason)
        self.health = health


class Place(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every plugin with an API is told in its table."""

    url: str
    """Of the API itself, version included."""
    ca_file: str = ""
    """Empty: the authorities that this system trusts."""
    deadline_s: float = 5.0

    def __post_init__(self) -> None:
        """Raises ValueError for a URL that is none, or that holds a password."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url: expected http:// or https:// and a host")
        if parts.password or parts.query:
            raise ValueError("url: a secret does not stand in the file: credentials have settings of their own")
        if self.deadline_s <= 0:
            raise ValueError("deadline_s must be more than 0")


class Where(Place, kw_only=True, forbid_unknown_fields=True):
    """The same with a user's name and password."""

    username: str = ""
    password: Secret | None = None

    @property
    def login(self) -> tuple[str, str] | None:
        """Name and password, where both are given."""
        return (self.username, self.password.reveal()) if self.username and self.password else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered."""

    status: int
    body: Any
    """As decoded; None for an empty one."""
    phrase: str = ""
    """Beside the status, where some vendors say what is wrong."""

    @property
    def ok(self) -> bool:
        """It did as it was told."""
        return 200 <= self.status < 300


class Api:
    """One vendor's API."""

    def __init__(
        self, place: Place, *, login: tuple[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Raises ValueError for a ca_file that cannot be used, and for credentials that would go in clear."""
        self._base = place.url.rstrip("/")
        self._host = urlsplit(place.url).hostname or ""
        self._deadline_s = place.deadline_s
        if (login or headers) and place.url.startswith("http:") and self._host not in LOCAL:
            raise ValueError(f"url: credentials go by https only, not to http://{self._host}")
        self._client = httpx.AsyncClient(
            auth=login,
            verify=trust(urlsplit(place.url).scheme, place.ca_file),
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # one total deadline instead: httpx's own start anew with every byte
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "watchkeeper",
                **(headers or {}),
            },
        )

    async def get(self, *path: str, **query: str) -> Any:
        """What it tells. Raises NotSeen."""
        try:
            answer = await self._ask("GET", path, query, None)
        except TimeoutError:
            raise NotSeen(f"no answer within {self._deadline_s:g} s") from None
        except (httpx.HTTPError, OSError) as error:
            problem = transport_problem(error, self._host)
            raise NotSeen(str(problem), problem.health) from None
        if answer.status in (401, 403):
            raise NotSeen(f"{said(answer)}: compare the credentials in the cluster file with those of its API")
        if not answer.ok:
            raise NotSeen(f"{'/'.join(path)}: {said(answer)}")
        return answer.body

    async def ask(
        self, method: str, *path: str, body: object = None, form: Mapping[str, str] | None = None, **query: str
    ) -> Answer:
        """Its answer to a change, whatever that is. Raises Refused when nothing was sent, Unclear when it was."""
        try:
            return await self._ask(method, path, query, body, form)
        except httpx.ConnectError as error:
            raise Refused(f"cannot be told: {transport_problem(error, self._host)}") from None
        except TimeoutError:
            raise Unclear(f"{method} {'/'.join(path)}: no answer within {self._deadline_s:g} s") from None
        except (httpx.HTTPError, OSError, NotSeen) as error:
            raise Unclear(f"{method} {'/'.join(path)} was sent: {clean(str(error))}") from None

    def command(self, method: str, *path: str, body: object = None) -> str:
        """As it goes out, for the plan and the journal."""
        text = "" if body is None else f" {json.dumps(body)}"
        return f"{method} {self._base}/{_joined(path)}{text}"

    async def close(self) -> None:
        """Let go of the client."""
        await self._client.aclose()

    async def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        query: dict[str, str],
        body: object,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        async with asyncio.timeout(self._deadline_s):
            url = f"{self._base}/{_joined(path)}"
            async with self._client.stream(method, url, params=query or None, json=body, data=form) as response:
                raw = bytearray()
                async for chunk in response.aiter_raw():
                    raw += chunk
                    if len(raw) > ANSWER_LIMIT_BYTES:
                        raise NotSeen(f"its answer is larger than {ANSWER_LIMIT_BYTES // 1024**2} MiB")
                return Answer(response.status_code, _decoded(bytes(raw)), response.reason_phrase)


def said(answer: Answer) -> str:
    """What an answer that is no success says, in the words of either vendor."""
    body = answer.body if isinstance(answer.body, dict) else {}
    error = body.get("error")
    words = error.get("text") if isinstance(error, dict) else body.get("message")
    code = f" ({error['code']})" if isinstance(error, dict) and error.get("code") else ""
    return clean(f"{words}{code}" if words else f"HTTP {answer.status} {answer.phrase}".strip())


def _decoded(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise NotSeen("its answer is not JSON") from None


def _joined(path: tuple[str, ...]) -> str:
    return "/".join(quote(part, safe="") for part in path)
