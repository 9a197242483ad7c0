"""A copy of the journal by HTTP: each record as one CloudEvent (CloudEvents 1.0, structured mode, JSON)."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from console.cluster.text import clean
from console.ports.plugins import Context
from console.ports.protocols import CopiedRecord, Forked, NotKept
from console.ports.secrets import Secret
from plugins.http import Unfit, transport_problem, trust

CONTENT_TYPE = "application/cloudevents+json"
CONFLICT = 409
"""What a receiver answers that holds another event under the same id."""
LOCAL = ("127.0.0.1", "::1", "localhost")


class Webhook:
    """Any receiver of CloudEvents; an event that comes twice has the same id."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """One `[[journal]]` table."""

        url: str
        token: Secret | None = None
        """Sent as `Authorization: Bearer`."""
        ca_file: str = ""
        """Empty: the authorities that this system trusts."""
        deadline_s: float = 4.0

        def __post_init__(self) -> None:
            """Raises ValueError for a URL that is none, or that would show the token to everybody on the way."""
            place = urlsplit(self.url)
            if place.scheme not in ("http", "https") or not place.hostname:
                raise ValueError("url: expected https://host/path")
            if place.username or place.password:
                raise ValueError('url: no user and password in it; give `token = { env = "…" }`')
            if self.token and place.scheme == "http" and place.hostname not in LOCAL:
                raise ValueError(f"url: a token goes by https only, not to http://{place.hostname}")

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._host = urlsplit(settings.url).hostname or ""
        token = {"Authorization": f"Bearer {settings.token.reveal()}"} if settings.token else {}
        self._client = httpx.AsyncClient(
            verify=trust(urlsplit(settings.url).scheme, settings.ca_file),
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # one total deadline instead
            headers={"Content-Type": CONTENT_TYPE, "User-Agent": "watchkeeper", **token},
        )

    async def keep(self, records: Sequence[CopiedRecord]) -> None:
        """One request a record, in their order. Raises NotKept or Forked."""
        for record in records:
            status = await self._post(event(record))
            if status == CONFLICT:
                raise Forked(f"{self._host} has another event {record.id}")
            if not 200 <= status < 300:
                raise NotKept(f"{self._host} answers HTTP {status}")

    async def close(self) -> None:
        """Let go of the client."""
        await self._client.aclose()

    async def _post(self, document: dict[str, Any]) -> int:
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                request = self._client.build_request("POST", self._settings.url, content=msgspec.json.encode(document))
                answer = await self._client.send(request, stream=True)  # its body is nothing to us
                await answer.aclose()
                return answer.status_code
        except TimeoutError:
            raise NotKept(f"{self._host}: no answer within {self._settings.deadline_s:g} s") from None
        except (httpx.HTTPError, OSError) as error:
            problem: Unfit = transport_problem(error, self._host)
            raise NotKept(f"{self._host}: {clean(str(problem))}") from None


def event(record: CopiedRecord) -> dict[str, Any]:
    """A record as a CloudEvent; `journalhash` and `journalprev` are extensions, by which the chain can be checked."""
    return {
        "specversion": "1.0",
        "id": record.id,
        "source": f"/watchkeeper/{record.cluster}",
        "type": f"watchkeeper.journal.{record.kind}",
        "time": record.at.isoformat(),
        **({"subject": record.target} if record.target else {}),
        "datacontenttype": "application/json",
        "journalseq": record.seq,
        "journalhash": record.hash,
        "journalprev": record.prev,
        "data": msgspec.Raw(record.body.encode()),
    }


PROVIDES = {"journal": Webhook}
