"""Passwork's own health answer: its token, its states, plain or in base64."""

import base64
import time
from typing import Literal
from urllib.parse import quote

import httpx
import msgspec

from console.cluster.snapshot import Health
from console.cluster.views import HealthView
from console.ports.plugins import Context
from console.ports.secrets import Secret
from plugins.http import Requests, Unfit, check_path, new_request, unfit_view

JSON_TYPE = "application/json"
TOKEN_REFUSED = (401, 403)


class Passwork:
    """Well is who says that every state is ok, and lists no error."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The `[health]` table."""

        token: Secret
        """HEALTH_CHECK_TOKEN of the servers' config.env."""
        port: int | None = None
        scheme: Literal["http", "https"] = "http"
        path: str = "/api/v1/app/health-check"
        method: Literal["POST", "GET"] = "POST"
        """GET puts the token into the access logs of the servers."""
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
        token = self._settings.token.reveal()
        began_s = time.monotonic()
        try:
            headers, body = await self._requests.body(self._request(address, port, token))
            judge(body, headers.get("content-type", ""))
        except Unfit as problem:
            if problem.status in TOKEN_REFUSED:
                problem = Unfit(f"the token was refused (HTTP {problem.status})", Health.UNKNOWN)
            return unfit_view(server, problem, hide=(token, quote(token, safe="")))
        return HealthView(server=server, health=Health.UP, latency_ms=(time.monotonic() - began_s) * 1000)

    async def close(self) -> None:
        """Let go of connections."""
        await self._requests.close()

    def _request(self, address: str, port: int | None, token: str) -> httpx.Request:
        url = self._requests.url(address, port or self._settings.port, self._settings.path)
        if self._settings.method == "POST":
            return new_request("POST", url, accept=JSON_TYPE, json={"token": token})
        return new_request("GET", f"{url}{'&' if '?' in url else '?'}token={quote(token, safe='')}", accept=JSON_TYPE)


def judge(body: bytes, content_type: str = "") -> None:
    """Raises Unfit unless the body says that all is well."""
    if not body.strip():
        raise Unfit("an empty answer")
    if "html" in content_type.lower() or body.lstrip().startswith(b"<"):
        raise Unfit("an HTML page instead of JSON")
    answer = _decoded(body)
    if isinstance(answer, dict) and answer.get("format") == "base64":
        answer = _decoded(_from_base64(answer.get("content")))
    if not isinstance(answer, dict) or not isinstance(states := answer.get("states"), dict) or not states:
        raise Unfit("JSON without states")
    failing = [f"{name}: {_words(state)}" for name, state in states.items() if state != "ok"]
    if errors := answer.get("errors"):
        failing += [f"error: {_words(error)}" for error in (errors if isinstance(errors, list) else [errors])]
    if failing:
        raise Unfit("; ".join(failing))


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unfit("not JSON") from None


def _from_base64(content: object) -> bytes:
    try:
        return base64.b64decode(content if isinstance(content, str) else "?", validate=True)
    except ValueError:
        raise Unfit("its content is not base64") from None


def _words(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else "not ok"


PROVIDES = {"health": Passwork}
