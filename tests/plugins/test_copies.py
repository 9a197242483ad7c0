"""Copies of the journal: what they refuse to be told, and what they say when they cannot keep a record."""

import json
from typing import Any

import pytest

from console.contract.journal import example
from console.ports.plugins import Context
from console.ports.protocols import NotKept
from console.ports.secrets import Secret
from plugins.mongodb.copy import MongoCopy
from plugins.syslog import Syslog
from plugins.webhook import Webhook, event
from tests.plugins.http_server import answer, serving

CONTEXT = Context(name="copy")
RECORD = example("j1", 7)


def webhook(**settings: Any) -> Webhook:
    return Webhook(Webhook.Settings(**settings), CONTEXT)


def test_an_event_has_what_cloudevents_asks_for_and_the_chain_as_extensions() -> None:
    said = event(RECORD)
    assert {name: said[name] for name in ("specversion", "id", "source", "type", "datacontenttype")} == {
        "specversion": "1.0",
        "id": "j1:7",
        "source": "/watchkeeper/trial",
        "type": "watchkeeper.journal.journal.tried",
        "datacontenttype": "application/json",
    }
    assert (said["journalseq"], said["journalhash"]) == (7, RECORD.hash)
    assert all(name.islower() and name.isalnum() for name in said), "as the attributes of an event must be"


async def test_a_receiver_that_refuses_is_told_with_its_status() -> None:
    async with serving(answer(b"", "503 Service Unavailable")) as port:
        copy = webhook(url=f"http://127.0.0.1:{port}/")
        with pytest.raises(NotKept, match=r"127\.0\.0\.1 answers HTTP 503"):
            await copy.keep([RECORD])
        await copy.close()


async def test_a_redirect_is_not_followed_and_the_token_goes_to_nobody_else() -> None:
    async with serving(answer(b"", "307 Temporary Redirect", "Location: http://127.0.0.1:1/")) as port:
        copy = webhook(url=f"http://127.0.0.1:{port}/", token=Secret("t0ken"))
        with pytest.raises(NotKept, match="answers HTTP 307"):
            await copy.keep([RECORD])
        await copy.close()


async def test_the_body_arrives_as_it_is_chained_and_the_token_in_its_header() -> None:
    seen: list[bytes] = []
    async with serving(answer(b"", "202 Accepted", seen=seen)) as port:
        copy = webhook(url=f"http://127.0.0.1:{port}/", token=Secret("t0ken"))
        await copy.keep([RECORD])
        await copy.close()
    head, body = seen
    assert b"authorization: bearer t0ken" in head.lower()
    assert RECORD.body.encode() in body
    assert json.loads(body)["data"]["seq"] == 7


async def test_nobody_there_is_a_sentence() -> None:
    copy = webhook(url="http://127.0.0.1:1/")
    with pytest.raises(NotKept, match=r"127\.0\.0\.1: connection refused"):
        await copy.keep([RECORD])
    await copy.close()


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"url": "ftp://a/"}, "expected https://host/path"),
        ({"url": "https://ann:pw@a/"}, "no user and password in it"),
        ({"url": "http://a/", "token": Secret("t")}, "a token goes by https only"),
    ],
)
def test_a_url_that_shows_a_secret_is_a_mistake(settings: dict[str, Any], mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        webhook(**settings)


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"address": "/dev/log"}, "expected unix:///path"),
        ({"address": "udp://"}, "expected unix:///path"),
        ({"facility": "authx"}, "expected one of"),
    ],
)
def test_a_log_that_is_none_is_a_mistake(settings: dict[str, Any], mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        Syslog(Syslog.Settings(**settings), CONTEXT)


@pytest.mark.parametrize("address", ["unix:///no/such/log", "tcp://127.0.0.1:1"])
async def test_a_log_that_is_not_there_is_a_sentence(address: str) -> None:
    with pytest.raises(NotKept, match=f"{address} does not take it: "):
        await Syslog(Syslog.Settings(address=address), CONTEXT).keep([RECORD])


@pytest.mark.parametrize("uri", ["http://a", "mongodb://ann:pw@a"])
def test_a_uri_that_shows_a_secret_is_a_mistake(uri: str) -> None:
    with pytest.raises(ValueError, match="uri: "):
        MongoCopy(MongoCopy.Settings(uri=uri), CONTEXT)


async def test_a_set_that_is_not_there_is_a_sentence() -> None:
    copy = MongoCopy(MongoCopy.Settings(uri="mongodb://127.0.0.1:1", deadline_s=0.3), CONTEXT)
    with pytest.raises(NotKept, match="connection refused"):
        await copy.keep([RECORD])
    await copy.close()
