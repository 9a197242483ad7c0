"""Passwork's own health answer: its token, its states, plain or in base64."""

import base64
import json
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import quote

from console.cluster.sizing import GB, Need, Sizing, SizingRow
from console.cluster.snapshot import Health
from console.cluster.views import HealthView
from console.ports.plugins import Context
from console.ports.protocols import RawDocument
from console.ports.secrets import Secret
from plugins.http import Answer, Requests, Unfit, Where, raw_answer, unfit_view

JSON_TYPE = "application/json"
TOKEN_REFUSED = (401, 403)
DATABASE = "mongodb"
"""The state that tells of the database."""


def _need(cpus: int, least_gb: int, most_gb: int, disk_gb: int) -> Need:
    return Need(cpus=cpus, memory_bytes=least_gb * GB, memory_most_bytes=most_gb * GB, disk_bytes=disk_gb * GB)


SIZING = Sizing(
    source="passwork.pro/tech-guides/technical-requirements",
    rows=(
        SizingRow(users=50, app=_need(4, 4, 4, 100), member=_need(4, 2, 4, 100)),
        SizingRow(users=100, app=_need(8, 6, 6, 100), member=_need(4, 4, 4, 150)),
        SizingRow(users=500, app=_need(8, 12, 12, 100), member=_need(8, 8, 16, 200)),
        SizingRow(users=1000, app=_need(8, 16, 16, 100), member=_need(8, 16, 16, 200)),
        SizingRow(users=10000, app=_need(16, 32, 32, 100), member=_need(16, 16, 32, 200)),
    ),
)


class Passwork:
    """Well is who says that every state is ok, and lists no error."""

    class Settings(Where, kw_only=True, forbid_unknown_fields=True):
        """The `[health]` table."""

        token: Secret
        """HEALTH_CHECK_TOKEN of the servers' config.env."""
        path: str = "/api/v1/app/health-check"
        method: Literal["POST", "GET"] = "POST"
        """GET puts the token into the access logs of the servers."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._lines = context.lines
        self._requests = Requests(settings)

    async def look(self, server: str, address: str, port: int | None) -> HealthView:
        """One answer within the deadline."""
        began_s, said = time.monotonic(), None
        try:
            answer = await self._answer(address, port)
            said = database(answer)
            judge(answer)
        except Unfit as problem:
            token = self._settings.token.reveal()
            view = unfit_view(server, problem, hide=(token, quote(token, safe="")))
            return replace(view, database=said)
        latency_ms = (time.monotonic() - began_s) * 1000
        return HealthView(server=server, health=Health.UP, latency_ms=latency_ms, database=said)

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """Its answer as it is, without the token where it is echoed."""
        token = self._settings.token.reveal()
        request = f"{self._settings.method} {self._settings.path}"
        return (await raw_answer(self._lines, node, request, self._answer, (token, quote(token, safe=""))),)

    async def close(self) -> None:
        """Let go of connections."""
        await self._requests.close()

    def sizing(self) -> Sizing:
        """The vendor's table."""
        return SIZING

    async def _answer(self, address: str, port: int | None) -> Answer:
        token = self._settings.token.reveal()
        carried: dict[str, Any] = {"query": f"token={quote(token, safe='')}"}
        if self._settings.method == "POST":
            carried = {"json": {"token": token}}
        return await self._requests.answer(self._settings.method, address, port, accept=JSON_TYPE, **carried)


def judge(answer: Answer) -> None:
    """Raises Unfit unless the answer says that all is well."""
    if answer.status in TOKEN_REFUSED:
        raise Unfit(f"the token was refused (HTTP {answer.status})", Health.UNKNOWN)
    if answer.status != 200:
        said = [answer.unexpected()]
        with suppress(Unfit):  # what fails may stand in it all the same
            said += failing(answer)
        raise Unfit("; ".join(said))
    if said := failing(answer):
        raise Unfit("; ".join(said))


def database(answer: Answer) -> Health | None:
    """Its state of the database; None where the answer has none."""
    try:
        states = _said(answer)["states"]
    except Unfit:
        return None
    return None if DATABASE not in states else Health.UP if states[DATABASE] == "ok" else Health.DOWN


def failing(answer: Answer) -> list[str]:
    """Every state that is not ok, and every error. Raises Unfit for what is no health answer."""
    said = _said(answer)
    found = [f"{name}: {_words(state)}" for name, state in said["states"].items() if state != "ok"]
    if errors := said.get("errors"):
        found += [f"error: {_words(error)}" for error in (errors if isinstance(errors, list) else [errors])]
    return found


def _said(answer: Answer) -> dict[str, Any]:
    """A health answer with its states. Raises Unfit for what is none."""
    body = answer.body()
    if not body.strip():
        raise Unfit("an empty answer")
    if "html" in answer.headers.get("content-type", "").lower() or body.lstrip().startswith(b"<"):
        raise Unfit("an HTML page instead of JSON")
    said = _decoded(body)
    if isinstance(said, dict) and said.get("format") == "base64":
        said = _decoded(_from_base64(said.get("content")))
    if not isinstance(said, dict) or not isinstance(states := said.get("states"), dict) or not states:
        raise Unfit("JSON without states")
    return said


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise Unfit("not JSON") from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of two states of one name, either could be the right one."""
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _from_base64(content: object) -> bytes:
    try:
        return base64.b64decode(content if isinstance(content, str) else "?", validate=True)
    except ValueError:
        raise Unfit("its content is not base64") from None


def _words(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else "not ok"


PROVIDES = {"health": Passwork}
